/** Most deployment operations exist twice: by the deployment's name and by its slot. */
import type { ClassicOperation } from '../call.js';

const byName = 'services/hostedservices/{service}/deployments/{deployment}';
const bySlot = 'services/hostedservices/{service}/deploymentslots/{slot}';

/** `operation` under both paths; its own path is what comes after the deployment. */
export const byNameAndSlot = (operation: ClassicOperation): ClassicOperation[] =>
  [byName, bySlot].map((prefix) => ({ ...operation, path: `${prefix}${operation.path}` }));
