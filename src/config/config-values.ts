/**
 * How the values of options are read: each reader takes what was written and throws a reason that completes "--name …". And
 * the tenant and subscription that there are without an option.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isGuid } from '../support/ids.js';
import { type AddressMapping, type IpPrefix, parseIpNetwork, sizeOf } from '../support/ip-address.js';
import { UsageError } from '../support/usage-error.js';

/** Reads the texts given for one option; without `repeatable` there is one. */
export type Parse<Value> = (written: readonly string[]) => Value;

const last = (written: readonly string[]): string => written.at(-1) ?? '';

const refuse = (reason: string): never => {
  throw new UsageError(reason);
};

export const optionalText: Parse<string | undefined> = (written) => last(written) || undefined;

export const postgresUrl: Parse<string | undefined> = (written) => {
  const text = last(written) || undefined;
  if (text !== undefined && !/^postgres(ql)?:\/\//.test(text)) refuse('must begin with postgresql://');
  return text;
};

export const folder: Parse<string> = (written) => resolve(last(written) || refuse('must name a folder'));

export const switched: Parse<boolean> = (written) => {
  const text = last(written).toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off', ''].includes(text)) return false;
  return refuse(`must be true or false, not '${text}'`);
};

export const oneOf =
  <const Choice extends string>(...choices: readonly Choice[]): Parse<Choice> =>
  (written) =>
    choices.find((choice) => choice === last(written)) ??
    refuse(`must be one of ${choices.join(', ')}, not '${last(written)}'`);

export const wholeNumber =
  ({ atMost }: { atMost: number }): Parse<number> =>
  (written) =>
    /^\d+$/.test(last(written)) && Number(last(written)) <= atMost
      ? Number(last(written))
      : refuse(`must be a whole number from 0 to ${atMost}, not '${last(written)}'`);

export const hostName: Parse<string> = (written) =>
  // Node's pattern for addresses takes long to compile, and most starts need it for nothing else.
  /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(last(written)) || isIP(last(written))
    ? last(written)
    : refuse(`must be a host name or an IP address, not '${last(written)}'`);

export const dnsNames: Parse<readonly string[]> = (written) =>
  written
    .filter((name) => name !== '')
    .map((name) =>
      /^(\*\.)?[a-z\d_]([a-z\d_.-]*[a-z\d])?$/i.test(name) || isIP(name)
        ? name.toLowerCase()
        : refuse(`must be a DNS name or an IP address, not '${name}'`),
    );

export const furtherAddresses: Parse<readonly string[]> = (written) =>
  written
    .filter((address) => address !== '')
    .map((address) =>
      address === 'own' || isIP(address) === 4 ? address : refuse(`must be an IPv4 address or own, not '${address}'`),
    );

export const interfaceName: Parse<string | undefined> = (written) =>
  last(written) === '' || /^[\w.@:-]{1,15}$/.test(last(written))
    ? last(written) || undefined
    : refuse(`must be a network interface, not '${last(written)}'`);

export const scale: Parse<number> = (written) => {
  const number = Number(last(written));
  return last(written) !== '' && number >= 0.001 && number <= 100_000
    ? number
    : refuse(`must be a number from 0.001 to 100000, not '${last(written)}'`);
};

/** The network that public addresses of each version are taken from. */
export interface PublicIpPool {
  readonly IPv4: IpPrefix;
  readonly IPv6: IpPrefix;
}

export const defaultPublicIpPool = '127.255.0.0/16,fd7f:1a2b::/48';

/** A version that nothing is written for has its default. */
export const publicIpPool: Parse<PublicIpPool> = (written) => {
  const networks = [...defaultPublicIpPool.split(','), ...written].map((text) => {
    const network =
      parseIpNetwork(text) ?? refuse(`must be a network like 127.255.0.0/16 or fd7f:1a2b::/48, not '${text}'`);
    return sizeOf(network) >= 4 ? network : refuse(`must hold at least four addresses, and '${text}' does not`);
  });
  const lastOf = (version: 4 | 6) => networks.findLast((network) => network.version === version) as IpPrefix;
  return { IPv4: lastOf(4), IPv6: lastOf(6) };
};

const mapping = (text: string): AddressMapping => {
  const [from, to, ...rest] = text.split('=').map(parseIpNetwork);
  if (!from || !to || rest.length > 0) return refuse(`must be CIDR=CIDR, like 10.0.0.0/8=127.0.0.0/8, not '${text}'`);
  return from.version === to.version && from.length === to.length
    ? { from, to }
    : refuse(`must name two networks of one size, and those of '${text}' differ`);
};

export const mappings: Parse<readonly AddressMapping[]> = (written) => {
  if (!written.includes('none')) return written.map(mapping);
  return written.length === 1 ? [] : refuse("cannot be 'none' and a network at once");
};

/** The tenant of every subscription, of managed identities, and of sign-ins that name no GUID. */
export const defaultTenantId = '11111111-1111-1111-1111-111111111111';

/** The tenant that a path segment means. */
export const tenantIdOf = (segment: string): string => (isGuid(segment) ? segment.toLowerCase() : defaultTenantId);

/** The subscription that is there from the start; every other GUID works too, from its first use on. */
export const defaultSubscriptionId = '00000000-0000-0000-0000-000000000001';

/** A GUID as a pattern of the router, which knows patterns by their text: the classic API writes it the same way. */
const guid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

/**
 * Registers a route for every tenant, by name and by GUID. A path that begins with a GUID is otherwise a classic
 * subscription's: the router prefers a pattern to a plain parameter, and within one pattern the longer match.
 */
export function forEveryTenant(rest: string, register: (path: string) => unknown): void {
  register(`/:tenant${rest}`);
  register(`/:tenant(^${guid}$)${rest}`);
}
