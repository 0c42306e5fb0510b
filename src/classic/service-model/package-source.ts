/** Fetches packages for real: http, https, data and file URLs, as far as a developer's machine can reach them. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { azureError } from '../../errors.js';
import type { PackageSource } from './package.js';

const maxPackageBytes = 600 * 1024 * 1024;
const timeoutMs = 30_000;

const refused = (url: string, reason: string) => azureError('ClassicPackage', { values: { url, reason } });

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
