/** Plans deployments whose templates may lie elsewhere: what a plan turns out to need is downloaded, and planned again. */
import { ContentNeeded } from './content-link.js';
import type { Surroundings } from './expressions/context.js';
import { type DeploymentPlan, planDeployment } from './plan.js';
import type { DeploymentRequest } from './request.js';

/** Plans `request` as `planDeployment` does. Throws InvalidTemplate and its kin, InvalidContentLink among them. */
export async function planLinked(
  request: DeploymentRequest,
  surroundings: Surroundings,
  depth = 0,
): Promise<DeploymentPlan> {
  for (;;) {
    try {
      return planDeployment(request, surroundings, depth);
    } catch (error) {
      if (!(error instanceof ContentNeeded)) throw error;
      await surroundings.contents.download(error.link);
    }
  }
}
