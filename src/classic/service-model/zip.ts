/**
 * Reads files out of a zip archive: just enough for service packages, which are zips within a zip. Imitates PKWARE's
 * APPNOTE.TXT, without encryption, splitting or zip64.
 */
import { inflateRawSync } from 'node:zlib';

const endOfCentralDirectory = 0x06054b50;
const centralEntry = 0x02014b50;
const localEntry = 0x04034b50;
const maxEntries = 10_000;
/** A file that unpacks to more than this is no service definition. */
const maxFileLength = 64 * 1024 * 1024;

/** Names in an archive, without a leading slash, to a function that unpacks the file. */
export type ZipFiles = ReadonlyMap<string, () => Buffer>;

function endRecord(archive: Buffer): number {
  const lowest = Math.max(0, archive.length - 22 - 65535);
  for (let at = archive.length - 22; at >= lowest; at--) {
    if (archive.readUInt32LE(at) === endOfCentralDirectory) return at;
  }
  return -1;
}

function unpack(archive: Buffer, { at, method, packed }: { at: number; method: number; packed: number }): Buffer {
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== localEntry) return Buffer.alloc(0);
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const data = archive.subarray(start, start + packed);
  return method === 0 ? data : inflateRawSync(data, { maxOutputLength: maxFileLength });
}

/** The files of `archive`, or undefined when it is no zip archive. */
export function readZip(archive: Buffer): ZipFiles | undefined {
  if (archive.length < 22) return undefined;
  const end = endRecord(archive);
  if (end < 0) return undefined;
  const count = Math.min(archive.readUInt16LE(end + 10), maxEntries);
  const files = new Map<string, () => Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== centralEntry) return undefined;
    const method = archive.readUInt16LE(at + 10);
    const packed = archive.readUInt32LE(at + 20);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength).replace(/^\//, '');
    const local = archive.readUInt32LE(at + 42);
    if (method === 0 || method === 8) files.set(name, () => unpack(archive, { at: local, method, packed }));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}
