/** Carries a plan out: what does not depend on each other at the same time, what depends on a failure not at all. */
import { azureError } from '../../../errors/index.js';
import { lastSegment } from '../../../resources/resource-id.js';
import { DeferredValue, type DeploymentEnvironment } from '../template/context.js';
import { type JsonObject, objectMember, setMember } from '../template/json.js';
import { ExpressionError } from '../template/parser.js';
import { DeploymentOperations, type DeploymentState, deploymentDocument, planScopeId } from './document.js';
import { evaluateBody, type PlannedResource } from './expand.js';
import { type DeploymentFailure, expressionFailure, failureFrom, failureOf } from './failures.js';
import type { DeploymentHost, HostAnswer } from './host.js';
import { type DeploymentPlan, partOf, planLinked } from './plan.js';
import { nestedRequest } from './request.js';
import { ReferenceReader } from './resource-reader.js';
import { secretsIn, withoutSecrets, withoutSecureDefaults } from './secrets.js';
import { outputShown, outputValue } from './types.js';

export interface RunOptions {
  readonly host: DeploymentHost;
  readonly environment: DeploymentEnvironment;
  readonly correlationId: string;
  /** Called whenever the state changed, and of operations at the latest when a twentieth of them ended. */
  readonly onChange?: (run: DeploymentRun) => void;
  /** Within each write: throws when the deployment goes on no more. */
  readonly check?: () => void;
}

type Outcome = 'done' | 'failed' | 'notStarted';

export class DeploymentRun {
  readonly plan: DeploymentPlan;
  readonly #options: RunOptions;
  readonly #operations: DeploymentOperations;
  readonly #reader: ReferenceReader;
  readonly #resources: ReadonlyMap<string, PlannedResource>;
  readonly #outcomes = new Map<string, Promise<Outcome>>();
  readonly #children = new Set<DeploymentRun>();
  readonly #deployed: string[] = [];
  readonly #failures: DeploymentFailure[] = [];
  readonly #started: string;
  #changed: string;
  #state: DeploymentState = 'Accepted';
  #failure: DeploymentFailure | undefined;
  #outputs: JsonObject | undefined;
  /** Those of secure outputs too: for the deployment around this one, never for anybody else. */
  readonly #outputValues: JsonObject = {};
  #cancelled = false;
  /** Operations that ended since the last `onChange`. */
  #untold = 0;
  #ended: Promise<JsonObject> | undefined;

  constructor(plan: DeploymentPlan, options: RunOptions) {
    this.plan = plan;
    this.#resources = new Map(plan.resources.map((resource) => [resource.key, resource]));
    this.#options = options;
    this.#operations = new DeploymentOperations(plan.id, options.correlationId);
    this.#reader = new ReferenceReader(plan, options.host);
    this.#started = this.#changed = options.environment.now();
  }

  get state(): DeploymentState {
    return this.#state;
  }

