/**
 * Reads certificates out of PKCS #12 archives (.pfx), also those that Windows and OpenSSL made in the years of RC2 and Triple
 * DES, which Node's own TLS no longer opens. Imitates RFC 7292 and, for RC2, RFC 2268.
 */
import { createDecipheriv, createHash, createHmac, pbkdf2 } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

const hashPassword = promisify(pbkdf2);

/** The archive cannot be opened; the message says why. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
}

/** Neither may keep this process busy for long: the archive says how often its password is hashed. A caller waits, others do not. */
const maxIterations = { pbkdf2: 600_000, pkcs12: 100_000 };
/** Hashes between two pauses, in which other requests are answered: some milliseconds. */
const hashesInSlice = 1000;

/** One element of BER or DER. */
interface Element {
  readonly tag: number;
  readonly body: Buffer;
  /** Where the next element begins. */
  readonly end: number;
}

const maxDepth = 32;

function readElement(data: Buffer, at: number, depth = 0): Element {
  const [tag, first] = [data[at], data[at + 1]];
  if (tag === undefined || first === undefined || depth > maxDepth) throw new Pkcs12Error('it is cut off');
  if (first === 0x80) {
    let end = at + 2;
    while (data[end] !== 0 || data[end + 1] !== 0) end = readElement(data, end, depth + 1).end;
    return { tag, body: data.subarray(at + 2, end), end: end + 2 };
  }
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + octets;
  if (octets > 4 || start > data.length) throw new Pkcs12Error('it is cut off');
  const length = octets === 0 ? first : data.readUIntBE(at + 2, octets);
  if (start + length > data.length) throw new Pkcs12Error('it is cut off');
  return { tag, body: data.subarray(start, start + length), end: start + length };
}

function children({ body }: Element): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < body.length; ) {
    const element = readElement(body, at);
    found.push(element);
    at = element.end;
  }
  return found;
}

/** The nth element within `element`. */
function child(element: Element, index: number): Element {
  const found = children(element)[index];
  if (!found) throw new Pkcs12Error('an element is missing');
  return found;
}

/** An octet string, which BER may have cut into pieces. */
const octets = (element: Element): Buffer =>
  (element.tag & 0x20) === 0 ? element.body : Buffer.concat(children(element).map(octets));

/** An object identifier in dots. */
function identifier({ body }: Element): string {
  const arcs: number[] = [];
  let value = 0;
  for (const octet of body) {
    value = value * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0)
      arcs.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else arcs.push(value);
    value = 0;
  }
  return arcs.join('.');
}

function smallInteger({ body }: Element): number {
  if (body.length === 0 || body.length > 6) throw new Pkcs12Error('a number is too large');
  return body.readUIntBE(0, body.length);
}

function iterations(element: Element, kind: keyof typeof maxIterations): number {
  const count = smallInteger(element);
  if (count >= 1 && count <= maxIterations[kind]) return count;
  throw new Pkcs12Error(`its password is hashed ${count} times, and at most ${maxIterations[kind]} are allowed`);
}

/** `text` repeated to fill whole blocks. */
function blocks(text: Buffer, size: number): Buffer {
  const length = Math.ceil(text.length / size) * size;
  return Buffer.from(Uint8Array.from({ length }, (_, index) => text[index % text.length] as number));
}

/** What the derived bytes are for: RFC 7292, B.3. */
const purpose = { key: 1, iv: 2, mac: 3 } as const;

interface Derivation {
  readonly password: Buffer;
  readonly salt: Buffer;
  readonly count: number;
  readonly hash?: string;
}

