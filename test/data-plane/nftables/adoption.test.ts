/** TCP flows in the middle: what a node does with packets of a flow that another node has carried. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Distribution, PlanRule } from '../../../src/data-plane/model/plan.js';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { alone, type NodeOptions } from '../../../src/data-plane/nftables/frontend.js';
import { inTime, repeatUntil } from '../../turns.js';
import { Backend, echoes, ending, openStream, type Stream } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf, World } from '../world.js';
import { isInNamespace, nft } from './in-namespace.js';

const fourMinutesMs = 240_000;

interface SiteOptions {
  /** Two numbers, of addresses that no other test has. */
  readonly net: string;
  readonly members?: number;
  readonly rest?: Partial<PlanRule>;
}

/** A frontend with members, and nodes of which one at a time forwards for it: each begins without knowing any flow. */
class Site {
  node: World;
  readonly at: { address: string; port: number };

  private constructor(
    readonly backends: readonly Backend[],
    readonly options: SiteOptions,
  ) {
    this.node = this.#newNode();
    this.at = { address: `${options.net}.100`, port: 20080 };
  }

  static async start(t: Test, options: SiteOptions): Promise<Site> {
    const { net, members = 3 } = options;
    const starting = Array.from({ length: members }, (_, index) => Backend.start(`${net}.${4 + index}`, 28080));
    const backends = await Promise.all(starting);
    const site = new Site(backends, options);
    t.teardown(async () => {
      for (const backend of backends) backend.stop();
      await site.node.close();
    });
    await site.#apply();
    return site;
  }

  #newNode(node: NodeOptions = alone): World {
    return new World(({ clock, events }) => new NftablesEngine({ clock, events, node }));
  }

  #apply(): Promise<void> {
    return this.node.apply([
      frontend('tcp', `${this.at.address}:${this.at.port}`, rule(membersOf(this.backends), this.options.rest)),
    ]);
  }

  /** The node ends and another one takes its place; packets on the way meanwhile are lost, and sent again later. */
  async replaceNode(node: NodeOptions, onTheWay: () => void = () => {}): Promise<void> {
    await this.#acknowledged();
    nft('add table ip gap');
    nft('add chain ip gap sent { type filter hook output priority -400; }');
    nft(`add rule ip gap sent ip daddr ${this.options.net}.0/24 meta l4proto tcp drop`);
    onTheWay();
    await this.node.engine.close(0);
    this.node = this.#newNode(node);
    await this.#apply();
    nft('delete table ip gap');
  }

  /** Nothing is on the way that would be sent again. */
  async #acknowledged(): Promise<void> {
    const waiting = () =>
      readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .some((line) => / 01 (?!00000000:)/.test(line));
    await repeatUntil(() => !waiting(), {
      what: 'that everything sent was acknowledged',
      step: () => new Promise((resolve) => setImmediate(resolve)),
    });
  }

  /** A connection on which both sides have spoken. */
  async open(from = 200): Promise<Stream> {
    const stream = await openStream(this.at, { from: `${this.options.net}.${from}` });
    await inTime('an echo', echoes(stream, 'begun'));
    stream.socket.on('error', () => {});
    return stream;
  }

  nodesChanged(): Promise<void> {
    return (this.node.engine as NftablesEngine).nodesChanged();
  }

  /** What `explain` says about a packet of a flow of another node. */
  async unknownFlow(): Promise<string | undefined> {
    const source = { sourceAddress: `${this.options.net}.200`, sourcePort: 4000 };
    const destination = { destinationAddress: this.at.address, destinationPort: this.at.port };
    return (await this.node.engine.explain({ transport: 'tcp', ...source, ...destination })).unknownFlow;
  }

  /** Resolves when the node has counted so many. */
  async counted(name: string, atLeast = 1): Promise<void> {
    await this.node.counted(name, `tcp/${this.at.address}/${this.at.port}`, atLeast);
  }

  /** The client's address and port, and the member, of each flow. */
  async flows(): Promise<string[]> {
    const flows = await this.node.engine.flows();
    return flows.map(({ source, backend }) => `${source} ${backend.split('|')[0] ?? ''}`).sort();
  }
}

const always: NodeOptions = { adopt: 'always', symmetric: false };
const afterChange: NodeOptions = { adopt: 'after-change', symmetric: false };

const distributions: readonly Distribution[] = ['Default', 'SourceIP', 'SourceIPProtocol'];

