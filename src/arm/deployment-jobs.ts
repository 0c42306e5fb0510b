/** The jobs that Azure names in the Location of a deployment's deletion. */

const prefix = 'DEPLOYMENTDELETIONJOB-';

/** The job that deletes the deployment `name`, as it stands at the end of `…/operationresults/{job}`. */
export const deploymentDeletionJob = (name: string): string =>
  Buffer.from(JSON.stringify({ jobId: `${prefix}${name.toUpperCase()}` })).toString('base64url');

/** Whether `job` deletes a deployment; such a job is done as soon as it is accepted. */
export const isDeploymentDeletionJob = (job: string): boolean =>
  Buffer.from(job, 'base64url').toString().startsWith(`{"jobId":"${prefix}`);
