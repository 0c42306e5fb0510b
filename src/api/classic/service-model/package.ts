/**
 * Finds the service definition in what PackageUrl points to: a .cspkg (a zip whose .csdx, another zip, holds the .csdef), a
 * .csdx, or the .csdef itself as a short cut. Imitates the package format of the Azure SDK's CSPack tool.
 */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { AzureError, azureError } from '../../../errors/index.js';
import { type DownloadPolicy, DownloadRefused, download } from '../../../http/download.js';
import type { ServiceDefinition } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { unsigned } from '../../../support/secrets.js';
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

/**
 * Fetches what a PackageUrl points to, until `signal` says that its request has ended. Undefined: the package is in Azure's
 * Blob service, from where nothing may be downloaded.
 */
export type PackageSource = (url: string, signal?: AbortSignal) => Promise<Buffer | undefined>;

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

const refused = (url: string, reason: string) =>
  azureError('ClassicPackage', { values: { url: unsigned(url), reason } });

/** The service definition in the package at `url`; undefined when the package is out of reach, see `PackageSource`. */
export async function readPackage(
  url: string,
  source: PackageSource,
  signal?: AbortSignal,
): Promise<ServiceDefinition | undefined> {
  let text: string | undefined;
  try {
    const data = await source(url, signal);
    if (data === undefined) return undefined;
    text = definitionText(data);
  } catch (error) {
    if (error instanceof AzureError && error.key === 'ClassicPackage') throw error;
    throw refused(url, error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw refused(url, 'It contains no service definition (.csdef).');
  return readServiceDefinition(text);
}

export interface PackageSourceOptions {
  /** From where packages may be downloaded; `none` allows no files either. */
  readonly policy: DownloadPolicy;
  /** Told why a package could not be read, which clients are not. */
  readonly note: (message: string) => void;
}

/** Azure takes no longer ones. */
const maxPackageBytes = 600 * 1024 * 1024;

/** A regular file of this machine with the name of a package or definition, and no longer than a package may be. */
async function readLocal(url: URL, signal: AbortSignal | undefined): Promise<Buffer> {
  const file = fileURLToPath(url);
  if (!/\.(cspkg|csdx|csdef)$/i.test(file))
    throw new DownloadRefused('its name does not end in .cspkg, .csdx or .csdef');
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const details = await handle.stat();
    if (!details.isFile()) throw new DownloadRefused('it is no regular file');
    if (details.size > maxPackageBytes) throw new DownloadRefused(`it is longer than ${maxPackageBytes} bytes`);
    return await handle.readFile({ signal });
  } finally {
    await handle.close();
  }
}

async function read(url: URL, policy: DownloadPolicy, signal: AbortSignal | undefined): Promise<Buffer> {
  if (url.protocol === 'data:') return Buffer.from(await (await fetch(url)).arrayBuffer());
  if (url.protocol !== 'file:') return download(url, { policy, maxBytes: maxPackageBytes, timeoutMs: 30_000, signal });
  if (policy === 'none') throw new DownloadRefused("the policy 'none' does not permit files");
  return readLocal(url, signal);
}

/** Hosts of the Blob service in Azure's public and national clouds, where Azure itself reads packages. */
const blobService = /\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net|cloudapi\.de)$/i;

/** Fetches packages by http, https, data and file URLs, as far as the policy permits them. */
export const packageSource =
  ({ policy, note }: PackageSourceOptions): PackageSource =>
  async (text, signal) => {
    if (!URL.canParse(text)) throw refused(text, 'It is no URL.');
    const url = new URL(text);
    if (!['http:', 'https:', 'data:', 'file:'].includes(url.protocol))
      throw refused(text, `Lazurite reads http, https, file and data URLs, not ${url.protocol}`);
    const shown = unsigned(text).slice(0, 200);
    if (policy !== 'any' && blobService.test(url.hostname)) {
      note(`The package ${shown} is in Azure's Blob service: the policy '${policy}' does not permit to ask there.`);
      return undefined;
    }
    try {
      return await read(url, policy, signal);
    } catch (error) {
      note(`The package ${shown} could not be read: ${error instanceof Error ? error.message : error}`);
      throw refused(text, 'It could not be read. The log says why; `--template-links` says what may be downloaded.');
    }
  };
