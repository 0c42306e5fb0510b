/**
 * Reads and writes resources: routes, deployments and seeds say which resource, at which api-version and with which body,
 * and get what Azure answers. A write decides, changes and renders its answer in one
 * work of the store, and is followed by the data plane before it is answered.
 */
import { azureError } from '../../../errors/index.js';
import { unmodelledStatuses } from '../../../resources/known-types.js';
import { childNamed, childrenIn } from '../../../resources/references.js';
import { findResourceType } from '../../../resources/registry.js';
import { renderResource } from '../../../resources/render.js';
import type { ResourceId } from '../../../resources/resource-id.js';
import { formatResourceId, idKey, lastSegment, rootKey, rootOf } from '../../../resources/resource-id.js';
import type { Action, ActionResult, Lookup, Resource, ShowContext } from '../../../resources/resource-type.js';
import type { ResourceStore } from '../../../store/resource-store.js';
import type { Answer } from './answers.js';
import type { ArmContext } from './arm-context.js';
import { checkParent, opaqueDocument, ownTypeAndName, showOpaque } from './opaque-resources.js';
import { OperationRunner, type PollPlace, pollPlaceOf, type Settling } from './operations.js';
import {
  type Access,
  checkUnlocked,
  documentWrite,
  type LockedAccess,
  type ModelledPlace,
  modelOf,
  notFound,
  type Place,
  type PutRequest,
  parentDocument,
  placeOf,
  type ResourceRequest,
} from './request.js';
import { type ChildPlace, patched, RequestBody, readBody, readTags, withoutChild } from './request-body.js';
import { ResourceWriter, type Write } from './resource-writer.js';

export type DeleteRequest = Omit<PutRequest, 'body'>;

export interface ActionRequest extends ResourceRequest {
  readonly action: Action;
  /** Names of children in the action's path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: RequestBody;
}

export class ResourceService {
  readonly store: ResourceStore;
  readonly reader: ResourceReader;
  readonly writer: ResourceWriter;
  readonly operations: OperationRunner;

  constructor(readonly context: ArmContext) {
    this.store = context.store.resources;
    this.reader = new ResourceReader(this.store);
    this.writer = new ResourceWriter(context);
    this.operations = new OperationRunner(context, (resource) => this.writer.remove(resource));
  }

  /** One resource or child. `expand` is Azure's `$expand`. Throws its 404. */
  get(request: ResourceRequest, expand?: string): Answer {
    const { place, resource } = this.#found(request, 'read');
    if (!('type' in place)) return { status: 200, body: this.reader.show(resource, place.apiVersion) };
    const { child, apiVersion } = place;
    if (!child) return { status: 200, etag: resource.etag, body: this.reader.show(resource, apiVersion, { expand }) };
    const body = this.reader.child(resource, { ...child, apiVersion, expand });
    if (!body) throw azureError('NotFound', { values: { id: `${resource.id}/${child.collection}/${child.name}` } });
    return { status: 200, etag: resource.etag, body };
  }

  /** The stored resource that a request is about, and the api-version at which it is shown. Throws its 404. */
  existing(request: ResourceRequest): { readonly resource: Resource; readonly apiVersion: string } {
    const { place, resource } = this.#found(request, 'read');
    return { resource, apiVersion: place.apiVersion };
  }

  /** The children in one collection of a resource. Throws the resource's 404. */
  children(request: ResourceRequest, collection: string): Shown[] {
    const { resource, apiVersion } = this.existing(request);
    return this.reader.children(resource, { collection, apiVersion });
  }

