import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { ChangeLog, type LogPosition } from '../../src/nodes/change-log.js';
import { Replica } from '../../src/nodes/replica.js';
import { Away, Session } from '../../src/nodes/session.js';
import type { RowImage } from '../../src/store/row-images.js';
import { takeSnapshot } from '../../src/store/snapshot.js';
import { Store } from '../../src/store/store.js';
import { UsageError } from '../../src/support/usage-error.js';
import { Postgres, withoutPostgres } from '../postgres.js';
import { nextEvent, untilTrue } from '../turns.js';

const publicPrefix = { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' };
const opening = { schema: 6, oldest: 5, config: '{"time-scale":1}', nowMs: 1000 };

const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));

const postgres = withoutPostgres === false ? new Postgres() : undefined;
test('PostgreSQL starts', { skip: withoutPostgres }, async (t) => {
  t.ok(postgres);
  await postgres?.start();
});

test('what is asked at once on one connection is sent in turn, and each gets the answer of its own statement', {
  skip: withoutPostgres,
}, async (t) => {
  const session = new Session({ url: postgres?.url ?? '', name: 'test' });
  t.teardown(() => session.close());
  const answers = await Promise.all([1, 2, 3].map((number) => session.query('SELECT $1::int AS number', [number])));
  t.strictSame(answers, [[{ number: 1 }], [{ number: 2 }], [{ number: 3 }]]);
  // By this code the database says, too, that a standby has not confirmed.
  const warned = "DO $$ BEGIN RAISE WARNING 'not confirmed'; END $$";
  const settled = await Promise.allSettled([session.query(warned), session.query('SELECT 1'), session.query(warned)]);
  t.strictSame(
    settled.map(({ status }) => status),
    ['rejected', 'fulfilled', 'rejected'],
  );
  t.strictSame(warnings, []);
});

/** A log in a database without any; `url` other than the server's goes through a proxy. */
async function emptyLog(t: Test, url = postgres?.url ?? '') {
  await postgres?.query('DROP SCHEMA IF EXISTS lazurite CASCADE');
  return openLog(t, url);
}

async function openLog(t: Test, url = postgres?.url ?? '', options = opening) {
  const [writes, checks, reads] = [0, 1, 2].map(() => new Session({ url, name: 'test' })) as [
    Session,
    Session,
    Session,
  ];
  t.teardown(() => {
    for (const session of [writes, checks, reads]) session.close();
  });
  const log = new ChangeLog({ writes, checks, reads, node: 'test' });
  return { log, begunMs: await log.open(options), writes };
}

const image = (number: number): RowImage => ({
  table: 'subscriptions',
  key: { id: `s${number}` },
  row: { id: `s${number}`, created: '2026-01-01T00:00:00Z' },
});
const entries = (number: number) => ({ schema: 6, rows: [image(number)] });

const changesAfter = async (log: ChangeLog, position: LogPosition) =>
  (await log.look(position, { howMany: 'many' })).changes;

const rowsOf = async (): Promise<number> =>
  Number((await postgres?.query('SELECT count(*) AS rows FROM lazurite.changes'))?.[0]?.rows);

test('changes are read in the order in which they were appended', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  const { epoch, writer, schema, ...begin } = await log.raiseEpoch('10.0.0.1:4567');
  t.strictSame([epoch, writer, begin.seq], [1, '10.0.0.1:4567', 0]);
  let after: LogPosition = begin;
  for (const number of [1, 2, 3]) after = (await log.append(entries(number), { after, epoch })) as LogPosition;
  t.strictSame(await log.head(), { ...after, epoch, writer, schema });
  const changes = await changesAfter(log, begin);
  t.strictSame(
    changes?.map(({ seq, entries }) => [seq, entries]),
    [1, 2, 3].map((number) => [number, entries(number)]),
  );
  t.strictSame(await changesAfter(log, after), []);
  const { head, changes: few } = await log.look(begin, { howMany: 'few' });
  t.strictSame([head, few?.length], [{ ...after, epoch, writer, schema }, 3], 'the head of the same moment');
  t.equal((await log.look(undefined, { howMany: 'few' })).changes, undefined, 'an empty replica has no place');
  t.equal(await changesAfter(log, { ...begin, id: after.id }), undefined, 'a position of another history');
});

