/** `--store URL`: this emulator as one of several machines that share what is stored. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { SharedStore } from '../api/admin/admin.js';
import type { Faults } from '../api/admin/faults.js';
import type { Arm } from '../api/arm/arm.js';
import type { ClassicPluginOptions } from '../api/classic/plugin.js';
import { loadAdminSecret } from '../api/identity/admin-secret.js';
import { loadCertificates } from '../api/identity/certificates.js';
import { loadSigningKey } from '../api/identity/tokens.js';
import type { Reconciler } from '../compiler/reconciler.js';
import { type Config, options } from '../config/config.js';
import type { Engine } from '../data-plane/model/engine.js';
import { azureError } from '../errors/index.js';
import { type EdgeHandler, tidyUrl } from '../http/server.js';
import { Edge } from '../nodes/edge.js';
import { ClusterNode, type NodeEvents, refusal } from '../nodes/node.js';
import { explainStoreError } from '../nodes/session.js';
import { oldestShared } from '../store/earlier-schema.js';
import type { Store } from '../store/store.js';
import { Clock, systemTime } from '../support/clock.js';
import { ensurePrivateFolder, packageVersion, readIfPresent, writePrivateFile } from '../support/files.js';
import { isGuid, newGuid } from '../support/ids.js';
import { formatIpPrefix, isLoopbackHost } from '../support/ip-address.js';
import type { Log } from '../support/log.js';
import { UsageError } from '../support/usage-error.js';
import type { EmulatorControl } from './emulator-control.js';

/** What every node answers for itself: its pages, its data plane, its process. */
const ownPaths = /^\/(?:$|\?|portal\b|openapi\b|_lazurite\/(?!(?:reset|snapshot|faults|requests|clock|store)\b))/i;

/**
 * What is read from the store alone, so that any replica shows it: not what a data plane has measured, nor what a node keeps
 * in memory. A subscription is used for the first time at the node that writes.
 */
function isStored(url: string, { resources }: Store): boolean {
  const [, subscription] = /^\/subscriptions\/([^/?]+)\//i.exec(url) ?? [];
  return subscription !== undefined && !/\/microsoft\.insights\//i.test(url) && resources.hasSubscription(subscription);
}

/** Keys that all nodes have, as files of the data folder. */
const sharedFiles = ['ca.pem', 'ca-key.pem', 'token-key.pem', 'admin-secret'] as const;

