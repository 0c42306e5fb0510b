/**
 * Resources as everybody reads and writes them: routes, deployments and seeds say which resource, at which
 * api-version and with which body, and get what Azure answers. A write is one transaction, and is followed by the data
 * plane before it is answered.
 */
import { azureError } from '../../../errors/index.js';
import { childNamed, childrenIn } from '../../../resources/children.js';
import { type ResourceId, rootOf } from '../../../resources/resource-id.js';
import type { Action, ActionResult, Resource } from '../../../resources/resource-type.js';
import { unmodelledStatuses } from '../../../resources/unmodelled-types.js';
import type { ResourceStore } from '../../../store/resource-store.js';
import type { ArmContext } from './arm-context.js';
import type { DocumentWrite } from './document-writer.js';
import { checkParent, opaqueDocument, ownTypeAndName } from './opaque-resources.js';
import { OperationRunner, type PollPlace, pollPlaceOf } from './operations.js';
import { type ChildPlace, type RequestBody, readBody, readTags, withoutChild } from './request-body.js';
import {
  type Access,
  documentWrite,
  type ModelledPlace,
  modelOf,
  notFound,
  type Place,
  type PutRequest,
  parentDocument,
  placeOf,
  type ResourceRequest,
} from './resource-place.js';
import { ResourceReader, type Shown } from './resource-reader.js';
import { ResourceWriter } from './resource-writer.js';

export type DeleteRequest = Omit<PutRequest, 'body'>;

export interface ActionRequest extends ResourceRequest {
  readonly action: Action;
  /** Names of children in the action's path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: RequestBody;
}

/** What Azure answers, before it is put into HTTP. */
export interface Answer {
  readonly status: number;
  /** The resource, child or result; undefined for an empty answer. */
  readonly body?: unknown;
  readonly etag?: string;
  /** The operation that began. */
  readonly operation?: PollPlace;
  /** The operation's result has a URL of its own, as that of a deletion or an action has. */
  readonly hasResult?: boolean;
  /** The answer says that it could have been asynchronous, though no operation began. */
  readonly asyncNotification?: boolean;
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
    if (!child) return { status: 200, etag: resource.etag, body: this.reader.show(resource, apiVersion, expand) };
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
    return this.reader.children(resource, collection, apiVersion);
  }

  /** Creates or replaces a resource, or a child in its parent. Throws Azure's refusal; nothing is stored then. */
  async put(request: PutRequest): Promise<Answer> {
    const place = placeOf(request, 'write', this.context);
    if (!('type' in place)) return this.#putOpaque(place, request.body);
    if (place.child) this.#resourceAt(place); // Whose 404 comes before the child's body is read.
    const write = documentWrite(place, request);
    const done = await this.context.store.write(() => this.#putNow(place, write));
    const failed = await this.operations.settle(done);
    const { resource } = done;
    const { document } = resource;
    const own = place.child ? undefined : place.type.requests?.statuses;
    const isDone = !failed && this.context.operationDelayMs === 0 && own?.putIsDone?.({ ...done, document });
    return {
      status: own?.put?.(done) ?? (done.created ? 201 : 200),
      body: failed ? this.#shown({ ...resource, etag: failed.etag, provisioningState: 'Failed' }, place) : done.body,
      ...(isDone ? {} : { operation: pollPlaceOf(resource, { ...done, apiVersion: place.apiVersion }) }),
    };
  }

  /** What a PUT stores and shows. Inside a transaction, so that the answer is what this PUT wrote. */
  #putNow(place: ModelledPlace, write: DocumentWrite) {
    let isNewChild = true;
    const done = this.writer.put({
      ...write,
      document: (existing) => {
        const { collection = '', name } = place.child ?? {};
        isNewChild = !childNamed(childrenIn(existing?.document.properties, collection), name);
        return write.document(existing);
      },
    });
    const created = place.child ? isNewChild : done.created;
    return { ...done, created, body: this.#shown(done.resource, place), apiVersion: place.apiVersion };
  }

  #shown(resource: Resource, { child, apiVersion }: ModelledPlace): Shown | undefined {
    return child ? this.reader.child(resource, { ...child, apiVersion }) : this.reader.show(resource, apiVersion);
  }

