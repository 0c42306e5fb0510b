/** Changes to values, texts and bytes: what a broken or hostile client sends in place of what is right. */
import type { Random } from './random.js';

/** Values of every kind where one of another kind is expected, and names that JavaScript reads in its own way. */
const strange: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  4,
  65_536,
  2 ** 31,
  2 ** 53,
  1.5,
  -0,
  1e308,
  '',
  ' ',
  '0',
  'null',
  'Standard',
  '*',
  '..',
  '%2F',
  '\u0000',
  '\ud800',
  '\ufeff',
  '\u202e',
  'é'.repeat(300),
  'a'.repeat(5_000),
  '10.0.0.0/0',
  '::/0',
  '999.1.1.1',
  '10.0.0.4',
  '0-65535',
  '65535-1',
  [],
  [null],
  [[]],
  {},
  { toString: 1 },
  { valueOf: null },
  { constructor: { prototype: 1 } },
  { id: '' },
  { id: '/' },
  { id: '/subscriptions' },
  { id: 7 },
  [{}],
  [{ name: null }],
  [{ name: 'a' }, { name: 'A' }],
  { properties: null },
  { properties: [] },
  '[concat(',
  "[parameters('x')]",
  '[[x]',
  '$',
  "'",
  '"',
  '<x/>',
  '\r\nX: y',
];

const names = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'id',
  'name',
  'type',
  'properties',
  'location',
  'etag',
  '',
];

/** A value nested `depth` times, as text: `JSON.stringify` itself would not survive it. */
const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

type Holder = Record<string, unknown>;

const isHolder = (value: unknown): value is Holder => value !== null && typeof value === 'object';

/** Every place in `value`: what holds it, and under which key. */
function placesOf(value: Holder): [Holder, string][] {
  const places: [Holder, string][] = [];
  const visit = (holder: Holder): void => {
    for (const [key, held] of Object.entries(holder)) {
      places.push([holder, key]);
      if (isHolder(held)) visit(held);
    }
  };
  visit(value);
  return places;
}

/** A copy of `value` with up to three changes; `ids` are resource ids that exist or look as if they did. */
export function mutateValue(random: Random, value: unknown, ids: readonly string[]): unknown {
  const copy: Holder = { root: structuredClone(value) };
  for (let changes = random.below(4); changes > 0; changes--) {
    const places = placesOf(copy);
    if (places.length === 0) break;
    const [holder, key] = random.of(places);
    const [otherHolder, otherKey] = random.of(places);
    const change = random.below(7);
    const held = holder[key];
    if (change === 0) delete holder[key];
    else if (change === 1) holder[key] = structuredClone(otherHolder[otherKey]);
    else if (change === 2 && Array.isArray(held)) held.push(...structuredClone(held));
    else if (change === 3 && isHolder(held)) setOwn(held, random);
    else if (change === 4) holder[key] = typeof held === 'string' ? mutateText(random, held) : [held];
    else if (change === 5) holder[key] = random.of(ids);
    else holder[key] = structuredClone(random.of(strange));
  }
  return copy.root;
}

function setOwn(object: Holder, random: Random): void {
  const name = random.of(names);
  Object.defineProperty(object, name, {
    value: structuredClone(random.of(strange)),
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** `text` with one change of its characters. */
export function mutateText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const piece = () => {
    const value = random.of(strange);
    return typeof value === 'string' ? value : String(JSON.stringify(value));
  };
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + piece() + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(Math.min(text.length, at + 1 + random.below(8)));
    case 3:
      return random.oneIn(2) ? text.toUpperCase() : text.toLowerCase();
    case 4:
      return text.slice(0, at) + text.slice(random.below(text.length + 1), at + 40) + text.slice(at);
    default:
      return piece();
  }
}

/** `value` as the bytes of a body: mostly JSON, now and then JSON that is damaged, deep, or in another encoding. */
export function jsonBody(random: Random, value: unknown): Buffer {
  const text = JSON.stringify(value) ?? '';
  if (!random.oneIn(12)) return Buffer.from(text);
  switch (random.below(6)) {
    case 0:
      return Buffer.from(`\ufeff${text}`);
    case 1:
      return Buffer.from(text, 'utf16le');
    case 2:
      return Buffer.from(
        nested(
          2 + random.below(20_000),
          random.of<readonly [string, string]>([
            ['[', ']'],
            ['{"a":', '}'],
          ]),
        ),
      );
    case 3:
      return Buffer.from(text.replace(/"([^"]+)":/, `"$1":${nested(1 + random.below(3_000), ['[', ']'])},"$1":`));
    case 4:
      return mutateBytes(random, Buffer.from(text));
    default:
      return Buffer.from(mutateText(random, text));
  }
}

/** `bytes` with some of them changed, or cut off. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  if (random.oneIn(4)) return bytes.subarray(0, random.below(bytes.length + 1));
  const copy = Buffer.from(bytes);
  for (let changes = 1 + random.below(8); changes > 0 && copy.length > 0; changes--) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return copy;
}