  /** Ids of what this run and the runs inside it have deployed. */
  get deployedIds(): readonly string[] {
    return [...this.#deployed, ...[...this.#children].flatMap((child) => child.deployedIds)];
  }

  /** The deployment as it stands. */
  document(): JsonObject {
    const ended = this.#state !== 'Accepted' && this.#state !== 'Running';
    return deploymentDocument(this.plan, {
      state: this.#state,
      started: this.#started,
      changed: this.#changed,
      correlationId: this.#options.correlationId,
      ...(this.#outputs ? { outputs: this.#outputs } : {}),
      ...(ended ? { outputResources: this.deployedIds } : {}),
      failure: this.#failure,
    });
  }

  /** The operations so far. */
  operations(): JsonObject[] {
    return this.#operations.list();
  }

  /** Starts nothing further; operations that are running are completed. */
  cancel(): void {
    if (this.#state !== 'Accepted' && this.#state !== 'Running') return;
    this.#cancelled = true;
    for (const child of this.#children) child.cancel();
  }

  /** Deploys everything; resolves with the final document, whatever became of it. */
  start(): Promise<JsonObject> {
    this.#ended ??= this.#run();
    return this.#ended;
  }

  async #run(): Promise<JsonObject> {
    this.#enter('Running');
    await Promise.all(this.plan.ordered.map((resource) => this.#outcomeOf(resource)));
    if (this.#mayGoOn() && this.plan.request.mode === 'Complete') await this.#deleteOthers();
    if (this.#mayGoOn()) await this.#evaluateOutputs();
    if (this.#failures.length > 0) {
      this.#failure ??= this.#deploymentFailed();
      this.#enter('Failed');
    } else if (this.#cancelled) {
      const { code, message } = azureError('DeploymentCanceled', { values: { name: this.plan.request.name } });
      this.#failure = { code, message };
      this.#enter('Canceled');
    } else this.#enter('Succeeded');
    return this.document();
  }

  #mayGoOn(): boolean {
    return !this.#cancelled && this.#failures.length === 0;
  }

  #enter(state: DeploymentState): void {
    this.#state = state;
    this.#changed = this.#now();
    this.#options.onChange?.(this);
  }

  /** Telling of every operation would show all of them as often as there are: many are told of together. */
  #noteProgress(): void {
    this.#untold += 1;
    if (this.#untold * 20 < this.#operations.count) return;
    this.#untold = 0;
    this.#options.onChange?.(this);
  }

  #now(): string {
    return this.#options.environment.now();
  }

  #deploymentFailed(): DeploymentFailure {
    const { code, message } = azureError('DeploymentFailed');
    return { code, target: this.plan.id, message, details: this.#failures };
  }

  #withoutSecrets(failure: DeploymentFailure): DeploymentFailure {
    return withoutSecrets(failure, secretsIn(this.plan.parameters));
  }

  #outcomeOf(resource: PlannedResource): Promise<Outcome> {
    const known = this.#outcomes.get(resource.key);
    if (known) return known;
    const outcome = this.#afterDependencies(resource);
    this.#outcomes.set(resource.key, outcome);
    return outcome;
  }

  async #afterDependencies(resource: PlannedResource): Promise<Outcome> {
    if (!resource.deployed) return 'done';
    const needs = [...(this.plan.dependencies.get(resource.key) ?? [])].map((key) => this.#resources.get(key));
    const outcomes = await Promise.all(needs.map((need) => (need ? this.#outcomeOf(need) : 'done')));
    if (this.#cancelled || outcomes.some((outcome) => outcome !== 'done')) return 'notStarted';
    if (resource.existing) return 'done';
    const end = this.#operations.begin('Create', resource, this.#now());
    const { status, failure: told } = await this.#deploy(resource);
    const failure = told && this.#withoutSecrets(told);
    end({ at: this.#now(), status, failure });
    if (failure) this.#failures.push(failure);
    this.#noteProgress();
    return failure ? 'failed' : 'done';
  }

  async #deploy(resource: PlannedResource): Promise<{ status: number; failure?: DeploymentFailure }> {
    try {
      const body = await this.#reader.evaluate(resource.context, (context) => evaluateBody(resource, { context }));
      if (resource.nested) return await this.#deployNested(resource, body);
      return await this.#options.environment.budget.nextWrite(body, () => this.#put(resource, body));
    } catch (error) {
      if (error instanceof ExpressionError) {
        return {
          status: 400,
          failure: expressionFailure(error, { id: resource.id, part: partOf(this.plan.template, resource) }),
        };
      }
      return { status: 400, failure: failureFrom(error) };
    }
  }

  async #put(resource: PlannedResource, body: JsonObject): Promise<{ status: number; failure?: DeploymentFailure }> {
    const { id, apiVersion } = resource;
    const answer: HostAnswer = await this.#options.host.put({ id, apiVersion, body, check: this.#options.check });
    if (answer.status >= 400) return { status: answer.status, failure: failureOf(answer.status, answer.body) };
    this.#deployed.push(id);
    return { status: answer.status };
  }

  async #deployNested(
    resource: PlannedResource,
    body: JsonObject,
  ): Promise<{ status: number; failure?: DeploymentFailure }> {
    const { onChange: _, ...options } = this.#options;
    const { environment, host } = options;
    const request = nestedRequest(resource, body);
    const { scope } = request;
    if (scope.kind === 'resourceGroup' && !environment.resourceGroup(scope.subscriptionId, scope.resourceGroup)) {
      throw azureError('ResourceGroupNotFound', { values: { resourceGroup: scope.resourceGroup } });
    }
    const plan = await planLinked(request, environment, 1);
    // What could be planned beforehand was looked at beforehand.
    if (!this.plan.nested.has(resource.key)) await host.preflight?.(plan);
    const template = withoutSecureDefaults(plan.request.template);
    const save = (run: DeploymentRun) =>
      host.saveDeployment?.({ document: run.document(), operations: run.operations(), template });
    const run = new DeploymentRun(plan, { ...options, onChange: save });
    this.#children.add(run);
    const document = await run.start();
    this.#reader.noteDeployment(resource.key, { document, outputs: run.#outputValues });
    if (run.state === 'Succeeded') return { status: 200 };
    const error = objectMember(objectMember(document, 'properties') ?? {}, 'error') ?? {};
    return { status: 409, failure: failureOf(409, error) };
  }

  /** Complete mode: what the group holds and the template does not goes. */
  async #deleteOthers(): Promise<void> {
    const { scope } = this.plan.request;
    if (scope.kind !== 'resourceGroup') return;
    const kept = new Set(this.deployedIds.map((id) => id.toLowerCase()));
    const listed = await this.#options.host.list(planScopeId(this.plan));
    let others = listed.filter(({ id }) => !isKept(id, kept));
    // What others still use can go only after them: what is refused is tried again while anything goes at all.
    while (others.length > 0) {
      const refused: (typeof others)[number][] = [];
      const failures: DeploymentFailure[] = [];
      for (const other of others) {
        const failure = await this.#delete(other);
        if (!failure) continue;
        refused.push(other);
        failures.push(failure);
      }
      if (refused.length === others.length) {
        this.#failures.push(...failures);
        return;
      }
      others = refused;
    }
  }

  async #delete({ id, type }: { id: string; type: string }): Promise<DeploymentFailure | undefined> {
    const end = this.#operations.begin('Delete', { id, type, name: lastSegment(id) }, this.#now());
    const { status, body } = await this.#options.host.delete({ id, check: this.#options.check });
    const failure = status >= 400 && status !== 404 ? failureOf(status, body) : undefined;
    end({ at: this.#now(), status, failure });
    return failure;
  }

  async #evaluateOutputs(): Promise<void> {
    const { template, context } = this.plan;
    const end = this.#operations.begin('EvaluateDeploymentOutput', undefined, this.#now());
    const outputs: JsonObject = {};
    const failures: DeploymentFailure[] = [];
    for (const output of template.outputs) {
      try {
        const value = await this.#reader.evaluate({ ...context, place: 'output' }, (inner) =>
          outputValue(output, { template, context: inner }),
        );
        if (!value) continue;
        setMember(outputs, output.name, outputShown(value));
        setMember(this.#outputValues, output.name, value.value);
      } catch (error) {
        if (error instanceof DeferredValue) throw error;
        const { message } = this.#withoutSecrets(failureFrom(error));
        failures.push({
          code: 'DeploymentOutputEvaluationFailed',
          target: output.name,
          message: `The template output '${output.name}' is not valid: ${message}.`,
        });
      }
    }
    if (template.outputs.length > 0) this.#outputs = outputs;
    if (failures.length > 0) {
      const names = failures.map(({ target }) => target).join(', ');
      const { code, message } = azureError('DeploymentOutputEvaluationFailed', { values: { names } });
      this.#failures.push(...failures);
      this.#failure = { code, message, details: failures };
    }
    end({ at: this.#now(), status: failures.length > 0 ? 400 : 200, failure: this.#failure });
  }
}

/** Deployments stay, and so do the parents of what was deployed. */
function isKept(id: string, kept: ReadonlySet<string>): boolean {
  const folded = id.toLowerCase();
  if (folded.includes('/providers/microsoft.resources/deployments/')) return true;
  return kept.has(folded) || [...kept].some((other) => other.startsWith(`${folded}/`));
}

/** Starts to carry `plan` out. */
export const runDeployment = (plan: DeploymentPlan, options: RunOptions): DeploymentRun =>
  new DeploymentRun(plan, options);