  /** Creates or replaces a resource, or a child in its parent. Throws Azure's refusal; nothing is stored then. */
  put(request: PutRequest): Promise<Answer> {
    return this.#stored(() => {
      request.check?.();
      const place = placeOf(request, 'write', this.context);
      this.#checkUnlocked(place, 'write');
      return 'type' in place ? this.#put(place, request) : this.#putOpaque(place, request.body);
    }, request);
  }

  /** Does a write, and answers once the data plane follows. */
  async #stored(work: () => Done, { answerAs }: Pick<PutRequest, 'answerAs'> = {}): Promise<Answer> {
    const { answer, write, onFailure, note } = await this.context.store.write(work);
    if (note !== undefined) this.context.note(note);
    const following = write && this.operations.settle(write, onFailure ?? (() => ({})));
    const written = answerAs === 'text' ? textOf(answer.body) : undefined;
    const [changed, text] = await Promise.all([following, written]);
    return { ...answer, ...(changed ?? { text }) };
  }

  #put(place: ModelledPlace, request: PutRequest): Done {
    const { child, apiVersion } = place;
    if (child) this.#resourceAt(place); // Whose 404 comes before the child's body is read.
    let isNewChild = true;
    const { document: make, ...write } = documentWrite(place, request);
    const document = (existing: Resource | undefined) => {
      isNewChild = !childNamed(childrenIn(existing?.document.properties, child?.collection ?? ''), child?.name);
      return make(existing);
    };
    const done = this.writer.put({ document, ...write });
    const { resource } = done;
    const created = child ? isNewChild : done.created;
    const outcome = { document: resource.document, apiVersion, ...done, created, child: child?.collection };
    const own = place.type.requests?.statuses;
    const isDone = !child && this.context.operationDelayMs === 0 && own?.putIsDone?.(outcome);
    const operation = pollPlaceOf(resource, outcome);
    return {
      write: done,
      answer: {
        status: own?.put?.(outcome) ?? (created ? 201 : 200),
        body: this.#shown(resource, place, done),
        ...(isDone ? {} : { operation }),
      },
      onFailure: ({ etag }) => ({
        body: this.#shown({ ...resource, etag, provisioningState: 'Failed' }, place, done),
        operation,
      }),
    };
  }

  /** What the answer to a PUT shows. */
  #shown(resource: Resource, { child, apiVersion }: ModelledPlace, { before }: Write): Shown | undefined {
    const answerTo = { before };
    return child
      ? this.reader.child(resource, { ...child, apiVersion, answerTo })
      : this.reader.show(resource, apiVersion, { answerTo });
  }

  #putOpaque({ id, apiVersion }: Place, given: RequestBody): Done {
    checkParent(id, this.store);
    const write = this.writer.putOpaque(id, ownTypeAndName(id), opaqueDocument(given, ownTypeAndName(id).type));
    const { resource, created } = write;
    const status = created ? unmodelledStatuses(resource.type).created : 200;
    const operation = pollPlaceOf(resource, { ...write, apiVersion });
    return {
      write,
      answer: { status, body: this.reader.show(resource, apiVersion), operation },
      ...(created ? { note: `${resource.type} has no model here: ${resource.id} is stored and echoed` } : {}),
    };
  }

  /** Changes what the body has, where the type takes more than tags; else replaces the tags. Throws its 404, and as `put`. */
  patch(request: PutRequest): Promise<Answer> {
    return this.#stored(() => {
      const { place, resource } = this.#found(request, 'tags');
      this.#checkUnlocked(place, 'write');
      const { value } = request.body;
      const isModelled = 'type' in place;
      const takesMore = !isModelled || place.type.requests?.patchesAll;
      if (!takesMore || Object.keys(value).every((name) => name.toLowerCase() === 'tags')) {
        return this.#changeTags({ place, resource }, request.body);
      }
      const whole = isModelled ? this.reader.show(resource, place.apiVersion) : resource.document;
      const body = RequestBody.ofValue(patched(whole, value));
      return isModelled ? this.#put(place, { ...request, body }) : this.#putOpaque(place, body);
    });
  }

  /** Replaces the tags of a resource by those in the body that `bodyFor` makes of them. Throws its 404. */
  changeTags(request: ResourceRequest, bodyFor: (tags: Record<string, string>) => RequestBody): Promise<Answer> {
    return this.#stored(() => {
      const found = this.#found(request, 'tags');
      this.#checkUnlocked(found.place, 'write');
      return this.#changeTags(found, bodyFor((found.resource.document.tags ?? {}) as Record<string, string>));
    });
  }

  #changeTags({ place, resource }: { place: Place | ModelledPlace; resource: Resource }, given: RequestBody): Done {
    const changed = this.writer.patchTags(resource, readTags(given));
    const body = this.reader.show(changed, place.apiVersion);
    return { answer: { status: 200, body, asyncNotification: 'type' in place } };
  }

  /** Deletes a resource or child; 204 when there is none. Throws Azure's refusal. */
  delete(request: DeleteRequest): Promise<Answer> {
    return this.#stored(() => {
      request.check?.();
      const place = placeOf(request, 'delete', this.context);
      this.#checkUnlocked(place, 'delete');
      const isModelled = 'type' in place;
      const isChild = isModelled && place.child !== undefined;
      const write = isChild
        ? this.#deleteChild(place, request)
        : this.writer.delete(place.key, (isModelled && request.conditions) || {});
      // Azure's front door answers 204 for what is not there.
      if (!write) return { answer: { status: 204 } };
      const { resource } = write;
      const own = isModelled
        ? place.type.requests?.statuses?.delete?.(place)
        : unmodelledStatuses(resource.type).deleted;
      const status = (this.context.operationDelayMs === 0 && !isChild && own) || 202;
      const operation = pollPlaceOf(resource, { ...write, apiVersion: place.apiVersion });
      return { write, answer: { status, operation, hasResult: true } };
    });
  }

  #deleteChild(place: ModelledPlace, { conditions = {}, baseUrl }: DeleteRequest): Write | undefined {
    const child = place.child as ChildPlace;
    const parent = this.#resourceAt(place);
    if (!childNamed(childrenIn(parent.document.properties, child.collection), child.name)) return undefined;
    return this.writer.put({
      ...place,
      conditions,
      baseUrl,
      child: { ...child, method: 'Delete' },
      document: (existing) => withoutChild(parentDocument(existing, place), child),
    });
  }

  /** Runs a POST action. Throws the resource's 404, and what the action refuses. */
  act({ action, parameters, query, body: given, ...request }: ActionRequest): Promise<Answer> {
    return this.#stored(() => {
      const { place, resource } = this.#found(request, 'read');
      const { apiVersion } = place;
      if (action.method !== 'GET') this.#checkUnlocked(place, 'write');
      const { requestSchema, answer, run } = action;
      const body = requestSchema && !given.isEmpty ? readBody(given, requestSchema) : undefined;
      const name = lastSegment(action.path).replace(/^./, (first) => first.toUpperCase());
      const { health } = this.context;
      const result = run({ resource, lookup: this.store, parameters, query, body, health });
      const operation = answer === 'async' ? `${name}Operation` : undefined;
      const write = this.#change(result, { of: resource, operation });
      if (operation === undefined) return { write, answer: { status: 200, body: result.body } };
      return {
        write,
        answer: { status: 202, operation: pollPlaceOf(resource, { ...write, apiVersion }), hasResult: true },
      };
    });
  }

  /** Changes whole documents as `run` says, by an operation of their subscription that is polled at `poll`. */
  change({ operation, poll, run }: Change): Promise<Answer> {
    return this.#stored(() => {
      const write = this.#change(run(), { of: { key: undefined, subscriptionId: poll.subscriptionId }, operation });
      return {
        write,
        answer: { status: 202, operation: { ...poll, operationId: write.operationId }, hasResult: true },
      };
    });
  }

  #change({ writes = [], body }: ActionResult, { of, operation }: Changing): Settling {
    const touched = this.writer.replace(writes);
    const key = of.key ?? touched[0] ?? '';
    const { subscriptionId } = of;
    const operationId =
      operation === undefined ? '' : this.writer.recordOperation({ key, subscriptionId }, operation, body);
    return { resource: { key }, operationId, touched };
  }

  /** The action that a POST to `path` below a resource runs, with the names in the path. */
  actionAt(id: ResourceId, path: string): Pick<ActionRequest, 'action' | 'parameters'> | undefined {
    const given = path.split('/');
    for (const action of modelOf(rootOf(id), 'read')?.type.requests?.actions ?? []) {
      const steps = action.path.split('/');
      const parameters: Record<string, string> = {};
      const fits = steps.every((step, index) => {
        const text = given[index] ?? '';
        if (step.startsWith('{')) parameters[step.slice(1, -1)] = text;
        return step.startsWith('{') || step.toLowerCase() === text.toLowerCase();
      });
      if (fits && steps.length === given.length) return { action, parameters };
    }
    return undefined;
  }

  #checkUnlocked(place: Place | ModelledPlace, access: LockedAccess): void {
    const child = 'type' in place && place.child ? `/${place.child.collection}/${place.child.name}` : '';
    checkUnlocked(`${formatResourceId(place.id)}${child}`, access, this.store);
  }

  #found(request: ResourceRequest, access: Access) {
    const place = placeOf(request, access, this.context);
    return { place, resource: this.#resourceAt(place) };
  }

  #resourceAt({ key, id }: Place): Resource {
    const resource = this.store.resource(key);
    if (!resource) throw notFound(id);
    return resource;
  }
}

