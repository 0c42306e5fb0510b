/** Identifiers: GUIDs, etags and request ids that Azure makes up, labels of domain names that people do. The only user of randomness outside `identity/`. */
import { createHash, randomUUID } from 'node:crypto';

/** A fresh GUID in Azure's lower-case form. */
export const newGuid = (): string => randomUUID();

/** A fresh weak etag as Azure Resource Manager writes it: `W/"<guid>"`. */
export const newEtag = (): string => `W/"${randomUUID()}"`;

/** The GUID that always belongs to `name`: stable across restarts (used where Azure shows a made-up but lasting GUID). */
export function stableGuid(name: string): string {
  const hex = createHash('sha256').update(name.toLowerCase()).digest('hex');
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * What may be one label of a domain name in Azure. The two differ: Resource Manager's refusal states its own expression,
 * with a letter first and three characters at least; the classic API takes any label that DNS knows, in any casing.
 */
export const dnsLabels = {
  publicIpAddress: /^[a-z][a-z0-9-]{1,61}[a-z0-9]$/,
  cloudService: /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i,
} as const;

/** `text` is a GUID in any casing. */
export const isGuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