if (isInNamespace(t, import.meta.url)) {
  for (const [index, distribution] of distributions.entries()) {
    t.test(
      `${distribution}: connections go on with their members when their node ends, and when it is back`,
      async (t) => {
        const site = await Site.start(t, {
          net: `127.90.${index}`,
          members: 5,
          rest: { distribution, tcpReset: true },
        });
        const streams = await Promise.all(Array.from({ length: 20 }, (_, client) => site.open(200 + client)));
        t.ok(new Set(streams.map(({ backend }) => backend)).size > 1, 'several members serve them');
        for (let node = 0; node < 2; node++) {
          await site.replaceNode(afterChange);
          await site.nodesChanged();
          for (const stream of streams) t.ok(await inTime('an echo', echoes(stream, `node ${node}`)));
          await site.counted('flowsAdopted', streams.length);
          t.equal((await site.flows()).length, streams.length);
        }
        const ends = Promise.all(streams.map(({ socket }) => ending(socket)));
        await site.node.advance(fourMinutesMs + 1000);
        t.strictSame(new Set(await inTime('the idle timeout', ends)), new Set(['ECONNRESET']));
        t.strictSame(await site.flows(), []);
      },
    );
  }

  t.test('A node that does not adopt resets such a connection', async (t) => {
    const site = await Site.start(t, { net: '127.90.3', rest: { tcpReset: true } });
    const stream = await site.open();
    await site.replaceNode(alone);
    const end = ending(stream.socket);
    stream.socket.write('is anybody there?');
    t.equal(await inTime('a reset', end), 'ECONNRESET');
    await site.counted('discardedAfterDrop');
  });

  t.test(
    'Before a node knows that others have changed it is silent, so that the connection goes on after',
    async (t) => {
      const site = await Site.start(t, { net: '127.90.4', rest: { tcpReset: true } });
      const stream = await site.open();
      await site.replaceNode(afterChange);
      const heard = inTime('an echo', echoes(stream, 'sent again'));
      await site.counted('discardedAfterDrop');
      t.strictSame(await site.flows(), []);
      await site.nodesChanged();
      t.ok(await heard);
    },
  );

  t.test('An idle timeout after the nodes have changed, flows of other nodes are refused again', async (t) => {
    const site = await Site.start(t, { net: '127.90.5' });
    t.equal(await site.unknownFlow(), undefined, 'there is no other node');
    const stream = await site.open();
    await site.replaceNode(afterChange);
    await site.nodesChanged();
    t.match(await site.unknownFlow(), 'goes to this backend too');
    await site.node.advance(fourMinutesMs + 1000);
    t.match(await site.unknownFlow(), 'is dropped: no node has come or gone within the idle timeout');
    stream.socket.write('too late');
    await site.counted('discardedAfterDrop');
    t.strictSame(await site.flows(), []);
    stream.socket.destroy();
  });

  t.test('A flow that this node knows to be over stays over', async (t) => {
    for (const [index, tcpReset] of [false, true].entries()) {
      const site = await Site.start(t, { net: `127.90.${6 + index}`, rest: { tcpReset } });
      await site.replaceNode(always);
      const stream = await site.open();
      const end = tcpReset ? ending(stream.socket) : undefined;
      await site.node.advance(fourMinutesMs + 1000);
      if (end) t.equal(await inTime('the idle timeout', end), 'ECONNRESET');
      else {
        stream.socket.write('still there?');
        await site.counted('discardedAfterDrop');
      }
      t.strictSame(await site.flows(), []);
      t.equal(site.node.count('flowsAdopted', `tcp/${site.at.address}/${site.at.port}`), 0);
      stream.socket.destroy();
      await site.node.engine.close(0);
    }
  });

  t.test('FIN in the middle is adopted half-closed: the other side ends it', async (t) => {
    const site = await Site.start(t, { net: '127.90.8' });
    const stream = await site.open();
    await site.replaceNode(always, () => stream.socket.end('goodbye'));
    t.equal(await inTime('the end', ending(stream.socket)), 'end');
    await site.counted('flowsAdopted');
    t.strictSame(await site.flows(), []);
  });

  t.test('RST in the middle reaches the member and leaves nothing', async (t) => {
    const site = await Site.start(t, { net: '127.90.9' });
    const stream = await site.open();
    const [served] = site.backends.flatMap(({ sockets }) => [...sockets]);
    if (!served) throw new Error('no client connected');
    await site.replaceNode(always);
    const end = new Promise((resolve) => served.on('close', resolve));
    stream.socket.resetAndDestroy();
    await inTime('the reset', end);
    t.strictSame(await site.flows(), []);
    t.notMatch(nft('list map ip lazurite tcp_adopted'), 'elements');
  });

  t.test('A flow of another node becomes one of this node by its second packet', async (t) => {
    const site = await Site.start(t, { net: '127.90.10', rest: { tcpReset: true } });
    const stream = await site.open();
    await site.replaceNode(always);
    t.ok(await inTime('an echo', echoes(stream, 'x')));
    t.equal((await site.flows()).length, 1);
    t.notMatch(nft('list map ip lazurite tcp_adopted'), 'elements');
    stream.socket.destroy();
  });

  t.test(
    'Where the site returns a flow the way it came, nothing but the answer makes it one of this node',
    async (t) => {
      const site = await Site.start(t, { net: '127.90.11', rest: { tcpReset: true } });
      const stream = await site.open();
      await site.replaceNode({ adopt: 'always', symmetric: true });
      nft('add table ip muted');
      nft('add chain ip muted answers { type filter hook output priority -400; }');
      nft(`add rule ip muted answers ip saddr ${site.options.net}.0/24 tcp sport 28080 drop`);
      nft('add chain ip muted sent { type filter hook postrouting priority 400; }');
      nft(`add rule ip muted sent ip daddr ${site.options.net}.0/24 tcp dport 28080 counter`);
      stream.socket.write('is anybody there?');
      await repeatUntil(() => /packets ([3-9]|\d\d)/.test(nft('list chain ip muted sent')), {
        what: 'that the client had sent it three times',
        step: () => new Promise((resolve) => setTimeout(resolve, 20)),
      });
      // On a slow machine the note may have expired, until the client sends again.
      await repeatUntil(() => nft('list map ip lazurite tcp_adopted').includes('elements'), {
        what: 'that the flow is noted',
        step: () => new Promise((resolve) => setTimeout(resolve, 20)),
      });
      t.strictSame(await site.flows(), []);
      const heard = new Promise((resolve) => stream.socket.once('data', resolve));
      stream.socket.resume();
      nft('delete table ip muted');
      t.equal(String(await inTime('the answer', heard)), 'is anybody there?');
      t.equal((await site.flows()).length, 1);
      t.notMatch(nft('list map ip lazurite tcp_adopted'), 'elements');
      stream.socket.destroy();
    },
  );
}
