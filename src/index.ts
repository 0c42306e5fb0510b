/**
 * The library: a Lazurite inside a Node process, for tests that want Azure's API without a second terminal.
 *
 * ```ts
 * import { NetworkManagementClient } from '@azure/arm-network';
 * import { startLazurite } from 'lazurite';
 *
 * await using lazurite = await startLazurite();
 * const { credential, subscriptionId, clientOptions } = lazurite;
 * const network = new NetworkManagementClient(credential, subscriptionId, clientOptions);
 * ```
 */
/// <reference lib="esnext.disposable" preserve="true" />

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendView, ExplainView, FrontendView, RequestView } from './api/admin/views.js';
import { variables, writeCaFiles } from './cli/env.js';
import { options as definitions, parseConfig } from './config/config.js';
import { defaultSubscriptionId, defaultTenantId } from './config/config-values.js';
import type { FlowInfo } from './data-plane/model/engine.js';
import type { Emulator } from './emulator.js';
import type { EventName, EventShapes, Events } from './support/events.js';
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
  /** Where public IP addresses are taken from: an IPv4 network, an IPv6 network, or one of each. */
  readonly publicIpPool?: string | readonly string[];
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
  /** Backends for every member at whose address nothing listens. */
  readonly standIns?: boolean;
  /** Further IPv4 addresses at which every frontend is reached; `own` is all of this machine but loopback ones. */
  readonly alsoAt?: readonly string[];
  /** The network interface to which addresses of frontends are added; needs CAP_NET_ADMIN. */
  readonly addAddresses?: string;
  /** Further names by which clients reach it, beside localhost: a container's, for example. */
  readonly tlsNames?: readonly string[];
  /** What is there from the start, and again after each `reset`: all that `--seed` takes, as a file's name or as an object. */
  readonly seed?: string | object;
  /** Log lines on stderr; silent by default. */
  readonly verbose?: boolean;
}

/** Everything that is stored. Its form is Lazurite's own. */
export type LazuriteSnapshot = object;

/** A fault as docs/admin-api.md lists them; `kind` says which members it may have. */
export interface LazuriteFault {
  readonly kind: 'api' | 'dataPlane' | 'probe';
  readonly [member: string]: unknown;
}

export interface LazuriteFaults {
  /** Puts a fault in force; resolves with its id. */
  add(fault: LazuriteFault): Promise<string>;
  list(): Promise<readonly (LazuriteFault & { readonly id: string })[]>;
  /** Ends one fault, or all. */
  clear(id?: string): Promise<void>;
}

/** A question: which backend would a connection from `from` to `to` reach? Both are `IP:PORT`. */
export interface LazuriteConnection {
  readonly proto?: 'tcp' | 'udp';
  readonly from: string;
  readonly to: string;
}

/** Which of the requests to Azure's APIs to show. */
export interface LazuriteRequestFilter {
  readonly method?: string;
  /** A pattern of the path: `*` is anything within a segment, `**` anything at all; without either, how the path begins. */
  readonly path?: string;
  /** `404`, or a class: `4xx`. */
  readonly status?: string;
  /** Only the last so many. */
  readonly top?: number;
}

export interface LazuriteEvents {
  /** Calls `listener` with each event of this name; the result ends that. */
  on<Name extends EventName>(name: Name, listener: (event: EventShapes[Name]) => void): () => void;
  /** Resolves with the next event of this name that `fits`. */
  next<Name extends EventName>(name: Name, fits?: (event: EventShapes[Name]) => boolean): Promise<EventShapes[Name]>;
}

/** A token, and when it expires in milliseconds since the Unix epoch. */
export interface AccessToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

