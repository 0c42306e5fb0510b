/** Template deployments (`Microsoft.Resources/deployments`) of resource groups and everything above them. */

import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { requestBaseUrl } from '../../../http/server.js';
import type { StoredDeployment } from '../../../store/deployment-store.js';
import type { ArmContext } from '../resources/arm-context.js';
import { deploymentDeletionJob } from '../resources/operations.js';
import { apiVersionOf, parametersOf, queryOf } from '../resources/request.js';
import { hiddenOperation, operation } from '../resources/route-schemas.js';
import { templateHash } from '../template/hashes.js';
import { inTurns } from '../template/json-reader.js';
import { scopeId } from '../template/resource-ids.js';
import { validationDocument } from './document.js';
import { deploymentEnvironment } from './environment.js';
import { addDeploymentExportRoutes } from './export.js';
import type { DeploymentHost } from './host.js';
import { type DeploymentPlan, planLinked } from './plan.js';
import { type DeploymentRequest, readDeploymentRequest, readRequestBody } from './request.js';
import type { DeploymentRuns } from './runs.js';
import {
  checkDeploymentLocation,
  deploymentId,
  deploymentScopes,
  existingDeployment,
  jobScope,
  keptUnder,
  scopeOf,
  targetOf,
} from './scopes.js';
import { withoutSecureValues } from './secrets.js';
import { whatIf } from './what-if.js';

/** Azure's engine at the time of the newest recordings. */
const engineVersion = '1.158.0';
/** How long a PUT waits for its deployment, so that the first poll finds it done: Azure milliseconds. */
const patienceMs = 5000;

/** The request that asks for a deployment. */
export interface DeploymentCaller {
  /** Where the client reached us: `https://localhost:4567`. */
  readonly baseUrl: string;
  readonly correlationId: string;
  /** The `Authorization` header, for what templates ask about who deploys. */
  readonly authorization?: string | undefined;
}

export interface DeploymentParts {
  readonly context: ArmContext;
  readonly runs: DeploymentRuns;
  /** What carries the deployment of a caller out. */
  readonly hostFor: (caller: DeploymentCaller) => DeploymentHost;
}

const bodyText = (request: FastifyRequest): string => (typeof request.body === 'string' ? request.body : '');

interface Planned {
  readonly plan: DeploymentPlan;
  readonly environment: ReturnType<typeof deploymentEnvironment>;
  readonly correlationId: string;
  readonly host: DeploymentHost;
}

/** Plans what `caller` wants deployed; everything that can be refused beforehand is refused here. */
async function planFor(
  wanted: DeploymentRequest,
  caller: DeploymentCaller,
  { context, hostFor }: DeploymentParts,
): Promise<Planned> {
  const { scope, name } = wanted;
  const stored = context.store.deployments.deployment(deploymentId(scope, name).toLowerCase());
  checkDeploymentLocation(wanted, { scope, existing: stored?.location });
  const { baseUrl: origin, correlationId, authorization } = caller;
  const environment = deploymentEnvironment(context, { origin, trackingId: correlationId, authorization });
  const plan = await planLinked(wanted, environment);
  const host = hostFor(caller);
  await host.preflight?.(plan);
  return { plan, environment, correlationId, host };
}

/** Reads and plans what a request wants deployed. Throws as `planFor` does, and what is wrong with path and body. */
async function planned(request: FastifyRequest, reply: FastifyReply, parts: DeploymentParts): Promise<Planned> {
  const { scope, name } = targetOf(request, parts.context);
  const caller = {
    baseUrl: requestBaseUrl(request),
    correlationId: String(reply.getHeader('x-ms-correlation-request-id')),
    authorization: request.headers.authorization,
  };
  return planFor(await readDeploymentRequest(bodyText(request), { name, scope }), caller, parts);
}

/** Deploys in process; resolves with the deployment as it stands at its end. Throws what is refused beforehand. */
export async function deploy(
  wanted: DeploymentRequest,
  caller: DeploymentCaller,
  parts: DeploymentParts,
): Promise<Record<string, unknown>> {
  const { plan, ...options } = await planFor(wanted, caller, parts);
  await (await parts.runs.start(plan, options)).ended;
  return parts.context.store.deployments.deployment(plan.id.toLowerCase())?.document ?? {};
}

const wholeSince = '2019-08-01';