test('an append after another head, or of an earlier epoch, stores nothing', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  const { epoch, ...begin } = await log.raiseEpoch('a');
  const first = await log.append(entries(1), { after: begin, epoch });
  t.equal(await log.append(entries(2), { after: begin, epoch }), undefined);
  const next = await log.raiseEpoch('b');
  t.equal(next.epoch, epoch + 1);
  t.equal(await log.append(entries(2), { after: first ?? begin, epoch }), undefined);
  t.equal(await rowsOf(), 2, 'the beginning and one change');
  // Also once the log was cut there: the head decides, not the row.
  await postgres?.query('DELETE FROM lazurite.changes WHERE seq = 1');
  t.equal(await log.append(entries(2), { after: begin, epoch: next.epoch }), undefined);
});

/** How entries begin, which only appends carry. */
const gzipped = Buffer.from([0x1f, 0x8b]);

/** A way to the server that is cut when it has seen an append: with `lost` the server never gets it. */
class CutProxy {
  readonly #server: Server;
  armed: 'arrives' | 'lost' | undefined;
  cuts = 0;

  constructor(folder: string) {
    this.#server = createServer((client) => {
      const server = connect(join(folder, '.s.PGSQL.5432'));
      server.on('error', () => client.destroy());
      client.on('error', () => server.destroy());
      client.on('close', () => server.end());
      server.pipe(client);
      client.on('data', (bytes: Buffer) => this.#pass(bytes, { client, server }));
    });
  }

  #pass(bytes: Buffer, { client, server }: { client: Socket; server: Socket }): void {
    const how = bytes.includes(gzipped) ? this.armed : undefined;
    if (how !== 'lost') server.write(bytes);
    if (how === undefined) return;
    this.armed = undefined;
    this.cuts++;
    server.unpipe(client);
    client.destroy();
  }

  async url(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await nextEvent(this.#server, 'listening');
    return `postgresql://lazurite@127.0.0.1:${(this.#server.address() as AddressInfo).port}/postgres`;
  }

  close(): void {
    this.#server.close();
  }
}

test('an append whose answer is lost is stored once, and known to be', { skip: withoutPostgres }, async (t) => {
  const proxy = new CutProxy(postgres?.folder ?? '');
  t.teardown(() => proxy.close());
  const { log } = await emptyLog(t, await proxy.url());
  const { epoch, ...begin } = await log.raiseEpoch('a');
  let after: LogPosition = begin;
  for (const [index, armed] of (['arrives', 'lost', 'arrives'] as const).entries()) {
    proxy.armed = armed;
    const kept = await log.append(entries(index), { after, epoch });
    t.equal(kept?.seq, after.seq + 1, armed);
    after = kept ?? after;
  }
  t.equal(proxy.cuts, 3);
  t.strictSame(
    (await changesAfter(log, begin))?.map((change) => change.entries),
    [0, 1, 2].map(entries),
  );
});

test('an append whose answer is lost is known not to be stored when another writer came before it', {
  skip: withoutPostgres,
}, async (t) => {
  const proxy = new CutProxy(postgres?.folder ?? '');
  t.teardown(() => proxy.close());
  const { log } = await emptyLog(t, await proxy.url());
  const { log: other } = await openLog(t);
  const { epoch, ...begin } = await log.raiseEpoch('a');
  proxy.armed = 'lost';
  const appended = log.append(entries(1), { after: begin, epoch });
  const next = await other.raiseEpoch('b');
  const theirs = await other.append(entries(2), { after: begin, epoch: next.epoch });
  const mine = await appended;
  // Whoever the database heard first has the place; never both.
  t.equal([mine, theirs].filter((kept) => kept !== undefined).length, 1);
  t.equal(await rowsOf(), 2);
});