/** RFC 7292, B.2. */
async function derive(
  id: number,
  length: number,
  { password, salt, count, hash = 'sha1' }: Derivation,
): Promise<Buffer> {
  const blockSize = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const diversifier = Buffer.alloc(blockSize, id);
  const input = Buffer.concat([blocks(salt, blockSize), blocks(password, blockSize)]);
  const derived: Buffer[] = [];
  for (let have = 0; have < length; ) {
    let digest = createHash(hash).update(diversifier).update(input).digest();
    for (let round = 1; round < count; round++) {
      if (round % hashesInSlice === 0) await setImmediate();
      digest = createHash(hash).update(digest).digest();
    }
    derived.push(digest);
    have += digest.length;
    const addend = blocks(
      Buffer.concat(Array.from({ length: blockSize }, () => digest)).subarray(0, blockSize),
      blockSize,
    );
    for (let block = 0; block < input.length; block += blockSize) {
      let carry = 1;
      for (let at = blockSize - 1; at >= 0; at--) {
        carry += (input[block + at] as number) + (addend[at] as number);
        input[block + at] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(derived).subarray(0, length);
}

/** RFC 2268, section 2. */
const rc2Permutation = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b255597312d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

const permuted = (value: number): number => rc2Permutation[value & 0xff] as number;

/** RFC 2268, section 2: all bits of `key` count. */
function rc2Words(key: Buffer): Uint16Array {
  const expanded = Buffer.alloc(128);
  key.copy(expanded);
  const at = (index: number) => expanded[index] as number;
  for (let index = key.length; index < 128; index++) expanded[index] = permuted(at(index - 1) + at(index - key.length));
  expanded[128 - key.length] = permuted(at(128 - key.length));
  for (let index = 127 - key.length; index >= 0; index--)
    expanded[index] = permuted(at(index + 1) ^ at(index + key.length));
  return Uint16Array.from({ length: 64 }, (_, index) => expanded.readUInt16LE(2 * index));
}

const rc2Rotations = [1, 2, 3, 5];

/** RFC 2268, section 4, for one block of eight bytes. */
function rc2Block(words: Uint16Array, block: Buffer): Buffer {
  const state = Uint16Array.from({ length: 4 }, (_, index) => block.readUInt16LE(2 * index));
  const before = (index: number, distance: number) => state[(index + 4 - distance) % 4] as number;
  let next = 63;
  const unmix = () => {
    for (let index = 3; index >= 0; index--) {
      const rotation = rc2Rotations[index] as number;
      const value = state[index] as number;
      const rotated = (value >>> rotation) | (value << (16 - rotation));
      const chosen = (before(index, 1) & before(index, 2)) + (~before(index, 1) & before(index, 3));
      state[index] = rotated - (words[next--] as number) - chosen;
    }
  };
  const unmash = () => {
    for (let index = 3; index >= 0; index--)
      state[index] = (state[index] as number) - (words[before(index, 1) & 63] as number);
  };
  for (const rounds of [5, 6, 5]) {
    if (next < 63) unmash();
    for (let round = 0; round < rounds; round++) unmix();
  }
  const plain = Buffer.alloc(8);
  for (const [index, word] of state.entries()) plain.writeUInt16LE(word, 2 * index);
  return plain;
}

function rc2Decrypt(key: Buffer, iv: Buffer, data: Buffer): Buffer {
  const words = rc2Words(key);
  const plain: Buffer[] = [];
  let previous = iv;
  for (let at = 0; at + 8 <= data.length; at += 8) {
    const block = data.subarray(at, at + 8);
    const chained = previous;
    plain.push(Buffer.from(rc2Block(words, block).map((octet, index) => octet ^ (chained[index] as number))));
    previous = block;
  }
  const joined = Buffer.concat(plain);
  const padding = joined.at(-1) ?? 0;
  if (padding < 1 || padding > 8) throw new Pkcs12Error('the password is wrong');
  return joined.subarray(0, joined.length - padding);
}

function nodeDecrypt(cipher: string, { key, iv, data }: { key: Buffer; iv: Buffer; data: Buffer }): Buffer {
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch {
    throw new Pkcs12Error('the password is wrong');
  }
}

/** Password-based encryption of RFC 7292, appendix C: bytes of the key and cipher, by identifier. */
const pkcs12Schemes: ReadonlyMap<string, { readonly keyLength: number; readonly cipher: 'des-ede3-cbc' | 'rc2' }> =
  new Map([
    ['1.2.840.113549.1.12.1.3', { keyLength: 24, cipher: 'des-ede3-cbc' }],
    ['1.2.840.113549.1.12.1.4', { keyLength: 16, cipher: 'des-ede3-cbc' }],
    ['1.2.840.113549.1.12.1.5', { keyLength: 16, cipher: 'rc2' }],
    ['1.2.840.113549.1.12.1.6', { keyLength: 5, cipher: 'rc2' }],
  ]);

const pbes2 = '1.2.840.113549.1.5.13';

const ciphers: ReadonlyMap<string, { readonly cipher: string; readonly keyLength: number }> = new Map([
  ['2.16.840.1.101.3.4.1.2', { cipher: 'aes-128-cbc', keyLength: 16 }],
  ['2.16.840.1.101.3.4.1.22', { cipher: 'aes-192-cbc', keyLength: 24 }],
  ['2.16.840.1.101.3.4.1.42', { cipher: 'aes-256-cbc', keyLength: 32 }],
  ['1.2.840.113549.3.7', { cipher: 'des-ede3-cbc', keyLength: 24 }],
]);

const hashes: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The entry of an algorithm identifier. */
function known<T>(table: ReadonlyMap<string, T>, algorithm: Element): T {
  const name = identifier(child(algorithm, 0));
  const found = table.get(name);
  if (found === undefined) throw new Pkcs12Error(`the algorithm ${name} is not known`);
  return found;
}

/** A password as PKCS #12 hashes it (UTF-16 with a null at the end) and as PBES2 does (UTF-8). */
interface Password {
  readonly utf16: Buffer;
  readonly utf8: Buffer;
}

async function decrypt(algorithm: Element, data: Buffer, { utf16, utf8 }: Password): Promise<Buffer> {
  const parameters = child(algorithm, 1);
  if (identifier(child(algorithm, 0)) !== pbes2) {
    const { keyLength, cipher } = known(pkcs12Schemes, algorithm);
    const count = iterations(child(parameters, 1), 'pkcs12');
    const derivation = { password: utf16, salt: octets(child(parameters, 0)), count };
    const iv = await derive(purpose.iv, 8, derivation);
    const key = await derive(purpose.key, keyLength, derivation);
    if (cipher === 'rc2') return rc2Decrypt(key, iv, data);
    const whole = keyLength === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key;
    return nodeDecrypt(cipher, { key: whole, iv, data });
  }
  const { cipher, keyLength } = known(ciphers, child(parameters, 1));
  const [salt, count, ...rest] = children(child(child(parameters, 0), 1));
  if (!salt || !count) throw new Pkcs12Error('an element is missing');
  const prf = rest.find(({ tag }) => tag === 0x30);
  const hash = prf ? known(hashes, prf) : 'sha1';
  const key = await hashPassword(utf8, octets(salt), iterations(count, 'pbkdf2'), keyLength, hash);
  return nodeDecrypt(cipher, { key, iv: octets(child(child(parameters, 1), 1)), data });
}

/** Whether the archive's own checksum is right under the password; an archive without one is. */
async function verifies(macData: Element | undefined, content: Buffer, { utf16 }: Password): Promise<boolean> {
  if (!macData) return true;
  const [digestInfo, salt, count] = children(macData);
  if (!digestInfo || !salt) throw new Pkcs12Error('an element is missing');
  const hash = known(hashes, child(digestInfo, 0));
  const expected = octets(child(digestInfo, 1));
  const derivation = { password: utf16, salt: octets(salt), count: count ? iterations(count, 'pkcs12') : 1, hash };
  return createHmac(hash, await derive(purpose.mac, expected.length, derivation))
    .update(content)
    .digest()
    .equals(expected);
}

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  localKeyId: '1.2.840.113549.1.9.21',
};

/** The safe contents of one content info; undefined for kinds that hold none (public-key encryption). */
async function safeContents(info: Element, password: Password): Promise<Element | undefined> {
  const kind = identifier(child(info, 0));
  const content = child(child(info, 1), 0);
  if (kind === oid.data) return readElement(octets(content), 0);
  if (kind !== oid.encryptedData) return undefined;
  const [, algorithm, encrypted] = children(child(content, 1));
  if (!algorithm || !encrypted) throw new Pkcs12Error('an element is missing');
  return readElement(await decrypt(algorithm, octets(encrypted), password), 0);
}

/** The localKeyId of a bag, in hex: a key and its certificate have the same. */
function localKeyId(bag: Element): string | undefined {
  const attributes = children(bag)[2];
  const attribute = attributes && children(attributes).find((one) => identifier(child(one, 0)) === oid.localKeyId);
  return attribute && octets(child(child(attribute, 1), 0)).toString('hex');
}

/**
 * The certificate of a .pfx in DER: the one whose private key is in it too, else the first. Throws `Pkcs12Error`.
 * `password` may be empty. Other work of this thread goes on meanwhile.
 */
export async function readPkcs12(archive: Buffer, password: string): Promise<Buffer> {
  const [, authSafe, macData] = children(readElement(archive, 0));
  if (!authSafe || identifier(child(authSafe, 0)) !== oid.data) throw new Pkcs12Error('it is no PKCS #12 archive');
  const content = octets(child(child(authSafe, 1), 0));
  const utf8 = Buffer.from(password);
  const terminated = Buffer.from(`${password}\0`, 'utf16le').swap16();
  // Programs differ in how they hash an empty password.
  const candidates = (password === '' ? [terminated, Buffer.alloc(0)] : [terminated]).map((utf16) => ({ utf16, utf8 }));
  let right: Password | undefined;
  for (const candidate of candidates) if (!right && (await verifies(macData, content, candidate))) right = candidate;
  if (!right) throw new Pkcs12Error('the password is wrong');

  const certificates: { readonly der: Buffer; readonly keyId: string | undefined }[] = [];
  const keyIds = new Set<string | undefined>();
  for (const info of children(readElement(content, 0))) {
    const contents = await safeContents(info, right);
    for (const bag of contents ? children(contents) : []) {
      const kind = identifier(child(bag, 0));
      if (kind === oid.keyBag || kind === oid.shroudedKeyBag) keyIds.add(localKeyId(bag));
      if (kind !== oid.certificateBag) continue;
      const value = child(child(bag, 1), 0);
      if (identifier(child(value, 0)) !== oid.x509Certificate) continue;
      certificates.push({ der: octets(child(child(value, 1), 0)), keyId: localKeyId(bag) });
    }
  }
  const own = certificates.find(({ keyId }) => keyId !== undefined && keyIds.has(keyId)) ?? certificates[0];
  if (!own) throw new Pkcs12Error('it has no certificate');
  return own.der;
}
