/** The composition root: the only file that knows every layer. Starts, resets and closes one Lazurite. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addAdminRoutes } from './api/admin/admin.js';
import { Faults, installCallHooks } from './api/admin/faults.js';
import { JournalHooks, RequestJournal } from './api/admin/journal.js';
import { Arm, addArmRoutes, armPaths } from './api/arm/arm.js';
import { addRequestHeaders, sendKept } from './api/arm/resources/answers.js';
import { addMonitorRoutes } from './api/arm/resources/resource-routes.js';
import { checkStored } from './api/arm/resources/stored-resources.js';
import { sharedPublicAddresses } from './api/classic/call.js';
import { type ClassicPluginOptions, classicPlugin, requireCertificateOrToken } from './api/classic/plugin.js';
import { packageSource } from './api/classic/service-model/package.js';
import { loadCertificates } from './api/identity/certificates.js';
import { createIdentity, verifyToken } from './api/identity/identity.js';
import { addOpenApi } from './api/openapi/openapi.js';
import { Reconciler } from './compiler/reconciler.js';
import type { Config } from './config/config.js';
import type { Engine } from './data-plane/model/engine.js';
import type { LoadingThread } from './data-plane/userspace/worker-thread.js';
import { EmulatorControl } from './emulator/emulator-control.js';
import { createEngine, PlanAdapter } from './emulator/engine.js';
import { applySeed } from './emulator/seed.js';
import type { Machines } from './emulator/several-machines.js';
import { LateRoutes } from './http/late-routes.js';
import { addPortal } from './http/portal.js';
import { createServer, type LazuriteServer, refuseWritesWhileDown, requestBaseUrl } from './http/server.js';
import { Monitor } from './metrics/monitor.js';
import { checkClassicDocument } from './resources/Microsoft.ClassicCompute/stored-documents.js';
import { AddressBlocks } from './store/address-store.js';
import { Store } from './store/store.js';
import { Clock, systemTime } from './support/clock.js';
import { Events, logEvents } from './support/events.js';
import { newGuid } from './support/ids.js';
import { formatIpPrefix, isLoopbackHost, mapAddress } from './support/ip-address.js';
import { createStderrLog, type Log } from './support/log.js';
import { explainFileError } from './support/usage-error.js';

/** Where classic virtual machines outside a virtual network get their addresses. */
const classicPrivatePool = '10.200.0.0/16';
const flowGraceMs = 5000;
/** Real time after which the log says what an end waits for. */
const quietWaitMs = 500;

export interface EmulatorOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Called when `POST /_lazurite/stop` asks for the end of the process; without it there is no such route. */
  readonly stop?: () => void;
  /** The thread of the engine, if it is there already. */
  readonly thread?: LoadingThread | undefined;
  /** Called when the data plane has failed for good: the process should end. */
  readonly failed?: () => void;
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly store: Store;
  readonly blocks: AddressBlocks;
  readonly adapter: PlanAdapter;
  readonly engine: Engine;
  readonly reconciler: Reconciler;
  readonly monitor: Monitor;
  readonly server: LazuriteServer;
  readonly control: EmulatorControl;
  /** The other machines that share its store. */
  readonly machines: Machines | undefined;
  readonly adminSecret: string | undefined;
  readonly port: number;
}

export class Emulator {
  readonly #parts: Parts;
  #waitingFor = 'requests in progress';

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Starts an emulator; resolves when it answers and every stored frontend is in its place. */
  static async start(config: Config, options: EmulatorOptions = {}): Promise<Emulator> {
    try {
      return await Emulator.#start(config, options);
    } catch (error) {
      throw explainFileError(error);
    }
  }