test('a commit that its standby has not confirmed is asked about again', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  t.match(await log.durabilityWarning(), /no synchronous standby/);
  const { epoch, ...begin } = await log.raiseEpoch('a');
  await postgres?.query("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
  await postgres?.query('SELECT pg_reload_conf()');
  const shown = async () => (await postgres?.query('SHOW synchronous_standby_names'))?.[0]?.synchronous_standby_names;
  await untilTrue(async () => (await shown()) === 'absent');
  const appended = log.append(entries(1), { after: begin, epoch });
  const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'test'";
  const cancelled = async () => {
    const rows = (await postgres?.query(waiting)) ?? [];
    for (const { pid } of rows) await postgres?.query(`SELECT pg_cancel_backend(${pid})`);
    return rows.length > 0;
  };
  // Twice: the append itself, and the question what has become of it.
  for (let count = 0; count < 2; ) if (await cancelled()) count++;
  const isDone = await Promise.race([appended.then(() => true), new Promise((r) => setTimeout(() => r(false), 100))]);
  t.equal(isDone, false, 'nothing is acknowledged without the standby');
  await postgres?.query("ALTER SYSTEM SET synchronous_standby_names = ''");
  await postgres?.query('SELECT pg_reload_conf()');
  t.equal((await appended)?.seq, 1);
  t.equal(await rowsOf(), 2);
});

test('a node of another configuration or schema does not start', { skip: withoutPostgres }, async (t) => {
  const { begunMs } = await emptyLog(t);
  t.equal(begunMs, 1000);
  t.equal((await openLog(t, undefined, { ...opening, nowMs: 2000 })).begunMs, 1000, 'the time is that of the first');
  await t.rejects(openLog(t, undefined, { ...opening, config: '{"time-scale":2}' }), UsageError);
  await t.rejects(openLog(t, undefined, { ...opening, schema: 5 }), { message: /schema 6, .* 5 to 5: .*newer/ });
  const much = { ...opening, schema: 8, oldest: 7 };
  await t.rejects(openLog(t, undefined, much), { message: /schema 6, .* 7 to 8: .*versions in between/ });
  const { log } = await openLog(t, undefined, { ...opening, schema: 7, oldest: 6 });
  t.equal((await log.head()).schema, 6, 'a newer node leaves the schema as it is');
  await t.rejects(openLog(t, 'postgresql://lazurite@127.0.0.1:1/postgres'), Away);
});

test('the log is cut behind the newest snapshot, but not in its last hour', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  const { epoch, ...begin } = await log.raiseEpoch('a');
  let after: LogPosition = begin;
  for (const number of [1, 2, 3]) after = (await log.append(entries(number), { after, epoch })) as LogPosition;
  t.equal(await log.newestSnapshotSeq(), undefined);
  await log.keepSnapshot(after, { some: 'document' });
  t.equal(await rowsOf(), 4, 'nothing is an hour old');
  await postgres?.query("UPDATE lazurite.changes SET at = now() - interval '2 hours' WHERE seq < 2");
  await log.keepSnapshot(after, { some: 'document' });
  t.equal(await rowsOf(), 2);
  t.equal(await log.newestSnapshotSeq(), 3);
  t.strictSame(await log.snapshot(), { seq: after.seq, id: after.id, document: { some: 'document' } });
  t.equal(await changesAfter(log, begin), undefined);
});

test('keys are made once for all nodes', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  let made = 0;
  const make = async () => ({ 'ca.pem': `ca ${++made}`, 'node-key': 'key' });
  const [one, two] = await Promise.all([log.keys(make), log.keys(make)]);
  t.strictSame(one, two);
  t.strictSame(await log.keys(make), one);
  await postgres?.query('ALTER TABLE lazurite.keys RENAME TO elsewhere');
  await t.rejects(log.keys(make), { message: /keys in the store cannot be read/ });
});

