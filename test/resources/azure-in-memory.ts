/** Azure Resource Manager without HTTP and data plane: the real service over a store in memory, for tests of resource types. */

import type { ArmContext } from '../../src/api/arm/resources/arm-context.js';
import { documentInPlace, RequestBody, readResource } from '../../src/api/arm/resources/request-body.js';
import { ResourceService } from '../../src/api/arm/resources/resource-service.js';
import type { Write } from '../../src/api/arm/resources/resource-writer.js';
import { AzureError } from '../../src/errors/index.js';
import { findResourceType } from '../../src/resources/registry.js';
import { idKey, parseResourceId, type ResourceId } from '../../src/resources/resource-id.js';
import type { ActionResult, Link, Lookup, Resource, ResourceType } from '../../src/resources/resource-type.js';
import { Store } from '../../src/store/store.js';
import { Clock } from '../../src/support/clock.js';
import { Events } from '../../src/support/events.js';
import { manualTime } from '../manual-time.js';

export const subscriptionId = '00000000-0000-0000-0000-000000000000';
export const newestApiVersion = '2025-05-01';
export const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Id of a resource in the test's resource group: `idOf('Microsoft.Network/virtualNetworks', 'vnet', 'subnets', 's')`. */
export const idOf = (type: string, ...rest: string[]): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/group/providers/${type}/${rest.join('/')}`;

/** A service over a store in memory, whose data plane follows every change at once unless `context` says otherwise. */
export function serviceInMemory(context: Partial<ArmContext> = {}): ResourceService {
  return new ResourceService({
    store: new Store({ publicPrefix: { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' } }),
    clock: new Clock({ source: manualTime() }),
    health: { rule: () => new Map() },
    operationDelayMs: 0,
    strictApiVersions: false,
    strictTypes: false,
    templateLinks: 'none' as never,
    changed: async () => ({}),
    events: new Events(() => {}),
    note: () => {},
    ...context,
  });
}

export interface PutOptions {
  readonly apiVersion?: string;
}

const networkId = (type: string, name: string): string => idOf(`Microsoft.Network/${type}`, name);

/** One resource of each of these types, by a short name. */
export const ids = {
  vnet: networkId('virtualNetworks', 'vnet'),
  gateway: networkId('natGateways', 'gateway'),
  asg: networkId('applicationSecurityGroups', 'asg'),
  table: networkId('routeTables', 'table'),
  service: networkId('privateLinkServices', 'service'),
  lb: networkId('loadBalancers', 'lb'),
  ip: networkId('publicIPAddresses', 'ip'),
  nic: networkId('networkInterfaces', 'nic'),
  nsg: networkId('networkSecurityGroups', 'nsg'),
  vm: idOf('Microsoft.Compute/virtualMachines', 'vm'),
  set: idOf('Microsoft.Compute/availabilitySets', 'set'),
} as const;

/** The resource group that `idOf` names. */
export const group = {
  key: `/subscriptions/${subscriptionId}/resourcegroups/group`,
  subscriptionId,
  name: 'group',
  location: 'westus',
  tags: undefined,
  managedBy: undefined,
  provisioningState: 'Succeeded',
} as const;

export class AzureInMemory implements Lookup {
  readonly #service = serviceInMemory();
  readonly #store = this.#service.context.store;

  constructor() {
    this.#store.resources.saveGroup(group);
  }

  /** The virtual network `vnet` (10.0.0.0/16) with `subnet` (10.0.0.0/24). */
  putNetwork({ name = 'subnet', location = 'westus', ...properties }: Record<string, unknown> = {}): Resource {
    return this.put(idOf('Microsoft.Network/virtualNetworks', 'vnet'), {
      location,
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name, properties: { addressPrefix: '10.0.0.0/24', ...properties } }],
      },
    });
  }

  resource(key: string): Resource | undefined {
    return this.#store.resources.resource(key);
  }

  linksInto(root: string): readonly Link[] {
    return this.#store.resources.linksInto(root);
  }

  everyOfType(type: string): Iterable<Resource> {
    return this.#store.resources.everyOfType(type);
  }

  #write(id: string, body: unknown, { apiVersion = newestApiVersion }: PutOptions): Write {
    const parsed = parseResourceId(id) as ResourceId;
    const type = typeOf(parsed);
    const read = readResource(RequestBody.ofValue(structuredClone(body) as Record<string, unknown>), type);
    return this.#service.writer.put({
      type,
      id: parsed,
      apiVersion,
      conditions: {},
      baseUrl: 'https://localhost:4567',
      document: (existing) => documentInPlace(read, { existing, id: parsed }),
    });
  }

  #inTransaction<T>(work: () => T): T {
    try {
      return this.#store.connection.transaction(work);
    } catch (error) {
      this.#store.forget();
      throw error;
    }
  }

  /** Creates or updates a resource; throws what Azure refuses. */
  put(id: string, body: unknown, options: PutOptions = {}): Resource {
    return this.#inTransaction(() => this.#write(id, body, options)).resource;
  }

  /** What Azure would refuse about a write, as `code: message`; nothing is stored. */
  refusals(id: string, body: unknown, options: PutOptions = {}): string[] {
    const undone = new Error('undone');
    try {
      return this.#inTransaction(() => {
        this.#write(id, body, options);
        throw undone;
      });
    } catch (error) {
      if (error === undone) return [];
      if (!(error instanceof AzureError)) throw error;
      return [`${error.code}: ${error.message}`];
    }
  }

  #existing(id: string): Resource {
    const resource = this.resource(idKey(id));
    if (!resource) throw new Error(`no such resource: ${id}`);
    return resource;
  }

  /** The resource as a GET shows it. */
  get(id: string, apiVersion = newestApiVersion): Record<string, unknown> {
    return this.#service.reader.show(this.#existing(id), apiVersion);
  }

  /** A value in what a GET shows: `azure.at(id, 'properties.subnets.0.name')`. */
  at(id: string, path: string, apiVersion = newestApiVersion): unknown {
    let value: unknown = this.get(id, apiVersion);
    for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
    return value;
  }

  /** Deletes a resource, or throws why Azure refuses to. */
  delete(id: string): void {
    this.#inTransaction(() => this.#service.writer.delete(idKey(id), {}));
  }

  /** Runs a POST action; answers its result, whenever Azure would show it. */
  act(id: string, path: string, body: unknown = undefined): ActionResult {
    const { action, parameters } = this.#service.actionAt(parseResourceId(id) as ResourceId, path) ?? {};
    if (!action || !parameters) throw new Error(`no such action: ${path}`);
    const { health } = this.#service.context;
    return this.#inTransaction(() => {
      const resource = this.#existing(id);
      const result = action.run({ resource, lookup: this, parameters, query: {}, body, health });
      this.#service.writer.replace(result.writes ?? []);
      return result;
    });
  }
}

function typeOf({ namespace, types }: ResourceId): ResourceType {
  const type = findResourceType(`${namespace}/${types[0]}`);
  if (!type) throw new Error(`no such type: ${namespace}/${types[0]}`);
  return type;
}

/**
 * What must hold of every type: writing back what a GET shows changes nothing.
 * Returns the stored document before and after.
 */
export function writeBack(azure: AzureInMemory, id: string, apiVersion = newestApiVersion): [unknown, unknown] {
  const before = structuredClone(azure.resource(idKey(id))?.document);
  azure.put(id, azure.get(id, apiVersion), { apiVersion });
  return [before, azure.resource(idKey(id))?.document];
}