  static async #start(
    config: Config,
    { clock: given, log = createStderrLog(config), stop, thread, failed }: EmulatorOptions,
  ): Promise<Emulator> {
    const dataFolder = config.inMemory ? undefined : config.data;
    if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const { IPv4, IPv6 } = config.publicIpPool;
    const publicPrefix = { IPv4: formatIpPrefix(IPv4), IPv6: formatIpPrefix(IPv6) };
    const blocks = new AddressBlocks(IPv4);
    const isShared = config.store !== undefined;
    // The addresses of a store that machines share are shared too: blocks are for neighbours on one machine.
    const pool = { publicPrefix, ...(!isShared && { blocks }) };
    const file = dataFolder && join(dataFolder, 'lazurite.sqlite');
    let reconciler: Reconciler | undefined;
    const adapter = new PlanAdapter({ config, log, again: () => void reconciler?.again() });
    const store = new Store({ file, isReplica: isShared, warn: log.warn, ...pool });
    let machines: Machines | undefined;
    let engine: Engine | undefined;
    let server: LazuriteServer | undefined;
    try {
      if (isShared) machines = await (await import('./emulator/several-machines.js')).joinStore({ config, store, log });
      const clock = given ?? machines?.clock ?? new Clock({ scale: config.timeScale });
      const folder = machines?.folder ?? dataFolder;
      const events = new Events((error) => log.error('an event could not be read', {}, error));
      logEvents(events, log);
      events.read('engineFailure', () => failed?.());
      const monitor = new Monitor({ clock, log, events });
      engine = await createEngine(config, { clock, events, thread });
      reconciler = new Reconciler({
        store: store.resources,
        engine,
        addressMap: config.addressMap,
        hostedServices: store.classic,
        leasedElsewhere: (address) => (isShared ? undefined : blocks.leasedElsewhere(address)),
        adapt: adapter.adapt,
        strictBind: config.strictBind,
        choices: config.undocumented,
        events,
      });
      const parts = { config, clock, log, events, store, blocks, adapter, engine, reconciler, monitor, machines };
      const app = await createApp({ ...parts, folder, stop });
      server = app.server;
      const { port } = await server.listen({ host: config.host, port: config.port });
      await machines?.begin(port);
      return new Emulator({ ...parts, ...app, port });
    } catch (error) {
      await server?.close();
      await engine?.close(0);
      await adapter.close();
      await machines?.close();
      store.close();
      blocks.close();
      throw error;
    }
  }

  /** `https://localhost:4567`. */
  get url(): string {
    return `https://${this.#authority}`;
  }

  get httpUrl(): string {
    return `http://${this.#authority}`;
  }

  get #authority(): string {
    const { host } = this.#parts.config;
    const name = /^[0:.]+$/.test(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return `${name}:${this.#parts.port}`;
  }

  get server(): LazuriteServer {
    return this.#parts.server;
  }

  get engine(): Engine {
    return this.#parts.engine;
  }

  get events(): Events {
    return this.#parts.events;
  }

  /** What opens `/_lazurite/` in place of a token; `undefined` where anyone may. */
  get adminSecret(): string | undefined {
    return this.#parts.adminSecret;
  }

  /** Deletes every resource and ends every flow. */
  reset(): Promise<void> {
    return this.#parts.control.reset();
  }

  /** Moves the emulator and its engine forward by Azure milliseconds. */
  advance(azureMs: number): Promise<void> {
    return this.#parts.control.advance(azureMs);
  }

  /** Stops accepting, lets flows finish for a while, and gives everything back. */
  async close(): Promise<void> {
    const { server, events, engine, store, blocks, adapter, clock, machines } = this.#parts;
    events.emit('end', {});
    await this.#waitFor('requests in progress', server.close());
    await machines?.close();
    await this.#waitFor('open flows', engine.close(flowGraceMs));
    await adapter.close();
    clock.close();
    store.close();
    blocks.close();
  }

  /** What `close` is waiting for, or would wait for first. */
  get waitingFor(): string {
    return this.#waitingFor;
  }

  async #waitFor(what: string, done: Promise<void>): Promise<void> {
    this.#waitingFor = what;
    const tell = (): void => this.#parts.log.info(`ending: waiting for ${what}`);
    const quiet = systemTime.wakeAfter(quietWaitMs, tell);
    await done.finally(quiet);
  }
}

