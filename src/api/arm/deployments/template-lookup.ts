/**
 * The lookup that sees the template's own resources and those that exist: what the resources of a deployment can know of
 * others before anything is deployed. What does not exist yet, and what resources outside of the template hold or use, is
 * looked at again while the deployment runs.
 */
import { findResourceType } from '../../../resources/registry.js';
import { rootKey } from '../../../resources/resource-id.js';
import type {
  AddressClaim,
  Addresses,
  BlockClaim,
  ClaimResult,
  Link,
  Lookup,
  Resource,
} from '../../../resources/resource-type.js';
import type { StoreOverlay } from '../../../store/overlay.js';

/** The answer depends on what the template does not say. */
export class OutsideTemplate extends Error {
  override readonly name = 'OutsideTemplate';
}

/** Sees what has been rehearsed. Throws `OutsideTemplate` where something else would have a say. */
export class TemplateLookup implements Lookup, Addresses {
  readonly #store: StoreOverlay;
  /** Folded ids of top-level resources. */
  readonly #rehearsed = new Set<string>();

  constructor(store: StoreOverlay) {
    this.#store = store;
  }

  /** Lets later questions see the top-level resource `key`. */
  add(key: string): void {
    this.#rehearsed.add(key);
  }

  has(key: string): boolean {
    return this.#rehearsed.has(key);
  }

  resource(key: string): Resource | undefined {
    const found = this.#store.resources.resource(key);
    if (this.has(key) || found) return found;
    const [namespace = '', type = ''] = key.split('/').slice(-3);
    // Types without a model cannot be missing, and nothing is known of them.
    if (!findResourceType(`${namespace}/${type}`)) return undefined;
    throw new OutsideTemplate(key);
  }

  linksInto(key: string): readonly Link[] {
    const links = this.#store.resources.linksInto(key);
    for (const { sourceId } of links) this.#expect(rootKey(sourceId));
    return links;
  }

  everyOfType(type: string): Iterable<Resource> {
    const all = this.#store.resources.everyOfType(type);
    for (const { key } of all) this.#expect(key);
    return all;
  }

  get publicPrefix(): Addresses['publicPrefix'] {
    return this.#store.addresses.publicPrefix;
  }

  claim(claim: AddressClaim): ClaimResult {
    const result = this.#store.addresses.claim(claim);
    if (!('conflict' in result)) return result;
    if (result.conflict === 'full') throw new OutsideTemplate(claim.pool);
    this.#expect(rootKey(result.holder));
    return result;
  }

  claimBlock(claim: BlockClaim): { readonly prefix: string } {
    const result = this.#store.addresses.claimBlock(claim);
    if ('conflict' in result) throw new OutsideTemplate(claim.pool);
    return result;
  }

  #expect(key: string): void {
    if (!this.has(key)) throw new OutsideTemplate(key);
  }
}
