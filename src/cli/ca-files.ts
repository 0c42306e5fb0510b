/** The CA of a running emulator as files that tools can be pointed at. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { ensurePrivateFolder, readIfPresent } from '../support/files.js';
import { UsageError } from '../support/usage-error.js';
import { connect, type RunningOptions } from './ask.js';

export interface CaFiles {
  /** Our CA alone, for tools that add it to the roots they know. */
  readonly caFile: string;
  /** The machine's roots and ours, for tools that take one file instead of the roots they know. */
  readonly bundleFile: string;
}

const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

// What comes before this line in a bundle of ours are the roots that were trusted without us.
const marker = '# Lazurite CA, added by `lazurite env`';

const rootsIn = (file: string | undefined): string => (file && readIfPresent(file)?.split(marker)[0]) || '';

const firstOf = (files: readonly (string | undefined)[]): string => files.map(rootsIn).find(Boolean) ?? '';

/** The roots to keep trusting: those the user chose, the machine's, or else Node's; and what Node was given beside them. */
function otherRoots(env: NodeJS.ProcessEnv, caPem: string): string {
  const chosen = firstOf([env.SSL_CERT_FILE, env.REQUESTS_CA_BUNDLE, env.CURL_CA_BUNDLE, ...systemBundles]);
  const roots = chosen || `${rootCertificates.join('\n')}\n`;
  const extra = rootsIn(env.NODE_EXTRA_CA_CERTS);
  return [roots, caPem].some((known) => known.includes(extra.trim())) ? roots : `${roots}\n${extra}`;
}

async function fetchCa(running: RunningOptions): Promise<string | undefined> {
  const client = connect(running);
  try {
    const { status, body } = await client.send('GET', '/_lazurite/ca.pem');
    return status === 200 && typeof body === 'string' ? body : undefined;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** Where to keep the CA: in the data folder, but never over the CA of another instance that has its key there. */
function placeFor(caPem: string, { dataFolder, url }: RunningOptions): string {
  const usual = join(dataFolder, 'ca.pem');
  const isForeign = readIfPresent(usual) !== caPem && readIfPresent(join(dataFolder, 'ca-key.pem')) !== undefined;
  return isForeign ? join(dataFolder, `ca-${url.host.replace(/[^\w.-]/g, '-')}.pem`) : usual;
}

/** Makes both files; the CA comes from the running emulator, or from the data folder when none is running. */
export async function writeCaFiles(running: RunningOptions, env: NodeJS.ProcessEnv): Promise<CaFiles> {
  const kept = readIfPresent(join(running.dataFolder, 'ca.pem'));
  const caPem = (await fetchCa(running)) ?? kept;
  if (!caPem) {
    throw new UsageError(
      `nothing answers at ${running.url.origin} and there is no CA in ${running.dataFolder}; start one with \`lazurite start\``,
    );
  }
  ensurePrivateFolder(running.dataFolder);
  const caFile = placeFor(caPem, running);
  if (readIfPresent(caFile) !== caPem) writeFileSync(caFile, caPem);
  const bundleFile = caFile.replace(/\.pem$/, '-bundle.pem');
  writeFileSync(bundleFile, `${otherRoots(env, caPem).trimEnd()}\n${marker}\n${caPem}`);
  return { caFile, bundleFile };
}
