/**
 * Writes that are only tried: those of a deployment before any of it is touched, and those of a what-if. They see what the
 * same rehearsal wrote before, and leave no trace.
 */
import { AzureError } from '../../../errors/index.js';
import type { Resource } from '../../../resources/resource-type.js';
import { StoreOverlay } from '../../../store/overlay.js';
import type { ArmContext } from './arm-context.js';
import { checkOpaque, opaqueDocument } from './opaque-resources.js';
import { ResourceLinks } from './references.js';
import {
  documentWrite,
  isModelled,
  type ModelledPlace,
  modelledPlace,
  modelOf,
  type Place,
  type PutRequest,
  placeOf,
  servedApiVersion,
  wellFormedApiVersion,
} from './request.js';
import { refusalToDropChildren } from './request-body.js';
import { ResourceReader, type Shown } from './resource-service.js';
import { completePrincipals, type DocumentWrite, DocumentWriter, type World } from './resource-writer.js';

export class Rehearsal {
  /** What the writes see: everything that is stored, and what this rehearsal wrote. */
  readonly view: StoreOverlay;
  readonly #context: ArmContext;
  readonly #documents: DocumentWriter;
  readonly #links: ResourceLinks;

  constructor(context: ArmContext) {
    this.#context = context;
    this.view = new StoreOverlay(context.store);
    const writing = { clock: context.clock, store: this.view };
    this.#documents = new DocumentWriter(writing);
    this.#links = new ResourceLinks(writing);
  }

  /**
   * Tries a PUT that asks `world` about everything else; without `world` it reads api-version and body. Throws what is
   * refused. False when only a part could be looked at.
   */
  put(request: PutRequest, world: World | undefined): boolean {
    const { id } = request;
    const model = modelOf(id, 'write');
    if (!model) {
      const { strictTypes } = this.#context;
      checkOpaque(id, { apiVersion: wellFormedApiVersion(request.apiVersion), strictTypes });
      return true;
    }
    const apiVersion = servedApiVersion(model.type, request.apiVersion, this.#context);
    const write = documentWrite({ ...modelledPlace(id, model), apiVersion }, request);
    if (world) this.#links.relink(this.#write(write, world), model.type);
    return world !== undefined;
  }

  /**
   * The resource as it would be after a PUT and those of its children; undefined when that cannot be told, as when it would
   * be refused. A child that would be refused is left out.
   */
  preview(request: PutRequest, children: readonly PutRequest[]): Shown | undefined {
    const { resources } = this.view;
    const reader = new ResourceReader(resources);
    const place = this.#tried(request);
    if (!place) return undefined;
    for (const child of children) if (isModelled(child.id)) this.#tried(child);
    const resource = resources.resource(place.key) as Resource;
    if (!('type' in place)) {
      const document = opaqueDocument(request.body, resource.type);
      completePrincipals(document, resource.id);
      return reader.show({ ...resource, document }, '');
    }
    // Only now: what refers to children that the parent's body left out has not lost them.
    this.#links.relink(resource, place.type);
    const { child, apiVersion } = place;
    return child ? reader.child(resource, { ...child, apiVersion }) : reader.show(resource, apiVersion);
  }

  /** Tries a PUT of what exists; undefined when there is nothing yet, or it is refused. */
  #tried(request: PutRequest): Place | ModelledPlace | undefined {
    const { resources: lookup, addresses } = this.view;
    try {
      const place = placeOf(request, 'write', this.#context);
      if (!lookup.resource(place.key)) return undefined;
      if ('type' in place) this.#write(documentWrite(place, request), { lookup, addresses });
      return place;
    } catch (error) {
      if (error instanceof AzureError) return undefined;
      throw error;
    }
  }

  /** No operation begins, and the resource counts as provisioned at once. Its links are left to the caller. */
  #write(write: DocumentWrite, world: World): Resource {
    const place = this.#documents.place(write);
    const resource = this.#documents.complete(write, { provisioningState: 'Succeeded', ...place, ...world });
    const refusal = refusalToDropChildren(world.lookup, place.existing, resource.document);
    if (refusal) throw refusal;
    this.view.resources.save(resource);
    return resource;
  }
}
