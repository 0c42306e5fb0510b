/**
 * `lazurite env`: the variables that point Azure's tools here, in the language of a shell, and the CA of a running emulator
 * as files that tools can be pointed at.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { cloudName } from '../api/identity/cloud-metadata.js';
import { defaultSubscriptionId, defaultTenantId } from '../config/config-values.js';
import { ensurePrivateFolder, readIfPresent } from '../support/files.js';
import { UsageError } from '../support/usage-error.js';
import { connect, type RunningOptions, readRunningOptions, requestToken, runningHelp } from './ask.js';
import type { Command } from './command.js';

interface CaFiles {
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

// Any client and secret is welcome; GUIDs, because some tools insist on the form.
const clientId = '22222222-2222-2222-2222-222222222222';
const clientSecret = 'lazurite';

/** Adds this machine to the hosts that are reached without a proxy, where there is one. */
function withoutProxy(env: NodeJS.ProcessEnv, host: string): Record<string, string> {
  if (!['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].some((name) => env[name])) {
    return {};
  }
  const hosts = new Set((env.NO_PROXY ?? env.no_proxy ?? '').split(',').filter(Boolean));
  for (const name of [host, 'localhost', '127.0.0.0/8', '127.0.0.1', '::1']) hosts.add(name);
  const list = [...hosts].join(',');
  return { NO_PROXY: list, no_proxy: list };
}

/** The variables, each with what reads it. */
export function variables(
  { url, files }: { url: URL; files: CaFiles },
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  return {
    // Node adds this file to its roots, and may have been given others already; az, Python, curl and Go take theirs
    // in place of the roots they know.
    NODE_EXTRA_CA_CERTS: [undefined, '', files.caFile].includes(env.NODE_EXTRA_CA_CERTS)
      ? files.caFile
      : files.bundleFile,
    REQUESTS_CA_BUNDLE: files.bundleFile,
    CURL_CA_BUNDLE: files.bundleFile,
    SSL_CERT_FILE: files.bundleFile,
    // Azure SDKs. The tenant adfs keeps every sign-in library from asking login.microsoftonline.com about us.
    AZURE_AUTHORITY_HOST: url.origin,
    AZURE_TENANT_ID: 'adfs',
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_SUBSCRIPTION_ID: defaultSubscriptionId,
    // Terraform, Pulumi.
    ARM_METADATA_HOSTNAME: url.host,
    ARM_TENANT_ID: defaultTenantId,
    ARM_CLIENT_ID: clientId,
    ARM_CLIENT_SECRET: clientSecret,
    ARM_SUBSCRIPTION_ID: defaultSubscriptionId,
    ARM_RESOURCE_PROVIDER_REGISTRATIONS: 'none',
    ...withoutProxy(env, url.hostname),
  };
}

/** The commands that make az a client of this emulator. */
export function azCommands({ origin }: URL, quote: (text: string) => string): string[] {
  return [
    `az cloud register -n ${cloudName} --endpoint-resource-manager ${quote(origin)}`,
    `az cloud set -n ${cloudName}`,
    `az login --service-principal -u ${clientId} -p ${quote(clientSecret)} --tenant ${defaultTenantId}`,
  ];
}

interface Shell {
  readonly quote: (text: string) => string;
  readonly assign: (name: string, quoted: string) => string;
  /** How to let this shell run what is printed. */
  readonly hint: string;
}

const shells: Readonly<Record<string, Shell>> = {
  bash: {
    quote: (text) => `'${text.replaceAll("'", "'\\''")}'`,
    assign: (name, quoted) => `export ${name}=${quoted}`,
    hint: 'eval "$(lazurite env bash)"',
  },
  powershell: {
    quote: (text) => `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`,
    assign: (name, quoted) => `$env:${name} = ${quoted}`,
    hint: 'lazurite env powershell | Out-String | Invoke-Expression',
  },
};

/** Files of variables: what GitHub Actions reads from $GITHUB_ENV, and what dotenv and `docker --env-file` read. */
const plainFormats: Readonly<Record<string, (variable: [name: string, value: string]) => string>> = {
  github: ([name, value]) => `${name}=${value}`,
  dotenv: ([name, value]) => {
    if (/^[\w.:/@,+-]*$/.test(value)) return `${name}=${value}`;
    // There is no way to write a quote inside of the same quotes.
    const quote = ["'", '"', '`'].find((one) => !value.includes(one)) ?? "'";
    return `${name}=${quote}${value}${quote}`;
  },
};

/** What `lazurite env SHELL` prints. */
export function render(
  { shellName, url, files }: { shellName: string; url: URL; files: CaFiles },
  env: NodeJS.ProcessEnv,
): string {
  const values = variables({ url, files }, env);
  const plain = plainFormats[shellName];
  if (plain) return Object.entries(values).map(plain).join('\n');
  const shell = shells[shellName];
  if (!shell) {
    const [register] = azCommands(url, (text) => text);
    return JSON.stringify({ ...values, AZ_CLOUD_REGISTER: register }, undefined, 2);
  }
  return [
    `# ${shell.hint}`,
    ...Object.entries(values).map(([name, value]) => shell.assign(name, shell.quote(value))),
    '# once, for az:',
    ...azCommands(url, shell.quote).map((command) => `#   ${command}`),
  ].join('\n');
}

/** Where the portal is; with `--auth token` it carries a token, which browsers keep to themselves. */
async function portalLink(running: RunningOptions): Promise<string> {
  const client = connect(running);
  try {
    const { body } = await client.send('GET', '/_lazurite/ready');
    const token = (body as { auth?: string }).auth === 'token' ? await requestToken(running) : undefined;
    return `http://${running.url.host}/portal/${token === undefined ? '' : `#token=${token}`}`;
  } catch (error) {
    // Nothing runs there yet.
    if (!(error instanceof UsageError)) throw error;
    return `http://${running.url.host}/portal/`;
  } finally {
    client.close();
  }
}

export const env: Command = {
  usage: 'env [bash|powershell|github|dotenv|json] [OPTION…]',
  summary: 'Prints the variables that point SDKs, az, Terraform and Pulumi at a running emulator, and trust its CA.',
  details: () =>
    `${runningHelp}\n\n  bash:        ${shells.bash?.hint}\n  PowerShell:  ${shells.powershell?.hint}\n  GitHub:      lazurite env github >> "$GITHUB_ENV"`,
  async run(argv, context) {
    const running = readRunningOptions(argv, context.env);
    const [shellName = process.platform === 'win32' ? 'powershell' : 'bash', ...more] = running.positionals;
    if (more.length > 0 || !['json', ...Object.keys(shells), ...Object.keys(plainFormats)].includes(shellName)) {
      throw new UsageError(
        `env knows bash, powershell, github, dotenv and json, not '${running.positionals.join(' ')}'`,
      );
    }
    const files = await writeCaFiles(running, context.env);
    context.print(render({ shellName, url: running.url, files }, context.env));
    if (shells[shellName]) context.print(`# the portal, for a browser:\n#   ${await portalLink(running)}`);
    return 0;
  },
};
