/**
 * The library: a Lazurite inside a Node process, for tests that want Azure's API without a second terminal.
 *
 * ```ts
 * import { startLazurite } from 'lazurite';
 * const lazurite = await startLazurite();
 * // … point an SDK at lazurite.url, trusting lazurite.caPem …
 * await lazurite.close();
 * ```
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaFiles } from './cli/ca-files.js';
import { variables } from './cli/env.js';
import { options as definitions, parseConfig } from './config/config.js';
import { silentLog, stderrLog } from './support/log.js';
import { UsageError } from './support/usage-error.js';

export { UsageError } from './support/usage-error.js';

/** What a Lazurite is started with; everything has a default. Values are written as on the command line. */
export interface LazuriteOptions {
  /** Where the API listens; `localhost` is 127.0.0.1 and ::1. */
  readonly host?: string;
  /** 0, the default, takes any free port, so that tests can run side by side. */
  readonly port?: number;
  /** A folder to keep everything in; without it nothing is written to disk but the CA, in a temporary folder. */
  readonly data?: string;
  /** `userspace` unless said otherwise; `nftables` needs Linux with CAP_NET_ADMIN, or `lazurite sandbox`. */
  readonly engine?: 'userspace' | 'nftables' | 'none';
  /** `CIDR=CIDR` pairs, or `none`. */
  readonly addressMap?: readonly string[] | 'none';
  /** Where public IP addresses are taken from. */
  readonly publicIpPool?: string;
  /** How many Azure seconds pass in one. */
  readonly timeScale?: number;
  /** How long an asynchronous operation stays InProgress. */
  readonly operationDelayMs?: number;
  readonly strictApiVersions?: boolean;
  readonly strictTypes?: boolean;
  /**
   * A frontend that cannot be bound exactly fails its operation, so that a test learns at once that another process has
   * its address. On unless said otherwise; with `false` the frontend falls back to another port.
   */
  readonly strictBind?: boolean;
  /** Where linked templates may be downloaded from: `loopback` unless said otherwise. */
  readonly templateLinks?: 'loopback' | 'any' | 'none';
  readonly auth?: 'off' | 'token';
  /** Log lines on stderr; silent by default. */
  readonly verbose?: boolean;
}

/** A running Lazurite. */
export interface Lazurite {
  /** `https://localhost:PORT`: for SDKs and tools. */
  readonly url: string;
  /** The same port without TLS. */
  readonly httpUrl: string;
  /** The certificate of the CA that `url` is to be trusted by. */
  readonly caPem: string;
  /** The variables that point SDKs, az, Terraform and Pulumi here, as `lazurite env` prints them. */
  readonly env: Readonly<Record<string, string>>;
  /** With `auth: 'token'`, what opens `/_lazurite/` as a bearer token does: `Authorization: Bearer …`. */
  readonly adminSecret?: string;
  /** Deletes every resource. */
  reset(): Promise<void>;
  /** Moves Azure's clock: probes, idle timeouts and operations come due at once. */
  advance(azureMs: number): Promise<void>;
  /** Lets flows finish for up to five seconds, then gives every port and file back. */
  close(): Promise<void>;
}

/** Options as `start` would read them. */
function argvOf(options: LazuriteOptions): string[] {
  const { verbose: _, data, port = 0, addressMap, strictBind = options.engine !== 'none', ...others } = options;
  const argv = [`--port=${port}`, data === undefined ? '--in-memory' : `--data=${data}`];
  argv.push(`--${strictBind ? '' : 'no-'}strict-bind`);
  for (const mapping of addressMap === undefined ? [] : [addressMap].flat()) argv.push(`--address-map=${mapping}`);
  for (const [key, value] of Object.entries(others)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(definitions, key)) throw new UsageError(`startLazurite has no option '${key}'`);
    const { name } = definitions[key as keyof typeof definitions];
    argv.push(typeof value === 'boolean' ? `--${value ? '' : 'no-'}${name}` : `--${name}=${value}`);
  }
  return argv;
}

/** Starts a Lazurite in this process. The environment does not configure it, so that a test means the same everywhere. */
export async function startLazurite(options: LazuriteOptions = {}): Promise<Lazurite> {
  const config = parseConfig(argvOf(options), {});
  const { Emulator } = await import('./emulator.js');
  const emulator = await Emulator.start(config, { log: options.verbose ? stderrLog : silentLog });
  const folder = await mkdtemp(join(tmpdir(), 'lazurite-'));
  const url = new URL(emulator.url);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const files = await writeCaFiles({ url, dataFolder: folder, positionals: [], json: false }, {});
    return {
      url: emulator.url,
      httpUrl: emulator.httpUrl,
      caPem: await readFile(files.caFile, 'utf8'),
      env: { ...variables({ url, files }, {}), LAZURITE_URL: url.origin },
      ...(emulator.adminSecret !== undefined && { adminSecret: emulator.adminSecret }),
      reset: () => emulator.reset(),
      advance: (azureMs) => emulator.advance(azureMs),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
