/**
 * The lookup that sees the template's own resources and those that exist: what the resources of a deployment can know of
 * others before anything is deployed. What does not exist yet, and what resources outside of the template hold or use, is
 * looked at again while the deployment runs.
 */
import { findResourceType } from '../../../resources/registry.js';
import { rootKey } from '../../../resources/resource-id.js';
/** The answer depends on what the template does not say. */
export class OutsideTemplate extends Error {
    name = 'OutsideTemplate';
}
/** Sees what has been rehearsed. Throws `OutsideTemplate` where something else would have a say. */
export class TemplateLookup {
    #store;
    /** Folded ids of top-level resources. */
    #rehearsed = new Set();
    constructor(store) {
        this.#store = store;
    }
    /** Lets later questions see the top-level resource `key`. */
    add(key) {
        this.#rehearsed.add(key);
    }
    has(key) {
        return this.#rehearsed.has(key);
    }
    resource(key) {
        const found = this.#store.resources.resource(key);
        if (this.has(key) || found)
            return found;
        const [namespace = '', type = ''] = key.split('/').slice(-3);
        // Types without a model cannot be missing, and nothing is known of them.
        if (!findResourceType(`${namespace}/${type}`))
            return undefined;
        throw new OutsideTemplate(key);
    }
    linksInto(key) {
        const links = this.#store.resources.linksInto(key);
        for (const { sourceId } of links)
            this.#expect(rootKey(sourceId));
        return links;
    }
    everyOfType(type) {
        const all = this.#store.resources.everyOfType(type);
        for (const { key } of all)
            this.#expect(key);
        return all;
    }
    get publicPrefix() {
        return this.#store.addresses.publicPrefix;
    }
    claim(claim) {
        const result = this.#store.addresses.claim(claim);
        if (!('conflict' in result))
            return result;
        if (result.conflict === 'full')
            throw new OutsideTemplate(claim.pool);
        this.#expect(rootKey(result.holder));
        return result;
    }
    claimBlock(claim) {
        const result = this.#store.addresses.claimBlock(claim);
        if ('conflict' in result)
            throw new OutsideTemplate(claim.pool);
        return result;
    }
    #expect(key) {
        if (!this.has(key))
            throw new OutsideTemplate(key);
    }
}
//# sourceMappingURL=template-lookup.js.map