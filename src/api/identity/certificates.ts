/**
 * The CA and the server certificate of this instance: made once, kept in the data folder, made anew when the names
 * change or the end is near. Azure's own endpoints have public certificates; ours are trusted through `ca.pem`.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { systemTime } from '../../support/clock.js';
import { ensurePrivateFolder, readIfPresent, writePrivateFile } from '../../support/files.js';
import { UsageError } from '../../support/usage-error.js';
import type { Issued } from './issue-certificates.js';
import { encodePermittedName, isAlwaysPermitted } from './name-constraints.js';

/** What the server presents, and what its clients trust. PEM throughout. */
export interface Certificates {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Where the CA is kept; absent in memory. */
  readonly caFile?: string;
  /** A CA was made although there was one: clients that trusted the old one have to trust this one. */
  readonly caReplaced: boolean;
}

export interface CertificateOptions {
  /** The data folder, or `undefined` to keep everything in memory. */
  readonly folder: string | undefined;
  /** `--host`: certified when it names one machine. */
  readonly host: string;
  readonly tlsNames: readonly string[];
  readonly nowMs?: number;
}

const renewBeforeMs = 30 * 86_400_000;
const ownNames = ['localhost', '127.0.0.1', '::1', 'lazurite', 'host.docker.internal'];

/** The names beyond Lazurite's own that the certificate has to cover. */
function extraNames({ host, tlsNames }: CertificateOptions): string[] {
  const wildcard = host === '0.0.0.0' || /^[0:]+$/.test(host);
  const names = [...(wildcard ? [] : [host.toLowerCase()]), ...tlsNames];
  return [...new Set(names)].filter((name) => !ownNames.includes(name));
}

function parse({ certificatePem, keyPem }: Partial<Issued>): X509Certificate | undefined {
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.checkPrivateKey(createPrivateKey(keyPem)) ? certificate : undefined;
  } catch {
    // A damaged file is as good as none.
    return undefined;
  }
}

const isReadable = (read: () => unknown): boolean => {
  try {
    return read() !== undefined;
  } catch {
    return false;
  }
};

/** The CA is what clients trust: a new one in the place of a damaged one would only move the failure to them. */
function refuseDamaged({ certificatePem, keyPem }: Partial<Issued>, folder: string | undefined): void {
  const damaged = [
    { name: 'ca.pem', text: certificatePem, read: (text: string) => new X509Certificate(text) },
    { name: 'ca-key.pem', text: keyPem, read: createPrivateKey },
  ].find(({ text, read }) => text !== undefined && !isReadable(() => read(text)));
  if (!damaged || folder === undefined) return;
  throw new UsageError(
    `${join(folder, damaged.name)} is damaged: put a copy in its place, or delete ca.pem and ca-key.pem there and trust the CA that is made anew`,
  );
}

const lasts = (certificate: X509Certificate, nowMs: number): boolean =>
  Date.parse(certificate.validTo) - nowMs > renewBeforeMs;

/** Of a name that the options have accepted. Node's pattern for IPv6 takes longer to compile than the rest of the reading. */
const isAddress = (name: string): boolean => name.includes(':') || isIPv4(name);

function covers(leaf: X509Certificate, names: readonly string[]): boolean {
  const written = leaf.subjectAltName?.split(', ') ?? [];
  return (
    written.length === names.length &&
    names.every((name) => (isAddress(name) ? leaf.checkIP(name) !== undefined : written.includes(`DNS:${name}`)))
  );
}

const read = (folder: string | undefined, name: string): Partial<Issued> => {
  if (!folder) return {};
  const certificatePem = readIfPresent(join(folder, `${name}.pem`));
  const keyPem = readIfPresent(join(folder, `${name}-key.pem`));
  return {
    ...(certificatePem !== undefined && { certificatePem }),
    ...(keyPem !== undefined && { keyPem }),
  };
};

function keep(folder: string | undefined, { name, issued }: { name: string; issued: Issued }): void {
  if (!folder) return;
  // The key first: a certificate without its key is made anew, a key without its certificate too.
  writePrivateFile(join(folder, `${name}-key.pem`), issued.keyPem);
  writePrivateFile(join(folder, `${name}.pem`), issued.certificatePem);
}

async function loadCa(options: CertificateOptions, nowMs: number): Promise<{ ca: Issued; replaced: boolean }> {
  const found = read(options.folder, 'ca');
  const certificate = parse(found);
  if (!certificate) refuseDamaged(found, options.folder);
  const extra = extraNames(options).filter((name) => !isAlwaysPermitted(name));
  const permits = extra.every((name) => certificate?.raw.includes(encodePermittedName(name)));
  if (certificate && permits && lasts(certificate, nowMs)) return { ca: found as Issued, replaced: false };
  const { issueCa } = await import('./issue-certificates.js');
  const ca = await issueCa({ extraNames: extra, nowMs });
  keep(options.folder, { name: 'ca', issued: ca });
  return { ca, replaced: found.certificatePem !== undefined };
}

async function loadLeaf(options: CertificateOptions, { ca, nowMs }: { ca: Issued; nowMs: number }): Promise<Issued> {
  const names = [...ownNames, ...extraNames(options)];
  const found = read(options.folder, 'server');
  const leaf = parse(found);
  const usable =
    leaf?.verify(new X509Certificate(ca.certificatePem).publicKey) && covers(leaf, names) && lasts(leaf, nowMs);
  if (usable) return found as Issued;
  const { issueLeaf } = await import('./issue-certificates.js');
  const issued = await issueLeaf({ ca, names, nowMs });
  keep(options.folder, { name: 'server', issued });
  return issued;
}

/** The certificates to serve with: those of the data folder as long as they fit, new ones otherwise. */
export async function loadCertificates(options: CertificateOptions): Promise<Certificates> {
  const { folder, nowMs = systemTime.now() } = options;
  if (folder) ensurePrivateFolder(folder);
  const { ca, replaced } = await loadCa(options, nowMs);
  const leaf = await loadLeaf(options, { ca, nowMs });
  return {
    caPem: ca.certificatePem,
    certificatePem: leaf.certificatePem,
    keyPem: leaf.keyPem,
    ...(folder && { caFile: join(folder, 'ca.pem') }),
    caReplaced: replaced,
  };
}
