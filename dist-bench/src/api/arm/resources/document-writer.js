/**
 * Makes the documents that writes store: references resolved, defaults filled in, checked. It decides nothing about who may
 * write and begins no operation, so that a write can be tried as well as made.
 */
import { defaultTenantId as tenantId } from '../../../config/tenant.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey } from '../../../resources/resource-id.js';
import { schemaOf, } from '../../../resources/resource-type.js';
import { completeIdentity } from '../../../resources/unmodelled-types.js';
import { newEtag, newGuid } from '../../../support/ids.js';
import { alike } from '../../../support/plain-data.js';
import { lookupAfter, resolveReferences } from './references.js';
import { checkNames } from './request-body.js';
function firstOf(refusals) {
    for (const refusal of refusals ?? [])
        return refusal;
    return undefined;
}
/** Gives a managed identity its principals, as the directory does for resources of every type. */
export function completePrincipals(document, id) {
    const given = document;
    if (given.identity)
        given.identity = completeIdentity(given.identity, { id, tenantId });
}
/** Fills in collections that a PUT keeps when it leaves them out. */
function keepLeftOut(properties, { before, schema, apiVersion, }) {
    for (const [name, { keptSince }] of Object.entries(schema.properties?.properties?.properties ?? {})) {
        if (keptSince === undefined || apiVersion < keptSince || name in properties || before?.[name] === undefined)
            continue;
        properties[name] = structuredClone(before[name]);
    }
}
export class DocumentWriter {
    context;
    constructor(context) {
        this.context = context;
    }
    /** Where `write` goes, and what is there. */
    place({ type, id }) {
        const key = idKey(formatResourceId({ ...id, namespace: type.type.split('/')[0] }));
        const existing = this.context.store.resources.resource(key);
        return { key, existing, idText: existing?.id ?? this.#idAsCreated(id, type) };
    }
    /**
     * The document with its references resolved and its defaults filled in. Frees the addresses of the resource and claims
     * those that it has from now on. Throws what is refused.
     */
    complete(write, { key, idText, existing, lookup, addresses }) {
        const { type, id, apiVersion, child } = write;
        const document = write.document(existing);
        completePrincipals(document, idText);
        const schema = schemaOf(type);
        keepLeftOut(document.properties, { before: existing?.document.properties, schema, apiVersion });
        checkNames(document, type, { id: idText, name: existing?.name ?? id.names[0] });
        resolveReferences(document, {
            idText,
            type: type.type,
            schema,
            lookup,
            canonicalType: (name) => findResourceType(name)?.type,
        });
        this.context.store.addresses.release(key);
        const context = { id, idText, apiVersion, document, existing, child, lookup, addresses, newGuid };
        type.defaults?.(context);
        const written = this.resource({ write, key, idText, existing, document }, 'Succeeded');
        const refusal = firstOf(type.check?.(context, lookupAfter(lookup, written, type)));
        if (refusal)
            throw refusal;
        return document;
    }
    /** The resource to store: the existing one itself when nothing changes. */
    resource({ write: { type, id }, key, idText, existing, document }, provisioningState) {
        const now = this.context.clock.timestamp();
        const same = existing !== undefined && alike(existing.document, document);
        if (same && existing.provisioningState === provisioningState)
            return existing;
        return {
            key,
            id: idText,
            type: type.type,
            subscriptionId: id.subscriptionId.toLowerCase(),
            resourceGroup: id.resourceGroup.toLowerCase(),
            name: existing?.name ?? id.names[0],
            etag: newEtag(),
            provisioningState,
            document,
            createdTime: existing?.createdTime ?? now,
            changedTime: now,
        };
    }
    /** The id under which a new resource is stored: canonical type, group as the group was created. */
    #idAsCreated(id, type) {
        const group = this.context.store.resources.group(id.subscriptionId, id.resourceGroup);
        const [namespace, ...types] = type.type.split('/');
        const subscriptionId = id.subscriptionId.toLowerCase();
        const resourceGroup = group?.name ?? id.resourceGroup;
        return formatResourceId({ ...id, subscriptionId, resourceGroup, namespace, types });
    }
}
//# sourceMappingURL=document-writer.js.map