async function createApp({
  config,
  clock,
  log,
  events,
  store,
  engine,
  reconciler,
  monitor,
  machines,
  folder,
  stop,
}: Omit<Parts, 'server' | 'control' | 'adminSecret' | 'port' | 'blocks' | 'adapter'> & {
  folder: string | undefined;
  stop: (() => void) | undefined;
}): Promise<Pick<Parts, 'server' | 'control' | 'adminSecret'>> {
  const certificates = await loadCertificates({ folder, host: config.host, tlsNames: config.tlsNames });
  if (certificates.caReplaced) log.warn('the CA was made anew: trust it again', { caFile: certificates.caFile });
  const journal = new RequestJournal();
  const journalHooks = new JournalHooks(journal, clock, events);
  const faults = new Faults({ engine, events, store });
  const { answers } = store.resources;
  const shortcut = journalHooks.around((request, response) =>
    faults.ofApi.size > 0 || machines?.isRefused(request) ? undefined : sendKept(request, response, { answers, clock }),
  );
  const server = createServer({
    host: config.host,
    tlsNames: config.tlsNames,
    tls: {
      certificatePem: certificates.certificatePem,
      keyPem: certificates.keyPem,
      askForClientCertificate: config.auth === 'token',
    },
    log,
    clock,
    edge: machines?.edge({ caPem: certificates.caPem, faults }),
    // A token is looked at on the long way.
    shortcut: config.auth === 'token' ? undefined : shortcut,
  });
  const identity = createIdentity({ warn: log.warn, folder, host: config.host, tlsNames: config.tlsNames });
  const admin = config.auth === 'token' ? identity.admin() : undefined;
  if (!admin && !isLoopbackHost(config.host)) {
    log.warn('every client that reaches this machine may do everything here: --auth token asks for a token', {
      host: config.host,
    });
  }
  const arm = new Arm({
    store,
    clock,
    health: reconciler,
    operationDelayMs: config.operationDelayMs,
    strictApiVersions: config.strictApiVersions,
    strictTypes: config.strictTypes,
    templateLinks: config.templateLinks,
    events,
    changed: reconciler.changed,
    note: (message) => log.info(message),
  });
  machines?.guard(server.app);
  installCallHooks(server.app, { faults, journal: journalHooks, clock });
  const resume = (): Promise<void> => arm.resume();
  const control = new EmulatorControl({
    ...{ clock, events, store, engine, reconciler, monitor, journal, faults, resume },
    checkStored() {
      checkStored(arm.context);
      for (const { kind, document } of store.classic.every()) checkClassicDocument(kind, document);
    },
  });
  addOpenApi(server.app);
  addPortal(server.app);
  await server.app.register(identity.plugin);
  await server.app.register(async (app) => {
    new LateRoutes({ below: armPaths, register: (routes) => addArmRoutes(routes, arm) }).addTo(app);
    if (config.auth === 'token') app.addHook('onRequest', identity.requireToken);
    refuseWritesWhileDown(app, engine, 'ServiceUnavailable');
    addRequestHeaders(app, clock);
    addMonitorRoutes(app, { context: arm.context, monitor });
  });
  const classic: ClassicPluginOptions = {
    clock,
    store,
    ...(config.auth === 'token' && {
      authorize: requireCertificateOrToken({
        store,
        verifyToken: (request) => {
          const { authorization } = request.headers;
          return verifyToken(identity.issuer, { authorization, baseUrl: requestBaseUrl(request) });
        },
      }),
    }),
    newGuid,
    publicAddresses: sharedPublicAddresses(store.addresses, config.publicIpPool.IPv4),
    privateAddressPool: classicPrivatePool,
    packages: packageSource({ policy: config.templateLinks, note: (message) => log.info(message) }),
    config,
    dataPlane: reconciler,
  };
  await server.app.register(async (app) => {
    refuseWritesWhileDown(app, engine, 'ClassicServerBusy');
    await app.register(classicPlugin, classic);
  });
  await server.app.register(async (app) =>
    addAdminRoutes(app, {
      clock,
      engine,
      plan: () => reconciler.plan,
      mapAddress: (address) => mapAddress(address, config.addressMap),
      caPem: certificates.caPem,
      authorize: admin?.authorize,
      journal,
      faults,
      monitor,
      snapshots: control,
      events,
      reset: control.reset,
      stop,
      advance: control.advance,
      nodes: machines?.nodes,
    }),
  );
  const { seed: file } = config;
  const seed = async (): Promise<void> => {
    if (file === undefined) return;
    const isEmpty = Object.values(control.take().tables).every((rows) => rows.length === 0);
    await applySeed({ file, arm, isEmpty, restore: control.restore, log });
  };
  await machines?.follow({ engine, reconciler, arm, classic, log, control, resume, seed });
  await reconciler.loadAll();
  if (!machines) await resume();
  monitor.watch({ engine, plan: () => reconciler.plan, snatAllocations: () => reconciler.snatAllocations() });
  if (!machines) await seed();
  return { server, control, adminSecret: admin?.secret };
}