/** A deployment as it looks at an api-version: early ones had no type, and the earliest named resources by type and name. */
function shown(document: Record<string, unknown>, request: FastifyRequest): Record<string, unknown> {
  const apiVersion = apiVersionOf(request);
  if (apiVersion >= wholeSince) return document;
  const { type: _type, properties, ...early } = document as { type: string; properties: Record<string, unknown> };
  const { outputResources } = properties as { outputResources?: { id: string }[] };
  if (apiVersion >= '2017-05-10' || !outputResources) return { ...early, properties };
  const named = outputResources.map(({ id }) => ({ id: id.replace(/^.*?\/providers\//i, '') }));
  return { ...early, properties: { ...properties, outputResources: named } };
}

/** What `shown` shows of a stored deployment, as text: as it is stored, where possible. */
const shownText = (stored: StoredDeployment, request: FastifyRequest): string =>
  apiVersionOf(request) >= wholeSince ? stored.documentText : JSON.stringify(shown(stored.document, request));

const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(text);

async function create(request: FastifyRequest, reply: FastifyReply, parts: DeploymentParts) {
  const { context, runs } = parts;
  const { plan, ...options } = await planned(request, reply, parts);
  const { operationId, document, created, ended } = await runs.start(plan, options);
  if (context.operationDelayMs === 0) await firstOf(ended, context);
  const url = `${requestBaseUrl(request)}${plan.id}/operationStatuses/${operationId}?api-version=${apiVersionOf(request)}`;
  reply.headers({
    'azure-asyncoperation': url,
    'x-ms-deployment-engine-version': engineVersion,
    'retry-after': '0',
  });
  return reply.code(created ? 201 : 200).send(shown(document, request));
}

/** Waits for a deployment, but not for ever: a client may poll. */
async function firstOf(ended: Promise<void>, { clock }: ArmContext): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.setTimeout(resolve, patienceMs);
    void ended.then(() => {
      timer.cancel();
      resolve();
    });
  });
}

async function answerWhatIf(request: FastifyRequest, reply: FastifyReply, parts: DeploymentParts) {
  const { plan, host, correlationId } = await planned(request, reply, parts);
  const found = await whatIf(plan, host, correlationId);
  // The answer may be twice as long as all resources are: its secrets and its text get a turn of the event loop each.
  await setImmediate();
  const answer = withoutSecureValues(found, plan);
  await setImmediate();
  return reply.send(answer);
}

async function validate(request: FastifyRequest, reply: FastifyReply, parts: DeploymentParts) {
  const { plan, correlationId } = await planned(request, reply, parts);
  const at = parts.context.clock.timestamp();
  return reply.send(validationDocument(plan, { at, correlationId, apiVersion: apiVersionOf(request) }));
}

async function remove(request: FastifyRequest, reply: FastifyReply, { context, runs }: DeploymentParts) {
  const { scope, name, key } = targetOf(request, context);
  const wasThere = await context.store.write(() => {
    const stored = context.store.deployments.deployment(key);
    runs.checkNotActive(stored);
    context.store.deployments.remove(key);
    return stored !== undefined;
  });
  if (!wasThere) return reply.code(204).send();
  const url = `${requestBaseUrl(request)}${jobScope(scope)}/operationresults/${deploymentDeletionJob(name)}`;
  reply.headers({ location: `${url}?api-version=${apiVersionOf(request)}`, 'retry-after': '0' });
  return reply.code(202).send();
}

/** Answers a poll: the state, and why a failed run failed. */
function pollStatus(request: FastifyRequest, reply: FastifyReply, { context }: DeploymentParts) {
  const stored = existingDeployment(request, context);
  const operationId = parametersOf(request).operationId as string;
  const run = context.store.deployments.run(operationId, stored.key);
  if (!run) throw azureError('OperationIdNotFound', { values: { operationId } });
  const { status, error } = run;
  if (status === 'Accepted' || status === 'Running') reply.header('retry-after', '1');
  return reply.send(error === undefined ? { status } : { status, error });
}

/** `$filter=provisioningState eq 'Succeeded'` and `$top`. */
function list(request: FastifyRequest, reply: FastifyReply, { context }: DeploymentParts) {
  const scope = scopeOf(request, context);
  const { $filter: filter = '', $top: top } = queryOf(request);
  const wanted = /^\s*provisioningState\s+eq\s+'(\w+)'\s*$/i.exec(filter)?.[1]?.toLowerCase();
  if (filter.trim() !== '' && wanted === undefined) throw azureError('UnsupportedFilter', { values: { filter } });
  const { subscriptionId, resourceGroup } = keptUnder(scopeId(scope));
  const found = context.store.deployments
    .list(subscriptionId, resourceGroup)
    .filter(({ state }) => wanted === undefined || state.toLowerCase() === wanted);
  const texts = found.slice(0, Number(top) || found.length).map((stored) => shownText(stored, request));
  return sendJson(reply, `{"value":[${texts.join(',')}]}`);
}

function operations(request: FastifyRequest, { context }: DeploymentParts) {
  const { operations: all } = existingDeployment(request, context);
  return { value: all.slice(0, Number(queryOf(request).$top) || all.length) };
}

function oneOperation(request: FastifyRequest, { context }: DeploymentParts) {
  const { operations: all, name } = existingDeployment(request, context);
  const operationId = parametersOf(request).operationId as string;
  const found = all.find((one) => String(one.operationId).toLowerCase() === operationId.toLowerCase());
  if (!found) throw azureError('DeploymentOperationNotFound', { values: { name, operationId } });
  return found;
}

/** Registers the routes of deployments; the operations of resource groups and subscriptions have two paths. */
export function addDeploymentRoutes(app: FastifyInstance, parts: DeploymentParts): void {
  const { context, runs } = parts;
  for (const { path: scope, suffix } of deploymentScopes) {
    const schema = (action: string) => operation('Microsoft.Resources', `Deployments_${action}${suffix}`);
    const all = `${scope}/providers/Microsoft.Resources/deployments`;
    const one = `${all}/:deploymentName`;
    app.get(all, schema('list'), (request, reply) => list(request, reply, parts));
    app.get(one, schema('get'), (request, reply) =>
      sendJson(reply, shownText(existingDeployment(request, context), request)),
    );
    app.head(one, schema('checkExistence'), (request, reply) => {
      const stored = context.store.deployments.deployment(targetOf(request, context).key);
      return reply.code(stored ? 204 : 404).send();
    });
    app.put(one, schema('createOrUpdate'), (request, reply) => create(request, reply, parts));
    app.delete(one, schema('delete'), (request, reply) => remove(request, reply, parts));
    app.post(`${one}/validate`, schema('validate'), (request, reply) => validate(request, reply, parts));
    app.post(`${one}/whatIf`, schema('whatIf'), (request, reply) => answerWhatIf(request, reply, parts));
    app.post(`${one}/cancel`, schema('cancel'), async (request, reply) => {
      await runs.cancel(existingDeployment(request, context));
      return reply.code(204).send();
    });
    app.post(`${one}/exportTemplate`, schema('exportTemplate'), (request) => ({
      template: existingDeployment(request, context).template,
    }));
    app.get(`${one}/operationStatuses/:operationId`, hiddenOperation, (request, reply) =>
      pollStatus(request, reply, parts),
    );
    const ofDeployments = (action: string) =>
      operation('Microsoft.Resources', `DeploymentOperations_${action}${suffix}`);
    app.get(`${one}/operations`, ofDeployments('list'), (request) => operations(request, parts));
    app.get(`${one}/operations/:operationId`, ofDeployments('get'), (request) => oneOperation(request, parts));
    if (!scope.startsWith('/subscriptions/')) {
      // Nothing else is polled above subscriptions, and what is deleted there is deleted at once.
      app.get(`${scope}/operationresults/:job`, hiddenOperation, (_request, reply) => reply.code(204).send());
      continue;
    }
    const short = `${scope}/deployments/:deploymentName/operations`;
    app.get(short, hiddenOperation, (request) => operations(request, parts));
    app.get(`${short}/:operationId`, hiddenOperation, (request) => oneOperation(request, parts));
  }
  const hash = operation('Microsoft.Resources', 'Deployments_calculateTemplateHash');
  app.post('/providers/Microsoft.Resources/calculateTemplateHash', hash, async (request) => {
    apiVersionOf(request);
    const template = await readRequestBody(bodyText(request));
    const hash = await inTurns(templateHash(template));
    return { minifiedTemplate: JSON.stringify(template), templateHash: hash };
  });
  addDeploymentExportRoutes(app, context);
}
