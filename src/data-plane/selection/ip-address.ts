/** Addresses as the 32-bit words that the distribution hash, the ACL and the flow table work on. */
import { isIPv6 } from 'node:net';

/**
 * An IPv4 address as one word, read little-endian from network order (the way the kernel's hash loads it), or -1.
 * Allocates nothing: it runs once per connection and once per datagram.
 */
export function ipv4Word(text: string): number {
  let word = 0;
  let octet = -1;
  let shift = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : 46;
    if (code === 46) {
      if (octet < 0 || octet > 255 || shift > 24) return -1;
      word |= octet << shift;
      shift += 8;
      octet = -1;
    } else if (code >= 48 && code <= 57) octet = (octet < 0 ? 0 : octet * 10) + code - 48;
    else return -1;
  }
  return shift === 32 ? word >>> 0 : -1;
}

/** `10.0.0.4:80`, `[fd00::4]:80`. */
export const placeText = (address: string, port: number): string =>
  `${isIPv6(address) ? `[${address}]` : address}:${port}`;

/** The same four bytes, most significant first: 127.0.0.1 is 0x7f000001. */
export const swapWord = (word: number): number =>
  (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;

/** A port in network order, padded with zeros to four bytes and read little-endian. */
export const portWord = (port: number): number => ((port & 0xff) << 8) | (port >>> 8);

/** An IPv4 address as one word, an IPv6 address as four; undefined for anything else. IPv4-mapped IPv6 counts as IPv4. */
export function addressWords(text: string): Uint32Array | undefined {
  const plain = text.startsWith('::ffff:') && text.includes('.') ? text.slice(7) : text;
  const word = ipv4Word(plain);
  if (word >= 0) return Uint32Array.of(word);
  const zoneAt = plain.indexOf('%');
  const address = zoneAt < 0 ? plain : plain.slice(0, zoneAt);
  return isIPv6(address) ? ipv6Words(address) : undefined;
}

function ipv6Words(text: string): Uint32Array {
  const [head = '', tail] = text.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...new Array<number>(zeros).fill(0), ...back];
  const words = new Uint32Array(4);
  for (let index = 0; index < 8; index++) {
    const group = portWord(groups[index] ?? 0);
    words[index >> 1] = (words[index >> 1] as number) | (group << (16 * (index & 1)));
  }
  return words;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const bigEndian = swapWord(ipv4Word(part));
    return [bigEndian >>> 16, bigEndian & 0xffff];
  });
}

/** In 127.0.0.0/8. */
export const isLoopbackWord = (word: number): boolean => (word & 0xff) === 127;

/** 127.0.0.1 as a word. */
export const localhostWord = 0x0100007f;
