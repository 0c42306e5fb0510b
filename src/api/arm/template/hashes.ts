/** `uniqueString`, `guid` and `templateHash`: the same arguments give the same text. */
import { createHash } from 'node:crypto';
import { isObject, type Json, type JsonObject } from './json.js';

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const mixFirst = (word: number): number => Math.imul(rotate(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
const mixSecond = (word: number): number => Math.imul(rotate(Math.imul(word, 0xab0e9789), 17), 0x239b961b);

/** Four bytes, least significant first; bytes past the end count as 0. */
const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);

/** The MurmurHash variant of 64 bits (two halves of 32) that Azure hashes template text with. */
export function murmurHash64(text: string): bigint {
  const bytes = Buffer.from(text, 'utf8');
  let [low, high] = [0, 0];
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    low = (rotate(low ^ mixFirst(wordAt(bytes, at)), 19) + high) | 0;
    low = (Math.imul(low, 5) + 0x561ccd1b) | 0;
    high = (rotate(high ^ mixSecond(wordAt(bytes, at + 4)), 13) + low) | 0;
    high = (Math.imul(high, 5) + 0x0bcaa747) | 0;
  }
  if (at < bytes.length) low ^= mixFirst(wordAt(bytes, at));
  if (at + 4 < bytes.length) high ^= mixSecond(wordAt(bytes, at + 4));
  low ^= bytes.length;
  high ^= bytes.length;
  low = (low + high) | 0;
  high = (high + low) | 0;
  low = finish(low);
  high = finish(high);
  low = (low + high) | 0;
  high = (high + low) | 0;
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Thirteen characters that depend on `values` alone. */
export function uniqueString(values: readonly string[]): string {
  const hash = murmurHash64(values.join('-'));
  // 13 × 5 bits are one more than there are: the last character carries the lowest four.
  return Array.from({ length: 13 }, (_, index) => {
    const bits = ((hash << BigInt(index * 5)) >> 59n) & 31n;
    return 'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number(bits));
  }).join('');
}

/** The namespace in which Azure names the GUIDs of `guid()`. */
const guidNamespace = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex');

/** The version 5 GUID that belongs to `values`. */
export function templateGuid(values: readonly string[]): string {
  const hash = createHash('sha1').update(guidNamespace).update(values.join('-'), 'utf8').digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** `value` as JSON with sorted members and no blanks. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${members.join(',')}}`;
}

/** Characters of a piece: about as much work as another part of a plan, of which several share a turn of the loop. */
const charactersPerPiece = 4 * 1024;

/** What `canonicalJson` answers, made in pieces. */
function* canonicalJsonInPieces(value: Json): Generator<void, string> {
  let untilPause = charactersPerPiece;
  function* textOf(value: Json): Generator<void, string> {
    if (typeof value !== 'object' || value === null) {
      const text = JSON.stringify(value);
      untilPause -= text.length;
      return text;
    }
    const keys = isObject(value) ? Object.keys(value).sort() : value.keys();
    const parts: string[] = [];
    for (const key of keys) {
      if (untilPause < 0) {
        yield;
        untilPause = charactersPerPiece;
      }
      const part = yield* textOf((value as JsonObject)[key] as Json);
      parts.push(typeof key === 'string' ? `${JSON.stringify(key)}:${part}` : part);
    }
    return isObject(value) ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
  }
  return yield* textOf(value);
}

/** Templates never change once they are read, and each is shown many times. */
const hashes = new WeakMap<object, string>();

/**
 * The hash of `template` as Azure writes it, a 64-bit number in decimal; other requests may run between its pieces.
 * differs: Azure's canonical form is not known, so the number is another one than Azure's.
 */
export function* templateHash(template: Json): Generator<void, string> {
  const key = typeof template === 'object' && template !== null ? template : undefined;
  const known = key && hashes.get(key);
  if (known !== undefined) return known;
  const hash = murmurHash64(yield* canonicalJsonInPieces(template)).toString();
  if (key) hashes.set(key, hash);
  return hash;
}