test('a replica follows, and is made anew where its history is another one', { skip: withoutPostgres }, async (t) => {
  const file = join(t.testdir(), 'replica.sqlite');
  const touched: unknown[] = [];
  const told: string[] = [];
  let replaced = 0;
  const carried: number[] = [];
  const open = (log: ChangeLog) => {
    const store = new Store({ publicPrefix, file, isReplica: true });
    store.keepIn({ check() {}, keep: () => Promise.reject(new Error('a replica')) });
    const warn = (sentence: string) => void told.push(sentence);
    const onReplaced = async () => void replaced++;
    return {
      store,
      replica: new Replica({
        store,
        changes: log,
        onApplied: async (one) => void touched.push(one),
        onControl: async () => {},
        onCarried: (seq) => carried.push(seq),
        onReplaced,
        warn,
      }),
    };
  };
  const ids = ({ connection }: Store) => takeSnapshot(connection, '').tables.subscriptions?.map(({ id }) => id);

  const { log } = await emptyLog(t);
  const { epoch, ...begin } = await log.raiseEpoch('a');
  const first = await log.append(entries(1), { after: begin, epoch });
  const { store, replica } = open(log);
  await replica.catchUp();
  t.strictSame(ids(store), ['s1']);
  t.strictSame([replaced, touched.length, told.length], [1, 1, 0], 'a new one is filled without a word');
  await store.reset().catch(() => {});
  store.close();

  const again = open(log);
  t.strictSame(again.replica.position, first, 'where it was is known after a restart');
  const second = await log.append(entries(2), { after: first ?? begin, epoch });
  await again.replica.catchUp();
  t.strictSame(ids(again.store), ['s1', 's2']);
  t.equal(replaced, 1);
  await log.keepSnapshot(second ?? begin, takeSnapshot(again.store.connection, '2026-01-01T00:00:00Z'));
  // A replica of the first version has no column for what control entries have come to.
  again.store.connection.exec('ALTER TABLE replica_position DROP COLUMN shared');
  again.store.close();
  const older = open(log);
  t.strictSame(older.replica.position, second);
  t.strictSame(older.replica.shared, { advancedMs: 0, faults: [], isSeeded: false });
  older.store.close();

  // The log goes on, and is cut, while the node is away.
  const third = await log.append(entries(3), { after: second ?? begin, epoch });
  await postgres?.query('UPDATE lazurite.changes SET id = gen_random_uuid() WHERE seq <= 1');
  await postgres?.query('DELETE FROM lazurite.changes WHERE seq < 2');
  const later = open(log);
  later.store.connection.exec('UPDATE replica_position SET seq = 1');
  later.store.close();
  const anew = open(log);
  await anew.replica.catchUp();
  t.strictSame(anew.replica.position, third);
  t.strictSame(ids(anew.store), ['s1', 's2', 's3']);
  t.equal(replaced, 2);
  t.match(told.join(), /made anew/);
  anew.store.close();

  t.throws(() => new Store({ publicPrefix, file }), { message: /is the replica of a store/ });
});

test('a folder with data of its own is not replaced by the store’s', { skip: withoutPostgres }, async (t) => {
  const { log } = await emptyLog(t);
  const store = new Store({ publicPrefix, isReplica: true });
  t.teardown(() => store.close());
  await store.write(() => store.resources.rememberSubscription('s', '2026-01-01T00:00:00Z'));
  const nothing = async () => {};
  const told = { onApplied: nothing, onControl: nothing, onReplaced: nothing, onCarried() {}, warn() {} };
  const options = { store, changes: log, ...told };
  t.throws(() => new Replica(options), { message: /data of its own/ });
});

test('PostgreSQL ends', { skip: withoutPostgres }, async () => {
  await postgres?.remove();
});