/** A body as JSON, written once the engine has been told what changed: its thread is at work meanwhile. */
async function textOf(body: unknown): Promise<string | undefined> {
  await new Promise<void>((resume) => process.nextTick(resume));
  return JSON.stringify(body);
}

/** What a work has done. */
interface Done {
  /** As it is when the data plane follows. */
  readonly answer: Answer;
  /** What is to be followed; undefined for nothing. */
  readonly write?: Settling;
  /** What the answer says instead when the data plane could not follow, and the resource is stored as failed. */
  readonly onFailure?: (failed: Resource) => Partial<Answer>;
  /** A line for the log. */
  readonly note?: string;
}

/** A change of whole documents. */
interface Change {
  /** Azure's name of the operation that begins. */
  readonly operation: string;
  readonly poll: Omit<PollPlace, 'operationId'>;
  readonly run: () => ActionResult;
}

interface Changing {
  /** The resource whose operation it is; without a key the first one that changes. */
  readonly of: { readonly key: string | undefined; readonly subscriptionId: string };
  /** Undefined when none begins. */
  readonly operation: string | undefined;
}

/** A resource or child as Azure shows it. */
export type Shown = Record<string, unknown> & { name?: string };

export class ResourceReader {
  constructor(readonly store: Lookup) {}

  /** The whole resource. */
  show(resource: Resource, apiVersion: string, { expand, answerTo }: Showing = {}): Shown {
    const type = findResourceType(resource.type);
    if (!type) return showOpaque(resource, this.store);
    const document = type.view?.({ resource, lookup: this.store, apiVersion, expand, answerTo }) ?? resource.document;
    const links = this.store.linksInto(resource.key);
    const shown = renderResource(resource, { schema: type.schema, apiVersion, document, links });
    this.#expandAll(shown, expand, apiVersion);
    return shown;
  }

