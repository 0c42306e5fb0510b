/** A little Azure in memory that runs resource types the way the routes do, for tests of one type at a time. */
import type { AzureError } from '../../src/errors.js';
import { azureError } from '../../src/errors.js';
import { canonicalise } from '../../src/resources/canonical.js';
import { linksOf, referencesIn } from '../../src/resources/references.js';
import { renderResource } from '../../src/resources/render.js';
import { formatResourceId, idKey, parseResourceId, type ResourceId, rootKey } from '../../src/resources/resource-id.js';
import {
  type Action,
  type ActionResult,
  type Link,
  type Lookup,
  type Resource,
  type ResourceDocument,
  type ResourceType,
  schemaOf,
  type WriteContext,
} from '../../src/resources/resource-type.js';
import { validateBody } from '../../src/resources/validation.js';
import { FakeAddresses } from './fake-addresses.js';

export const subscriptionId = '00000000-0000-0000-0000-000000000000';
export const newestApiVersion = '2025-05-01';

/** Id of a resource in the test's resource group: `idOf('Microsoft.Network/virtualNetworks', 'vnet', 'subnets', 's')`. */
export const idOf = (type: string, ...rest: string[]): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/group/providers/${type}/${rest.join('/')}`;

export interface PutOptions {
  readonly apiVersion?: string;
}

export class FakeAzure implements Lookup {
  readonly addresses = new FakeAddresses();
  readonly #types = new Map<string, ResourceType>();
  readonly #resources = new Map<string, Resource>();
  #guids = 0;

  constructor(...types: ResourceType[]) {
    for (const type of types) this.#types.set(type.type.toLowerCase(), type);
  }

  resource(key: string): Resource | undefined {
    return this.#resources.get(key);
  }

  linksInto(root: string): readonly Link[] {
    return [...this.#resources.values()]
      .filter(({ key }) => key !== root)
      .flatMap((resource) => linksOf(resource.document, schemaOf(this.#typeOf(resource.id)), resource))
      .filter(({ target }) => target === root || target.startsWith(`${root}/`));
  }

  ofType(subscription: string, type: string): Iterable<Resource> {
    return [...this.#resources.values()].filter(
      (one) => one.subscriptionId === subscription && one.type.toLowerCase() === type.toLowerCase(),
    );
  }

  #typeOf(id: string): ResourceType {
    const parsed = parseResourceId(id) as ResourceId;
    const type = this.#types.get(`${parsed.namespace}/${parsed.types[0]}`.toLowerCase());
    if (!type) throw new Error(`no such type: ${id}`);
    return type;
  }

  readonly newGuid = (): string => `00000000-0000-4000-8000-${String(++this.#guids).padStart(12, '0')}`;

  #context(id: string, body: unknown, { apiVersion = newestApiVersion }: PutOptions): WriteContext {
    const schema = schemaOf(this.#typeOf(id));
    const document = canonicalise(structuredClone(body), schema) as ResourceDocument;
    validateBody(document, schema, { text: JSON.stringify(document) });
    document.properties ??= {};
    // A resource's own name is the one in its path.
    delete document.name;
    const existing = this.#resources.get(idKey(id));
    const parsed = parseResourceId(existing?.id ?? id) as ResourceId;
    return {
      id: parsed,
      idText: formatResourceId(parsed),
      apiVersion,
      document,
      existing,
      lookup: this,
      addresses: this.addresses,
      newGuid: this.newGuid,
    };
  }

  #store(context: WriteContext): Resource {
    const { id, idText, existing, document } = context;
    const resource: Resource = {
      key: idKey(idText),
      id: idText,
      type: `${id.namespace}/${id.types[0]}`,
      subscriptionId: id.subscriptionId,
      resourceGroup: id.resourceGroup ?? '',
      name: id.names[0] as string,
      etag: `W/"${this.newGuid()}"`,
      provisioningState: 'Succeeded',
      document,
      createdTime: existing?.createdTime ?? '2026-01-01T00:00:00Z',
      changedTime: '2026-01-01T00:00:01Z',
    };
    this.#resources.set(resource.key, resource);
    return resource;
  }

  /** Creates or updates a resource; throws what Azure refuses. */
  put(id: string, body: unknown, options: PutOptions = {}): Resource {
    const type = this.#typeOf(id);
    const context = this.#context(id, body, options);
    for (const { holder, sourceId } of referencesIn(context.document, schemaOf(type), {
      id: context.idText,
      type: type.type,
    })) {
      const parsed = parseResourceId(holder.id);
      const known = parsed && this.#types.has(`${parsed.namespace}/${parsed.types[0]}`.toLowerCase());
      if (known && rootKey(holder.id) !== idKey(context.idText) && !this.#resources.has(rootKey(holder.id))) {
        throw azureError('InvalidResourceReference', { values: { referenced: holder.id, id: sourceId } });
      }
    }
    this.addresses.begin();
    try {
      type.defaults?.(context);
      for (const error of type.check?.(context) ?? []) throw error;
    } catch (error) {
      this.addresses.rollback();
      throw error;
    }
    this.addresses.commit(idKey(context.idText));
    const stored = this.#store(context);
    this.#followLinks();
    return stored;
  }

  #followLinks(): void {
    for (const resource of this.#resources.values()) {
      const follow = this.#typeOf(resource.id).onLinksChanged;
      const document = follow?.({ resource, lookup: this });
      if (document && document !== resource.document) this.#resources.set(resource.key, { ...resource, document });
    }
  }

  /** Everything Azure would refuse about a write, as `code: message`. */
  refusals(id: string, body: unknown, options: PutOptions = {}): string[] {
    const type = this.#typeOf(id);
    this.addresses.begin();
    try {
      const context = this.#context(id, body, options);
      type.defaults?.(context);
      return [...(type.check?.(context) ?? [])].map((error) => `${error.code}: ${error.message}`);
    } catch (error) {
      return [`${(error as AzureError).code}: ${(error as AzureError).message}`];
    } finally {
      this.addresses.rollback();
    }
  }

  /** The resource as a GET shows it. */
  get(id: string, apiVersion = newestApiVersion): Record<string, unknown> {
    const type = this.#typeOf(id);
    const resource = this.#resources.get(idKey(id));
    if (!resource) throw new Error(`no such resource: ${id}`);
    const document = type.view?.({ resource, lookup: this, apiVersion }) ?? resource.document;
    const links = this.linksInto(resource.key);
    return renderResource(resource, { schema: schemaOf(type), apiVersion, document, links });
  }

  /** A value in what a GET shows: `azure.at(id, 'properties.subnets.0.name')`. */
  at(id: string, path: string, apiVersion = newestApiVersion): unknown {
    let value: unknown = this.get(id, apiVersion);
    for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step];
    return value;
  }

  /** Deletes a resource, or throws why Azure refuses to. */
  delete(id: string): void {
    const key = idKey(id);
    this.#refuseInUse(id, key, this.#typeOf(id).inUse ?? []);
    for (const child of this.#typeOf(id).children ?? []) {
      const items = (this.#resources.get(key)?.document.properties[child.name] ?? []) as { name: string }[];
      for (const { name } of items) this.#refuseInUse(`${id}/${child.name}/${name}`, key, child.inUse ?? []);
    }
    this.addresses.begin();
    this.addresses.commit(key);
    this.#resources.delete(key);
    this.#followLinks();
  }

  #refuseInUse(id: string, root: string, rules: NonNullable<ResourceType['inUse']>): void {
    for (const rule of rules) {
      const links = this.linksInto(root).filter(
        ({ sourceType, path, target }) =>
          (idKey(id) === root || target === idKey(id)) &&
          (rule.path === '*' || rule.path === path) &&
          (rule.by.endsWith('*') ? sourceType.startsWith(rule.by.slice(0, -1)) : sourceType === rule.by),
      );
      const name = id.slice(id.lastIndexOf('/') + 1);
      if (links.length > 0) throw rule.refuse({ id, name, links });
    }
  }

  /** Runs a POST action. */
  act(id: string, path: string, body: unknown = undefined): ActionResult {
    const resource = this.#resources.get(idKey(id)) as Resource;
    const action = this.#typeOf(id).requests?.actions?.find((one) => one.path === path) as Action;
    const health = { probe: () => undefined };
    const result = action.run({ resource, lookup: this, parameters: {}, query: {}, body, health });
    for (const { key, document } of result.writes ?? []) {
      this.#resources.set(key, { ...(this.#resources.get(key) as Resource), document });
    }
    return result;
  }
}

/**
 * What must hold of every type: writing back what a GET shows changes nothing.
 * Returns the stored document before and after.
 */
export function writeBack(azure: FakeAzure, id: string, apiVersion = newestApiVersion): [unknown, unknown] {
  const before = structuredClone(azure.resource(idKey(id))?.document);
  azure.put(id, azure.get(id, apiVersion), { apiVersion });
  return [before, azure.resource(idKey(id))?.document];
}
