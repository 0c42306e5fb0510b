/** `If-Match` and `If-None-Match`: a client writes only over what it has seen. */
import { type AzureError, azureError } from '../errors.js';
import type { Resource } from '../resources/resource-type.js';

/** Conditions that a client puts on a write. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

const weakEtag = (given: string): string => (given.startsWith('W/') ? given : `W/"${given.replaceAll('"', '')}"`);

/** Throws `PreconditionFailed` when `existing`, which is or would be `id`, is not what the client expects. */
export function checkPreconditions(
  id: string,
  existing: Resource | undefined,
  { ifMatch, ifNoneMatch }: Preconditions,
): void {
  const mismatch = (given: string, etag: string): AzureError =>
    azureError('PreconditionFailed', {
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header ${given} does not match etag ${etag} of resource ${id} in NRP data store.`,
        },
      ],
    });
  if (ifMatch !== undefined && ifMatch !== '*' && weakEtag(ifMatch) !== existing?.etag) {
    throw mismatch(weakEtag(ifMatch), existing?.etag ?? 'null');
  }
  if (ifMatch === '*' && !existing) throw mismatch('*', 'null');
  if (ifNoneMatch === '*' && existing) throw mismatch('*', existing.etag);
}