/** A running Lazurite. */
export interface Lazurite {
  /** `https://localhost:PORT`: for SDKs and tools. */
  readonly url: string;
  /** The same port without TLS. */
  readonly httpUrl: string;
  /** The certificate of the CA that `url` is to be trusted by. */
  readonly caPem: string;
  /** The variables that point SDKs, az, Terraform and Pulumi here, as `lazurite env` prints them: for child processes. */
  readonly env: Readonly<Record<string, string>>;
  /** With `auth: 'token'`, what opens `/_lazurite/` as a bearer token does: `Authorization: Bearer …`. */
  readonly adminSecret?: string;
  /** The subscription that is there from the start; every other GUID works too. */
  readonly subscriptionId: string;
  /** A `TokenCredential` for Azure's JavaScript SDKs. */
  readonly credential: { getToken(scopes: string | string[]): Promise<AccessToken> };
  /** The last parameter of Azure's JavaScript clients: the endpoint, and the CA to trust, in this process. */
  readonly clientOptions: { readonly endpoint: string; readonly tlsOptions: { readonly ca: string } };
  /** As after the start: what the seed made, or nothing. Faults, flows and the journal are gone. */
  reset(): Promise<void>;
  /** Everything that is stored now, for `restore`. */
  snapshot(): Promise<LazuriteSnapshot>;
  /** Replaces everything that is stored; resolves when the data plane follows. */
  restore(snapshot: LazuriteSnapshot): Promise<void>;
  /** Azure's time. */
  now(): Promise<Date>;
  /** Moves Azure's clock: probes, idle timeouts and operations come due at once. */
  advance(azureMs: number): Promise<void>;
  readonly faults: LazuriteFaults;
  /** Every frontend: where it is, its state and why. */
  frontends(): Promise<readonly FrontendView[]>;
  /** Every member of every rule, up or down, and why. */
  backends(): Promise<readonly BackendView[]>;
  /** Who is connected to which backend. */
  flows(): Promise<readonly FlowInfo[]>;
  /** Which backend a connection would reach, and how that comes about. */
  explain(connection: LazuriteConnection): Promise<ExplainView>;
  /** The journal of requests to Azure's APIs, the oldest first. */
  requests(filter?: LazuriteRequestFilter): Promise<readonly RequestView[]>;
  readonly events: LazuriteEvents;
  /** Lets flows finish for up to five seconds, then gives every port and file back. */
  close(): Promise<void>;
  /** The same as `close`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options as `start` would read them; `seed` is a file. */
function argvOf({ verbose: _, seed: _seed, ...options }: LazuriteOptions, seed: string | undefined): string[] {
  const { data, port = 0, strictBind = options.engine !== 'none', ...others } = options;
  const argv = [`--port=${port}`, data === undefined ? '--in-memory' : `--data=${data}`];
  argv.push(`--${strictBind ? '' : 'no-'}strict-bind`);
  for (const [key, value] of Object.entries({ ...others, seed })) {
    if (value === undefined) continue;
    if (!Object.hasOwn(definitions, key)) throw new UsageError(`startLazurite has no option '${key}'`);
    const { name } = definitions[key as keyof typeof definitions];
    for (const one of [value].flat()) {
      argv.push(typeof one === 'boolean' ? `--${one ? '' : 'no-'}${name}` : `--${name}=${one}`);
    }
  }
  return argv;
}

/** A client of the admin API. */
class Admin {
  readonly #httpUrl: string;
  readonly #headers: Record<string, string>;

  constructor({ httpUrl, adminSecret }: Emulator) {
    this.#httpUrl = httpUrl;
    this.#headers = adminSecret === undefined ? {} : { authorization: `Bearer ${adminSecret}` };
  }

