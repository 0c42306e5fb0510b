/**
 * Finds the service definition in what PackageUrl points to: a .cspkg (a zip whose .csdx, another zip, holds the .csdef), a
 * .csdx, or the .csdef itself as a short cut. Imitates the package format of the Azure SDK's CSPack tool.
 */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { AzureError, azureError } from '../../../errors/index.js';
import type { ServiceDefinition } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { decodeXml, readXml } from '../xml/xml.js';
import { readServiceDefinition } from './csdef.js';

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

/** Fetches what a PackageUrl points to. Azure reads blob storage; Lazurite any http(s) or file URL. */
export type PackageSource = (url: string) => Promise<Buffer>;

/** The file that the archive's relationships call the service description, or the first one with the ending. */
function describedFile(files: ZipFiles, ending: string): Buffer | undefined {
  const relationships = files.get('_rels/.rels');
  if (relationships) {
    const entry = readXml(decodeXml(relationships())).children.find(
      ({ attributes }) => attributes.get('Id') === 'SERVICEDESCRIPTION',
    );
    const target = entry?.attributes.get('Target')?.replace(/^\//, '');
    const file = target === undefined ? undefined : files.get(target);
    if (file) return file();
  }
  for (const [name, file] of files) if (name.toLowerCase().endsWith(ending)) return file();
  return undefined;
}

function definitionText(data: Buffer): string | undefined {
  const outer = readZip(data);
  // A zip that is cut off is no definition either.
  if (!outer) return data.toString('latin1', 0, 2) === 'PK' ? undefined : decodeXml(data);
  const description = describedFile(outer, '.csdx') ?? describedFile(outer, '.csdef');
  if (!description) return undefined;
  const inner = readZip(description);
  if (!inner) return decodeXml(description);
  const definition = describedFile(inner, '.csdef');
  return definition && decodeXml(definition);
}

const refused = (url: string, reason: string) => azureError('ClassicPackage', { values: { url, reason } });

/** The service definition in the package at `url`. */
export async function readPackage(url: string, source: PackageSource): Promise<ServiceDefinition> {
  let text: string | undefined;
  try {
    text = definitionText(await source(url));
  } catch (error) {
    if (error instanceof AzureError && error.key === 'ClassicPackage') throw error;
    throw refused(url, error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw refused(url, 'It contains no service definition (.csdef).');
  return readServiceDefinition(text);
}

const maxPackageBytes = 600 * 1024 * 1024;
const timeoutMs = 30_000;

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw refused(url, `The server answered ${response.status}.`);
  if (Number(response.headers.get('content-length') ?? 0) > maxPackageBytes) throw refused(url, 'It is too long.');
  return Buffer.from(await response.arrayBuffer());
}

/** What is at `url`. */
export const fetchPackage: PackageSource = async (url) => {
  if (!URL.canParse(url)) throw refused(url, 'It is no URL.');
  const { protocol } = new URL(url);
  if (protocol === 'file:') return readFile(fileURLToPath(url));
  if (['http:', 'https:', 'data:'].includes(protocol)) return download(url);
  throw refused(url, `Lazurite reads http, https, file and data URLs, not ${protocol}`);
};