export interface Machines {
  /** Where this node has its keys. */
  readonly folder: string;
  /** The time that all nodes share. */
  readonly clock: Clock;
  /** Stands before the server's routes. */
  readonly edge: (parts: { caPem: string; faults: Faults }) => EdgeHandler;
  /** Whether no node can answer this request at present. */
  readonly isRefused: (request: IncomingMessage) => boolean;
  /** Refuses requests that no node can answer at present; answers a write when every node carries it. */
  readonly guard: (app: FastifyInstance) => void;
  /** Every node that lives. */
  readonly nodes: SharedStore;
  /** Fills the replica, and follows what other nodes write. */
  readonly follow: (parts: Followed) => Promise<void>;
  /** From now on reachable at this port for other nodes. */
  readonly begin: (port: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What all nodes have to agree on, as a text that a person can read. */
const agreedOn = (config: Config): string =>
  JSON.stringify({
    'public-ip-pool': Object.values(config.publicIpPool).map(formatIpPrefix).join(','),
    'address-map': config.addressMap.map(({ from, to }) => `${formatIpPrefix(from)}=${formatIpPrefix(to)}`),
    'time-scale': config.timeScale,
    'operation-delay': config.operationDelayMs,
    'strict-api-versions': config.strictApiVersions,
    'strict-types': config.strictTypes,
    'strict-bind': config.strictBind,
    auth: config.auth,
    undocumented: config.undocumented,
    // Stores of earlier versions have a text without them.
    adopt: config.adopt === options.adopt.fallback ? undefined : config.adopt,
    symmetric: config.symmetric || undefined,
  });

/** How the data plane and the readers of events follow what other nodes write. */
function followed({ engine, reconciler, arm, classic, log, control }: Followed): Omit<NodeEvents, 'onWriter'> {
  const tell = (error: unknown): void => log.error('the data plane does not follow another node', {}, error);
  return {
    async onApplied({ resources, hostedServices }) {
      const changed = [arm.context.changed(resources), classic.dataPlane.classicChanged(hostedServices)];
      await Promise.all(changed).catch(tell);
    },
    onControl: (one) => control.carryOut(one).catch(tell),
    onReplaced: () => reconciler.loadAll().catch(tell),
    onNodesChanged: () => void engine.nodesChanged?.().catch(tell),
    // Of the nodes exactly one writes, so that no two give out the same ports.
    onWriting: async (isWriter) => engine.runOutbound?.(isWriter).catch(tell),
  };
}

export interface Followed {
  readonly engine: Engine;
  readonly reconciler: Reconciler;
  readonly arm: Arm;
  readonly classic: ClassicPluginOptions;
  readonly log: Log;
  readonly control: EmulatorControl;
  readonly resume: () => Promise<void>;
  /** Applies `--seed`. */
  readonly seed: () => Promise<void>;
}

/** `--seed` is applied by the first node that writes; the others are ready after it. */
class Seeding {
  hasEnded = false;
  readonly ended: Promise<void>;
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void } | undefined;

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  readonly end = (): void => {
    this.hasEnded = true;
    this.#settle?.resolve();
  };

  /** What goes wrong keeps the node from starting. */
  async run(seed: () => Promise<void>): Promise<void> {
    await seed().then(this.end, (error) => this.#settle?.reject(error));
  }
}

const olderNodes = (older: readonly string[]): string =>
  `${older.join(', ')} would not know the newer schema: start this version there first`;

/** Applies the seed, and keeps that it was. */
async function seedOnce(store: Store, seed: () => Promise<void>): Promise<void> {
  await seed();
  await store.announce(() => ({ kind: 'seeded' }));
}

/** Makes keys as a machine alone does. */
async function makeKeys({ host, tlsNames }: Config): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-keys-'));
  try {
    await loadCertificates({ folder, host, tlsNames });
    await loadSigningKey(folder);
    loadAdminSecret(folder);
    const made = sharedFiles.map((name) => [name, readIfPresent(join(folder, name)) ?? '']);
    return { ...Object.fromEntries(made), 'node-key': `${newGuid()}${newGuid()}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Connects to the store that `--store` names, and gets the keys and the time from it. Throws a `UsageError` why not. */
export async function joinStore({ config, store, log }: { config: Config; store: Store; log: Log }): Promise<Machines> {
  const url = config.store ?? '';
  const { schema } = store;
  const node = new ClusterNode({ url, facts: { name: hostname(), version: packageVersion(), schema }, store, log });
  const temporary = config.inMemory ? mkdtempSync(join(tmpdir(), 'lazurite-node-')) : undefined;
  const folder = temporary ?? config.data;
  const close = async (): Promise<void> => {
    await node.close();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const begunMs = await node.changes.open({
      ...{ schema, oldest: oldestShared },
      ...{ config: agreedOn(config), nowMs: systemTime.now() },
    });
    const keys = await node.changes.keys(() => makeKeys(config));
    ensurePrivateFolder(folder);
    for (const name of sharedFiles) {
      if (keys[name] === undefined) throw new UsageError(`the store has no key '${name}'`);
      if (readIfPresent(join(folder, name)) !== keys[name]) writePrivateFile(join(folder, name), keys[name]);
    }
    let edge: Edge | undefined;
    const seeding = new Seeding();
    return {
      folder,
      clock: new Clock({
        origin: { scale: config.timeScale, startMs: begunMs, advancedMs: 0, aheadMs: systemTime.aheadMs ?? 0 },
      }),
      isRefused: (request) => edge?.refusalOf(request) !== undefined,
      edge({ caPem, faults }) {
        if (caPem !== keys['ca.pem']) {
          throw new UsageError(
            "the CA of the store is not good for this node's names: the first node that starts makes it, so give all nodes every --tls-name",
          );
        }
        const isOwn = (path: string): boolean => ownPaths.test(tidyUrl(path));
        const made = new Edge({
          node,
          key: keys['node-key'] ?? '',
          caPem,
          staleReads: config.staleReads === 'on',
          isOwn,
          // How often a fault has hit is counted by the node that writes.
          isStored: (path) => faults.ofApi.size === 0 && isStored(tidyUrl(path), store),
        });
        edge = made;
        return (request, response, answer: RequestListener) =>
          void made.handle(request, response, answer).catch(() => request.socket.destroy());
      },
      guard(app) {
        app.addHook('onRequest', (request, _reply, done) => {
          const message = edge?.refusalOf(request.raw);
          if (message === undefined) return done();
          const isClassic = isGuid(request.url.slice(1, 37));
          done(refusal(message, isClassic ? 'ClassicServerBusy' : 'ServiceUnavailable'));
        });
        app.addHook('onSend', async (request, reply, payload) => {
          if (request.method === 'GET' || request.method === 'HEAD' || reply.statusCode >= 400) return payload;
          const behind = await node.carriedByOthers();
          if (behind > 0) reply.header('x-lazurite-behind', String(behind));
          return payload;
        });
      },
      nodes: {
        async living() {
          const [living, { seq, writer }] = await Promise.all([node.nodes.living(), node.changes.head()]);
          return living.map(({ carried, ...one }) => {
            const writes = one.address === writer;
            return { ...one, writes, behind: writes ? 0 : Math.max(0, seq - carried) };
          });
        },
        async upgrade() {
          const [living, { schema: from }] = await Promise.all([node.nodes.living(), node.changes.head()]);
          const older = living.filter((one) => one.schema < schema).map((one) => `${one.address} (${one.version})`);
          if (older.length > 0) throw azureError('StoreNotUpgraded', { values: { reason: olderNodes(older) } });
          if (from < schema) await store.announce(() => ({ kind: 'schema', schema }));
          return { from, to: schema };
        },
      },
      async follow(parts) {
        const events = followed(parts);
        await node.open({
          ...events,
          onControl(control) {
            if (control.kind === 'seeded') seeding.end();
            return events.onControl(control);
          },
          async onWriter() {
            await parts.resume();
            if (config.seed !== undefined && !node.isSeeded) await seeding.run(() => seedOnce(store, parts.seed));
          },
        });
        if (config.seed === undefined || node.isSeeded) seeding.end();
      },
      async begin(port) {
        const { host } = config;
        const seen = await node.localAddress();
        if (isLoopbackHost(host) && seen !== undefined && !isLoopbackHost(seen)) {
          log.warn('no other machine reaches this node on its loopback: choose an address of the machine with --host', {
            host,
          });
        }
        const address = /^[0:.]+$/.test(host) ? (seen ?? '127.0.0.1') : host;
        const reached = address === 'localhost' ? '127.0.0.1' : address;
        await node.begin(`${reached.includes(':') ? `[${reached}]` : reached}:${port}`);
        if (!seeding.hasEnded) log.info('waiting until the node that writes has applied its --seed');
        await seeding.ended;
      },
      close() {
        edge?.close();
        return close();
      },
    };
  } catch (error) {
    await close();
    const sentence = explainStoreError(error);
    throw sentence === undefined ? error : new UsageError(sentence, { cause: error });
  }
}