  async send(method: string, path: string, body?: unknown): Promise<Response> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${this.#httpUrl}/_lazurite/${path}`, {
      method,
      headers: { ...this.#headers, ...json },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async read<T>(path: string): Promise<T> {
    return (await (await this.send('GET', path)).json()) as T;
  }

  async list<T>(path: string): Promise<readonly T[]> {
    return (await this.read<{ value: readonly T[] }>(path)).value;
  }
}

/** Any client and secret is welcome; with `auth: 'token'` the token is what counts. */
async function getToken(httpUrl: string, scopes: string | string[]): Promise<AccessToken> {
  const client = { grant_type: 'client_credentials', client_id: 'lazurite', client_secret: 'lazurite' };
  const body = new URLSearchParams({ ...client, scope: [scopes].flat().join(' ') });
  const response = await fetch(`${httpUrl}/${defaultTenantId}/oauth2/v2.0/token`, { method: 'POST', body });
  const { access_token: token } = (await response.json()) as Record<string, unknown>;
  if (typeof token !== 'string') throw new Error(`no token for ${[scopes].flat().join(' ')}: ${response.status}`);
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
  return { token, expiresOnTimestamp: claims.exp * 1000 };
}

/** Names what a filter or a question says in a query; what is undefined is left out. */
const query = (of: object): string =>
  `${new URLSearchParams(Object.entries(of).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]])))}`;

function eventsOf(events: Events): LazuriteEvents {
  return {
    on: (name, listener) => events.read(name, listener),
    next: (name, fits = () => true) =>
      new Promise((resolve) => {
        const stop = events.read(name, (event) => {
          if (!fits(event)) return;
          stop();
          resolve(event);
        });
      }),
  };
}

function faultsOf(admin: Admin): LazuriteFaults {
  return {
    add: async (fault) => ((await (await admin.send('POST', 'faults', fault)).json()) as { id: string }).id,
    list: () => admin.list('faults'),
    clear: async (id) => void (await admin.send('DELETE', id === undefined ? 'faults' : `faults/${id}`)),
  };
}

interface Running {
  readonly emulator: Emulator;
  /** Where the CA is kept for `env`. */
  readonly folder: string;
  readonly close: () => Promise<void>;
  readonly isSeeded: boolean;
}

async function faceOf({ emulator, folder, close, isSeeded }: Running): Promise<Lazurite> {
  const { url, httpUrl, events, adminSecret } = emulator;
  const admin = new Admin(emulator);
  const files = await writeCaFiles({ url: new URL(url), dataFolder: folder, positionals: [], json: false }, {});
  const caPem = await readFile(files.caFile, 'utf8');
  const snapshot = () => admin.read<LazuriteSnapshot>('snapshot');
  const restore = async (document: LazuriteSnapshot) => void (await admin.send('PUT', 'snapshot', document));
  const seeded = isSeeded ? await snapshot() : undefined;
  let closing: Promise<void> | undefined;
  const closeOnce = (): Promise<void> => {
    closing ??= close();
    return closing;
  };
  return {
    url,
    httpUrl,
    caPem,
    env: { ...variables({ url: new URL(url), files }, {}), LAZURITE_URL: url },
    ...(adminSecret !== undefined && { adminSecret }),
    subscriptionId: defaultSubscriptionId,
    credential: { getToken: (scopes) => getToken(httpUrl, scopes) },
    clientOptions: { endpoint: url, tlsOptions: { ca: caPem } },
    reset: async () => {
      await emulator.reset();
      if (seeded) await restore(seeded);
    },
    snapshot,
    restore,
    now: async () => new Date((await admin.read<{ now: string }>('clock')).now),
    advance: (azureMs) => emulator.advance(azureMs),
    faults: faultsOf(admin),
    frontends: () => admin.list('frontends'),
    backends: () => admin.list('backends'),
    flows: () => admin.list('flows'),
    explain: (connection) => admin.read(`explain?${query(connection)}`),
    requests: (filter = {}) => admin.list(`requests?${query(filter)}`),
    events: eventsOf(events),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

/** Starts a Lazurite in this process. The environment does not configure it, so that a test means the same everywhere. */
export async function startLazurite(options: LazuriteOptions = {}): Promise<Lazurite> {
  const folder = await mkdtemp(join(tmpdir(), 'lazurite-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const seed = typeof options.seed === 'object' ? join(folder, 'seed.json') : options.seed;
    if (seed !== undefined && seed !== options.seed) await writeFile(seed, JSON.stringify(options.seed));
    const config = parseConfig(argvOf(options, seed), {});
    const { Emulator } = await import('./emulator.js');
    const emulator = await Emulator.start(config, { log: options.verbose ? stderrLog : silentLog });
    const close = () => emulator.close().finally(removeFolder);
    return await faceOf({ emulator, folder, close, isSeeded: seed !== undefined }).catch(async (error) => {
      await close();
      throw error;
    });
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** What a test runner offers: node:test and Mocha name them `before` and `after`, Jest and Vitest `beforeAll` and `afterAll`. */
export interface TestHooks {
  readonly before?: (hook: () => Promise<void>) => unknown;
  readonly beforeAll?: (hook: () => Promise<void>) => unknown;
  readonly after?: (hook: () => Promise<void>) => unknown;
  readonly afterAll?: (hook: () => Promise<void>) => unknown;
  readonly beforeEach?: (hook: () => Promise<void>) => unknown;
}

/**
 * One Lazurite for the tests of a file: started before them, as after its start before each of them, closed after them.
 * The result is to be called in hooks and tests: `const azure = lazuriteForTests({ before, after, beforeEach });`
 */
export function lazuriteForTests(hooks: TestHooks, options: LazuriteOptions = {}): () => Lazurite {
  const { before = hooks.beforeAll, after = hooks.afterAll, beforeEach } = hooks;
  if (!before || !after)
    throw new UsageError('lazuriteForTests needs the hooks before and after, or beforeAll and afterAll');
  let running: Lazurite | undefined;
  before(async () => {
    running = await startLazurite(options);
  });
  beforeEach?.(async () => running?.reset());
  after(async () => running?.close());
  return () => {
    if (!running) throw new UsageError('Lazurite runs only in hooks and tests');
    return running;
  };
}