  /** The children in one collection of a resource. */
  children(resource: Resource, { collection, apiVersion, answerTo }: Omit<ShownChild, 'name'>): Shown[] {
    const properties = this.show(resource, apiVersion, { answerTo }).properties as Record<string, unknown>;
    return (properties[collection] as Shown[] | undefined) ?? [];
  }

  /** One child, by its name in any casing. */
  child(resource: Resource, { collection, name, ...shown }: ShownChild): Shown | undefined {
    const child = childNamed(this.children(resource, { ...shown, collection }), name);
    if (child) this.#expandAll(child, shown.expand, shown.apiVersion);
    return child;
  }

  #expandAll(shown: Shown, expand: string | undefined, apiVersion: string): void {
    for (const path of expand?.split(',') ?? []) this.#expand(shown, path.trim().split('/'), apiVersion);
  }

  /** Replaces `{id}` at `path` below a resource or child by what it refers to. */
  #expand(shown: Shown, path: readonly string[], apiVersion: string): void {
    const [step, ...rest] = path;
    if (step === undefined) return;
    const properties = (shown.properties ?? {}) as Record<string, unknown>;
    const member = Object.keys(properties).find((name) => name.toLowerCase() === step.toLowerCase());
    if (member === undefined) return;
    const value = properties[member];
    if (Array.isArray(value)) {
      properties[member] = value.map((item: Shown) => this.#expandItem(item, rest, apiVersion));
    } else properties[member] = this.#expandItem(value as Shown, rest, apiVersion);
  }

  #expandItem(item: Shown, rest: readonly string[], apiVersion: string): Shown {
    const isReference = typeof item.id === 'string' && Object.keys(item).length === 1;
    const whole = isReference ? (this.#byId(item.id as string, apiVersion) ?? item) : item;
    this.#expand(whole, rest, apiVersion);
    return whole;
  }

  /** The resource or child with this id; undefined when there is none. */
  #byId(id: string, apiVersion: string): Shown | undefined {
    const root = this.store.resource(rootKey(id));
    if (!root) return undefined;
    if (root.key === idKey(id)) return this.show(root, apiVersion);
    const [collection = '', name = ''] = id.slice(root.key.length + 1).split('/');
    const type = findResourceType(root.type);
    const known = type?.children?.find((child) => child.name.toLowerCase() === collection.toLowerCase());
    return known && this.child(root, { collection: known.name, name, apiVersion });
  }
}

type Showing = Pick<ShowContext, 'expand' | 'answerTo'>;

interface ShownChild extends Showing {
  readonly collection: string;
  readonly name: string;
  readonly apiVersion: string;
}
