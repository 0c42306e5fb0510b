/** A host that keeps resources in memory and writes down in which order it was asked. */
import type { DeploymentHost, HostAction, HostAnswer, HostPut } from '../../../../src/api/arm/deployments/host.js';
import type { JsonObject } from '../../../../src/api/arm/template/json.js';

export class FakeHost implements DeploymentHost {
  readonly resources = new Map<string, JsonObject>();
  readonly log: string[] = [];
  readonly saved: JsonObject[] = [];
  /** Names whose PUT is refused. */
  readonly refused = new Map<string, HostAnswer>();
  /** Ids (ends of them) that can be deleted only after others. */
  readonly usedBy = new Map<string, string>();
  running = 0;
  mostRunning = 0;

  async put({ id, apiVersion, body }: HostPut): Promise<HostAnswer> {
    const name = id.split('/').at(-1) as string;
    this.log.push(`begin ${name}`);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    await new Promise((resolve) => setImmediate(resolve));
    this.running -= 1;
    this.log.push(`end ${name}`);
    const refusal = this.refused.get(name);
    if (refusal) return refusal;
    const status = this.resources.has(id.toLowerCase()) ? 200 : 201;
    this.resources.set(id.toLowerCase(), {
      id,
      name,
      ...body,
      properties: { ...(body.properties as JsonObject), provisioningState: 'Succeeded', madeWith: apiVersion },
    });
    return { status, body: {} };
  }

  async get(id: string): Promise<JsonObject | undefined> {
    return this.resources.get(id.toLowerCase());
  }

  async list(scopeId: string) {
    return [...this.resources.values()]
      .map(({ id }) => ({ id: String(id), type: String(id).split('/').slice(6, 8).join('/') }))
      .filter(({ id }) => id.toLowerCase().startsWith(`${scopeId.toLowerCase()}/`));
  }

  async delete({ id }: Pick<HostPut, 'id'>): Promise<HostAnswer> {
    const name = id.split('/').at(-1) as string;
    const user = this.usedBy.get(name);
    if (user !== undefined && [...this.resources.keys()].some((key) => key.endsWith(`/${user}`))) {
      return { status: 400, body: { error: { code: 'InUse', message: `${name} is in use` } } };
    }
    this.resources.delete(id.toLowerCase());
    this.log.push(`delete ${name}`);
    return { status: 200, body: null };
  }

  async action({ id, action }: HostAction): Promise<HostAnswer> {
    const name = id.split('/').at(-1) as string;
    const refusal = this.refused.get(`${name}/${action}`);
    return refusal ?? { status: 200, body: { keys: [{ value: `${action} of ${name}` }] } };
  }

  saveDeployment({ document }: { document: JsonObject }): void {
    this.saved.push(document);
  }
}