  async #putOpaque(place: Place, body: RequestBody): Promise<Answer> {
    checkParent(place.id, this.store);
    const document = opaqueDocument(body);
    const own = ownTypeAndName(place.id);
    const done = await this.context.store.write(() => {
      const done = this.writer.putOpaque(place.id, { ...own, document });
      return { ...done, body: this.reader.show(done.resource, place.apiVersion) };
    });
    const { resource, created } = done;
    if (created) this.context.note(`${resource.type} has no model here: ${resource.id} is stored and echoed`);
    await this.operations.settle(done);
    const operation = pollPlaceOf(resource, { ...done, apiVersion: place.apiVersion });
    return { status: created ? unmodelledStatuses(resource.type).created : 200, body: done.body, operation };
  }

  /** Replaces the tags of a resource. Throws its 404. */
  async patchTags(request: ResourceRequest & { readonly body: RequestBody }): Promise<Answer> {
    const { place } = this.#found(request, 'tags');
    const tags = readTags(request.body);
    const body = await this.context.store.write(() => {
      const resource = this.writer.patchTags(place.key, tags);
      if (!resource) throw notFound(place.id);
      return this.reader.show(resource, place.apiVersion);
    });
    return { status: 200, body, asyncNotification: 'type' in place };
  }

  /** Deletes a resource or child; 204 when there is none. Throws Azure's refusal. */
  async delete(request: DeleteRequest): Promise<Answer> {
    const place = placeOf(request, 'delete', this.context);
    if ('type' in place && place.child) return this.#deleteChild(place, request);
    const conditions = 'type' in place ? request.conditions : undefined;
    const done = await this.context.store.write(() => this.writer.delete(place.key, conditions ?? {}));
    // Azure's front door answers 204 for what is not there.
    if (!done) return { status: 204 };
    await this.operations.settle(done);
    const ended = this.context.operationDelayMs === 0;
    const own =
      'type' in place ? place.type.requests?.statuses?.delete?.(place) : unmodelledStatuses(done.resource.type).deleted;
    return {
      status: (ended && own) || 202,
      operation: pollPlaceOf(done.resource, { ...done, apiVersion: place.apiVersion }),
      hasResult: true,
    };
  }

  async #deleteChild(place: ModelledPlace, { conditions = {}, baseUrl }: DeleteRequest): Promise<Answer> {
    const child = place.child as ChildPlace;
    const parent = this.#resourceAt(place);
    if (!childNamed(childrenIn(parent.document.properties, child.collection), child.name)) return { status: 204 };
    const done = await this.context.store.write(() =>
      this.writer.put({
        ...place,
        conditions,
        baseUrl,
        child: { ...child, method: 'Delete' },
        document: (existing) => withoutChild(parentDocument(existing, place), child),
      }),
    );
    await this.operations.settle(done);
    const operation = pollPlaceOf(done.resource, { ...done, apiVersion: place.apiVersion });
    return { status: 202, operation, hasResult: true };
  }

  /** Runs a POST action. Throws the resource's 404, and what the action refuses. */
  async act({ action, parameters, query, body: given, ...request }: ActionRequest): Promise<Answer> {
    const { resource, apiVersion } = this.existing(request);
    const { requestSchema, answer, run } = action;
    const body = requestSchema && !given.isEmpty ? readBody(given, requestSchema) : undefined;
    const name = (action.path.split('/').at(-1) as string).replace(/^./, (first) => first.toUpperCase());
    const { result, operationId } = await this.change({
      key: resource.key,
      subscriptionId: resource.subscriptionId,
      operation: answer === 'async' ? `${name}Operation` : undefined,
      run: () => run({ resource, lookup: this.store, parameters, query, body, health: this.context.health }),
    });
    if (operationId === undefined) return { status: 200, body: result.body };
    return { status: 202, operation: pollPlaceOf(resource, { operationId, apiVersion }), hasResult: true };
  }

  /** Changes whole documents in one transaction, as actions do, and waits until the data plane follows. */
  async change({ key: subject, subscriptionId, operation, run }: Change) {
    const done = await this.context.store.write(() => {
      const result = run();
      const touched = this.writer.replace(result.writes ?? []);
      const key = subject ?? touched[0] ?? '';
      const operationId =
        operation === undefined
          ? undefined
          : this.writer.recordOperation({ key, subscriptionId }, operation, result.body);
      return { result, touched, key, operationId };
    });
    const { result, touched, key, operationId } = done;
    await this.operations.settle({ resource: { key }, operationId: operationId ?? '', touched });
    return { result, operationId };
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

/** A change of whole documents, by an action. */
interface Change {
  /** Folded id of the resource whose operation it is; the first one that changes when absent. */
  readonly key?: string;
  readonly subscriptionId: string;
  /** Azure's name of the operation that begins; undefined when none does. */
  readonly operation: string | undefined;
  readonly run: () => ActionResult;
}
