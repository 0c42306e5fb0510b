/** Identifiers that Azure makes up: GUIDs, etags, request ids. The only user of randomness outside `identity/`. */
import { createHash, randomUUID } from 'node:crypto';
/** A fresh GUID in Azure's lower-case form. */
export const newGuid = () => randomUUID();
/** A fresh weak etag as Azure Resource Manager writes it: `W/"<guid>"`. */
export const newEtag = () => `W/"${randomUUID()}"`;
/** The GUID that always belongs to `name`: stable across restarts (used where Azure shows a made-up but lasting GUID). */
export function stableGuid(name) {
    const hex = createHash('sha256').update(name.toLowerCase()).digest('hex');
    const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
/** `text` is a GUID in any casing. */
export const isGuid = (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
//# sourceMappingURL=ids.js.map