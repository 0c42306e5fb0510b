/** The CIDR functions of template expressions, for IPv4 and IPv6. */
import { isIP } from 'node:net';
import type { Json } from '../json.js';
import { define, type FunctionCall, type FunctionDefinition } from './function-call.js';

interface Network {
  readonly bits: 32 | 128;
  /** The first address. */
  readonly address: bigint;
  readonly prefix: number;
}

function parseAddress(text: string): bigint {
  if (isIP(text) === 4) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = ipv4TailToHex(text).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** `::ffff:10.0.0.1` ends in an IPv4 address. */
const ipv4TailToHex = (text: string): string =>
  text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const group = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${group(a, b)}:${group(c, d)}`;
  });

function printAddress(address: bigint, bits: 32 | 128): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  const zeros = /(?:^|:)0(?::0)+(?=:|$)/g;
  const longest = [...groups.join(':').matchAll(zeros)].map(([run]) => run).sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? groups.join(':') : groups.join(':').replace(longest, '::').replace(/:::+/, '::');
}

function networkAt(call: FunctionCall, index: number): Network {
  // Reading and printing an IPv6 address takes about 5 µs.
  call.budget.spend(15);
  const text = call.string(index);
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  if (family === 0 || address.includes('%') || Number(length) > bits) {
    call.fail(`The template language function '${call.name}' was given '${text}', which is no valid CIDR notation.`);
  }
  const host = BigInt(bits - Number(length));
  return { bits, prefix: Number(length), address: (parseAddress(address) >> host) << host };
}

const sizeOf = ({ bits, prefix }: Network): bigint => 1n << BigInt(bits - prefix);

function parseCidr(call: FunctionCall): Json {
  const network = networkAt(call, 0);
  const { bits, address, prefix } = network;
  const print = (value: bigint) => printAddress(value, bits);
  const last = address + sizeOf(network) - 1n;
  const common = {
    network: print(address),
    netmask: print(((1n << BigInt(bits)) - 1n) ^ (sizeOf(network) - 1n)),
    cidr: prefix,
  };
  if (bits === 128) return { ...common, firstUsable: print(address), lastUsable: print(last) };
  const usable = prefix < 31 ? 1n : 0n;
  return { ...common, broadcast: print(last), firstUsable: print(address + usable), lastUsable: print(last - usable) };
}

function cidrSubnet(call: FunctionCall): Json {
  const network = networkAt(call, 0);
  const [prefix, index] = [call.integer(1), call.integer(2)];
  const count = prefix < network.prefix || prefix > network.bits ? 0n : 1n << BigInt(prefix - network.prefix);
  if (index < 0 || BigInt(index) >= count) {
    call.fail(
      `The template language function 'cidrSubnet' found no subnet '${index}' of size '/${prefix}' in '${call.string(0)}'.`,
    );
  }
  const address = network.address + BigInt(index) * (1n << BigInt(network.bits - prefix));
  return `${printAddress(address, network.bits)}/${prefix}`;
}

/** The host after the network address is host 0. */
function cidrHost(call: FunctionCall): Json {
  const network = networkAt(call, 0);
  const offset = BigInt(call.integer(1)) + (network.bits - network.prefix > 1 ? 1n : 0n);
  if (call.integer(1) < 0 || offset >= sizeOf(network)) {
    call.fail(`The template language function 'cidrHost' found no host '${call.integer(1)}' in '${call.string(0)}'.`);
  }
  return printAddress(network.address + offset, network.bits);
}

export const networkFunctions: readonly FunctionDefinition[] = [
  define('cidrHost', 2, cidrHost),
  define('cidrSubnet', 3, cidrSubnet),
  define('parseCidr', 1, parseCidr),
];
