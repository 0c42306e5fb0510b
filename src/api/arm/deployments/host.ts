/** What carries a deployment out: the resource operations that a run needs. */
import type { Json, JsonObject } from '../template/json.js';
import type { DeploymentPlan } from './plan.js';

export interface HostPut {
  readonly id: string;
  readonly apiVersion: string;
  readonly body: JsonObject;
  /** Within the write: throws when its deployment goes on no more. */
  readonly check?: (() => void) | undefined;
}

export interface HostAction {
  readonly id: string;
  readonly apiVersion: string;
  /** The last segment of the path: `listKeys`. */
  readonly action: string;
  /** Null when nothing is sent along. */
  readonly body: Json;
}

export interface HostAnswer {
  readonly status: number;
  /** The resource, or `{error: {code, message, …}}` when the status says so. */
  readonly body: Json;
}

export interface ListedResource {
  readonly id: string;
  readonly type: string;
}

export interface NestedDeployment {
  readonly document: JsonObject;
  readonly operations: readonly JsonObject[];
  readonly template: Json;
}

/** Each write resolves when its operation has come to an end. */
export interface DeploymentHost {
  put(request: HostPut): Promise<HostAnswer>;
  get(id: string, apiVersion: string): Promise<JsonObject | undefined>;
  /** The tracked resources of a resource group, for Complete mode and what-if. */
  list(scopeId: string): Promise<readonly ListedResource[]>;
  delete(request: Pick<HostPut, 'id' | 'check'>): Promise<HostAnswer>;
  /** A POST such as `listKeys`. */
  action(request: HostAction): Promise<HostAnswer>;
  /** Looks at a nested deployment before any of it is touched. Throws InvalidTemplateDeployment. */
  preflight?(plan: DeploymentPlan): Promise<void>;
  /** A deployment inside the deployment, each time it changes. */
  saveDeployment?(deployment: NestedDeployment): void;
  /** What a PUT would store once those of its children followed, for what-if; undefined when that cannot be told. */
  preview?(request: HostPut, children: readonly HostPut[]): Promise<JsonObject | undefined>;
}
