import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { test } from 'tap';
import { rootKey } from '../../src/resources/resource-id.js';
import { AddressStore } from '../../src/store/address-store.js';
import { ClassicStore } from '../../src/store/classic-store.js';
import { openDatabase } from '../../src/store/database.js';
import { DeploymentStore } from '../../src/store/deployment-store.js';
import { OperationStore } from '../../src/store/operation-store.js';
import { ResourceStore } from '../../src/store/resource-store.js';
import { type DriverName, openSqlite } from '../../src/store/sqlite.js';
import { Store } from '../../src/store/store.js';
import { MemoryJournal } from '../../src/store/write-queue.js';
import { Clock } from '../../src/support/clock.js';
import { packageFolder } from '../../src/support/files.js';
import { ArmClient, balancerId, loadBalancer, network, publicIPAddressId } from '../api/arm/resources/arm-client.js';
import { manualTime } from '../manual-time.js';
import { drivers, testOnEachDriver } from './drivers.js';

const publicPrefix = { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' };
const migrationsPath = fileURLToPath(new URL('migrations/', packageFolder));
const migrations = readdirSync(migrationsPath)
  .filter((file) => file.endsWith('.sql'))
  .sort();
const newest = Number(migrations.at(-1)?.slice(0, 4));

const schemaOf = (file: string): unknown[] => {
  const connection = openSqlite(file);
  try {
    return connection.prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
  } finally {
    connection.close();
  }
};

/** A file as the version with `count` migrations left it, with one subscription in it. */
function fileOfVersion(file: string, count: number): void {
  const connection = openSqlite(file);
  for (const one of migrations.slice(0, count)) connection.exec(readFileSync(join(migrationsPath, one), 'utf8'));
  connection.pragma(`user_version = ${Number(migrations[count - 1]?.slice(0, 4) ?? 0)}`);
  if (count > 0) connection.prepare('INSERT INTO subscriptions VALUES (?, ?)').run('kept', '2020-01-01T00:00:00Z');
  connection.close();
}

testOnEachDriver(
  'a new file has the newest schema, and writes are on disk before they are acknowledged',
  async (t, driver) => {
    const file = join(t.testdir(), 'new.sqlite');
    const connection = openDatabase({ file, driver });
    t.equal(connection.pragma('user_version', { simple: true }), newest);
    t.equal(connection.pragma('journal_mode', { simple: true }), 'wal');
    t.equal(connection.pragma('synchronous', { simple: true }), 2, 'FULL');
    connection.close();
    t.same(
      migrations.map((name) => Number(name.slice(0, 4))),
      migrations.map((_, at) => at + 1),
      'no number is missing',
    );
  },
);

testOnEachDriver(
  'only the owner may read the database, whatever mode an earlier version gave it',
  async (t, driver) => {
    const file = join(t.testdir({ 'old.sqlite-wal': '' }), 'old.sqlite');
    const modes = () => [file, `${file}-wal`].map((one) => statSync(one).mode & 0o777);
    for (const mode of [undefined, 0o644]) {
      if (mode !== undefined) chmodSync(file, mode);
      chmodSync(`${file}-wal`, 0o644);
      const connection = openDatabase({ file, driver });
      t.strictSame(modes(), [0o600, 0o600]);
      // Closing takes the log away; a process that is killed leaves it.
      connection.close();
      writeFileSync(`${file}-wal`, '');
    }
  },
);

testOnEachDriver('files of every earlier version are brought up to date, with what is in them', async (t, driver) => {
  const folder = t.testdir();
  openDatabase({ file: join(folder, 'new.sqlite'), driver }).close();
  for (let count = 0; count <= migrations.length; count++) {
    const file = join(folder, `${count}.sqlite`);
    fileOfVersion(file, count);
    for (const time of ['first', 'second']) {
      const store = new Store({ file, driver, publicPrefix });
      t.same(store.resources.subscriptions(), count > 0 ? ['kept'] : [], `${count} migrations, opened a ${time} time`);
      t.equal(store.connection.pragma('user_version', { simple: true }), newest);
      store.close();
    }
    t.same(schemaOf(file), schemaOf(join(folder, 'new.sqlite')), 'the schema of a new file');
  }
});

testOnEachDriver(
  'operations of the classic API that an earlier version kept as documents are still found',
  async (t, driver) => {
    const file = join(t.testdir(), 'earlier.sqlite');
    fileOfVersion(file, 4);
    const earlier = openSqlite(file);
    const document = (id: string, more: object) =>
      JSON.stringify({ subscriptionId: 'S', id, startedMs: 1000, finishMs: 2000, ...more });
    const put = earlier.prepare(
      'INSERT INTO classic_documents (kind, subscription, name, document) VALUES (?, ?, ?, ?)',
    );
    put.run('operation', 's', 'aa', document('aa', {}));
    put.run('operation', 's', 'bb', document('bb', { failure: { status: 409, code: 'ConflictError', message: 'm' } }));
    put.run('reservedIp', 's', 'ip', '{"Name":"ip"}');
    earlier
      .prepare('INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(...['guid', 's', 'PutLoadBalancerOperation', 'k', 'Succeeded', 500, '{"a":1}', null]);
    earlier.close();
    const store = new Store({ file, driver, publicPrefix });
    t.teardown(() => store.close());
    const { operations, classic } = store;
    t.match(operations.operation('aa'), { api: 'classic', status: 'Succeeded', startedMs: 1000, visibleMs: 2000 });
    t.same(operations.operation('bb')?.error, { status: 409, code: 'ConflictError', message: 'm' });
    t.equal(operations.operation('bb')?.status, 'Failed');
    t.match(operations.operation('guid'), { api: 'arm', status: 'Succeeded', startedMs: 500, result: { a: 1 } });
    t.equal(operations.operation('guid')?.visibleMs, undefined);
    t.same(classic.list('reservedIp'), [{ Name: 'ip' }], 'other documents stay');
  },
);

testOnEachDriver('a deployment that an earlier version has stored keeps its operations', async (t, driver) => {
  const file = join(t.testdir(), 'earlier.sqlite');
  fileOfVersion(file, 5);
  const earlier = openSqlite(file);
  const put = earlier.prepare('INSERT INTO deployments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const time = '2020-01-01T00:00:00Z';
  for (const [key, operations] of Object.entries({ one: '[{"operationId":"B"},{"operationId":"A"}]', two: '[]' }))
    put.run(key, 's', 'rg', key, null, 'Succeeded', time, time, '{"name":"n"}', operations, '{"t":1}');
  earlier.close();
  const store = new Store({ file, driver, publicPrefix });
  t.teardown(() => store.close());
  const [one, two] = store.deployments.every();
  t.match(one, { name: 'one', document: { name: 'n' }, template: { t: 1 } });
  t.same(one?.operations, [{ operationId: 'B' }, { operationId: 'A' }]);
  t.same(two?.operations, []);
});

testOnEachDriver('operations on a resource that have not succeeded, and later ones, are found', async (t, driver) => {
  const store = new Store({ driver, publicPrefix });
  t.teardown(() => store.close());
  const { operations } = store;
  const ids = (found: { id: string }[]) => found.map(({ id }) => id).join();
  // All at one time: they were accepted in this order.
  const common = { api: 'arm', subscriptionId: 's', name: 'PutLoadBalancerOperation', startedMs: 1 } as const;
  const none = { result: undefined, error: undefined };
  for (const [id, resourceKey, status] of [
    ['a', 'k', 'Succeeded'],
    ['b', 'k', 'InProgress'],
    ['c', 'other', 'InProgress'],
    ['d', 'k', 'Canceled'],
    ['e', 'k', 'InProgress'],
  ] as const)
    operations.save({ id, resourceKey, status, ...common, ...none });
  t.equal(ids(operations.notSucceeded('k')), 'e,d,b');
  operations.finish({ id: 'e', status: 'Succeeded' });
  operations.finish({ id: 'a', status: 'Failed' });
  t.equal(ids(operations.notSucceeded('k')), 'd,b,a');
  t.equal(ids(operations.laterThan({ id: 'b', resourceKey: 'k', status: 'InProgress', ...common, ...none })), 'e,d');
});

/** What a process asks once, when it starts or takes over. */
const atStart = [/state NOT IN/, /status = 'InProgress' ORDER BY started$/, /state IN \('Accepted', 'Running'\)/];

testOnEachDriver('no question for a part of what is stored reads the rest', async (t, driver) => {
  const connection = openSqlite(':memory:', { driver });
  t.teardown(() => connection.close());
  for (const one of migrations) connection.exec(readFileSync(join(migrationsPath, one), 'utf8'));
  const asked: string[] = [];
  const prepare = (sql: string) => {
    asked.push(sql);
    return connection.prepare(sql);
  };
  const watched = Object.assign(Object.create(connection), { prepare });
  const journal = new MemoryJournal();
  new ResourceStore(watched, journal);
  new AddressStore(watched, { publicPrefix, journal });
  new OperationStore(watched);
  new DeploymentStore(watched);
  new ClassicStore(watched);
  const ofParts = asked.filter(
    (sql) => /^(SELECT|WITH)[^;]* WHERE /s.test(sql) && !atStart.some((one) => one.test(sql)),
  );
  t.ok(ofParts.length > 20);
  for (const sql of ofParts) {
    const plan = connection.prepare(`EXPLAIN QUERY PLAN ${sql.replace(/\?|@\w+/g, "'x'")}`).all() as {
      detail: string;
    }[];
    const scans = plan.filter(({ detail }) => /^SCAN (?!used|.* USING INDEX classic_operations)/.test(detail));
    t.same(scans, [], sql);
  }
});

testOnEachDriver('a file of a newer Lazurite is refused and left alone', async (t, driver) => {
  const file = join(t.testdir(), 'newer.sqlite');
  fileOfVersion(file, migrations.length);
  const connection = openSqlite(file);
  connection.pragma(`user_version = ${newest + 1}`);
  connection.close();
  t.throws(() => openDatabase({ file, driver }), {
    message: `The data was written by a newer Lazurite (schema ${newest + 1}; this one knows ${newest}).`,
  });
  const again = openSqlite(file);
  t.equal(again.pragma('user_version', { simple: true }), newest + 1);
  again.close();
});

test('a data folder belongs to one emulator at a time', async (t) => {
  const data = t.testdir();
  const first = await ArmClient.start(t, { argv: ['--data', data] });
  await t.rejects(ArmClient.start(t, { argv: ['--data', data] }), {
    message: /lazurite\.sqlite is in use by another Lazurite\. Give this one its own --data folder, or --in-memory\.$/,
  });
  await first.makeGroup();
  await first.close();
  const second = await ArmClient.start(t, { argv: ['--data', data] });
  t.equal((await second.makePublicIPAddress('ip')).name, 'ip', 'the group is there');
});

test('what was acknowledged is the same after a restart, and a PUT that changes nothing still keeps the etag', async (t) => {
  const data = t.testdir();
  const first = await ArmClient.start(t, { argv: ['--data', data] });
  await first.makeLoadBalancer();
  const nic = await first.makeNetworkInterface('nic', { pools: [`${balancerId}/backendAddressPools/pool`] });
  const paths = [balancerId, publicIPAddressId('ip'), `${network}/virtualNetworks/vnet`, String(nic.id)];
  const before = await Promise.all(paths.map(async (path) => (await first.get(path)).text));
  await first.close();
  const second = await ArmClient.start(t, { argv: ['--data', data] });
  for (const [at, path] of paths.entries()) {
    t.equal((await second.get(path)).text, before[at]);
    t.equal((await second.put(path, JSON.parse(before[at] as string))).text, before[at]);
  }
  t.equal((await second.put(balancerId, loadBalancer())).status, 200);
});

testOnEachDriver(
  'a write resolves with its result, in one transaction that a later write does not enter',
  async (t, driver) => {
    const store = new Store({ driver, publicPrefix });
    t.teardown(() => store.close());
    t.equal(await store.write(() => store.connection.inTransaction), true);
    t.equal(store.connection.inTransaction, false);
    const inner: Promise<unknown>[] = [];
    await store.write(() => {
      store.resources.rememberSubscription('s', '2020-01-01T00:00:00Z');
      inner.push(
        t.rejects(
          store.write(() => 'inner'),
          /within a write/,
        ),
      );
    });
    await Promise.all(inner);
    t.same(store.resources.subscriptions(), ['s']);
    await store.reset();
    t.same(store.resources.subscriptions(), []);
    t.equal(store.connection.pragma('synchronous', { simple: true }), 2, 'later writes are on disk again');
  },
);

testOnEachDriver('a write that throws leaves nothing in file or memory', async (t, driver) => {
  const store = new Store({ driver, publicPrefix });
  t.teardown(() => store.close());
  const group = {
    key: '/subscriptions/s/resourcegroups/g',
    subscriptionId: 's',
    name: 'g',
    location: 'westeurope',
    tags: undefined,
    managedBy: undefined,
    provisioningState: 'Succeeded',
  };
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/ip';
  await t.rejects(
    store.write(() => {
      store.resources.saveGroup(group);
      store.resources.rememberSubscription('s', '2020-01-01T00:00:00Z');
      store.resources.save({
        key: id.toLowerCase(),
        id,
        type: 'Microsoft.Network/publicIPAddresses',
        subscriptionId: 's',
        resourceGroup: 'g',
        name: 'ip',
        etag: 'W/"x"',
        provisioningState: 'Succeeded',
        document: { properties: {} },
        createdTime: '',
        changedTime: '',
      });
      store.addresses.claim({ pool: 'p', owner: id, prefix: '10.0.0.0/24', reserved: 4 });
      throw new Error('refused');
    }),
    { message: 'refused' },
  );
  t.equal(store.resources.resource(id.toLowerCase()), undefined);
  t.equal(store.resources.group('s', 'g'), undefined);
  t.same(store.addresses.claim({ pool: 'p', owner: id, prefix: '10.0.0.0/24', reserved: 4 }), { address: '10.0.0.4' });
  t.same(store.resources.subscriptions(), ['s'], 'a refused request is a use of its subscription too');
});

testOnEachDriver('operations are forgotten after a day, those that still run are not', async (t, driver) => {
  const store = new Store({ driver, publicPrefix });
  t.teardown(() => store.close());
  const clock = new Clock({ source: manualTime() });
  const save = (id: string, status: 'InProgress' | 'Succeeded') =>
    store.operations.save({
      id,
      api: 'arm',
      subscriptionId: 's',
      name: 'PutLoadBalancerOperation',
      resourceKey: 'k',
      status,
      startedMs: clock.now(),
      result: undefined,
      error: undefined,
    });
  save('old', 'Succeeded');
  save('running', 'InProgress');
  clock.advance(25 * 60 * 60 * 1000);
  for (let count = 0; count < 1000; count++) save(`new-${count}`, 'Succeeded');
  t.equal(store.operations.operation('old'), undefined);
  t.equal(store.operations.operation('running')?.status, 'InProgress');
  t.equal(store.operations.operation('new-0')?.status, 'Succeeded');
  t.same(
    store.operations.running().map(({ id }) => id),
    ['running'],
  );
});

testOnEachDriver('an address is never handed out twice, and always the lowest free one', async (_t, driver) => {
  const owner = (name: number) =>
    `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n${name}`;
  const step = fc.oneof(
    fc.record({ kind: fc.constant('claim' as const), name: fc.integer({ min: 0, max: 9 }) }),
    fc.record({
      kind: fc.constant('exact' as const),
      name: fc.integer({ min: 0, max: 9 }),
      at: fc.integer({ min: 4, max: 17 }),
    }),
    fc.record({ kind: fc.constant('release' as const), name: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant('undone' as const), name: fc.integer({ min: 0, max: 9 }) }),
  );
  const undone = new Error('undone');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new Store({ driver, publicPrefix });
      const held = new Map<string, number>();
      const place = { pool: 'p', prefix: '10.0.0.0/28', reserved: 4 };
      for (const one of steps) {
        const id = owner(one.name);
        if (one.kind === 'undone') {
          const work = (): void => {
            store.addresses.release(rootKey(id));
            for (let claim = 0; claim < 3; claim++) store.addresses.claim({ ...place, owner: owner(10) });
            throw undone;
          };
          await store.write(work).catch((error) => {
            if (error !== undone) throw error;
          });
          continue;
        }
        if (one.kind === 'release') {
          store.addresses.release(rootKey(id));
          for (const [address, name] of held) if (name === one.name) held.delete(address);
          continue;
        }
        const exact = one.kind === 'exact' ? `10.0.0.${one.at}` : undefined;
        const result = store.addresses.claim({ ...place, owner: id, exact });
        if (!('address' in result)) {
          if (result.conflict === 'allocated' && !held.has(exact as string)) throw new Error('refused a free address');
          if (result.conflict === 'full' && exact === undefined && held.size < 11) throw new Error('not full');
          continue;
        }
        if (held.has(result.address)) throw new Error(`${result.address} twice`);
        const lowest = Array.from({ length: 11 }, (_, at) => `10.0.0.${at + 4}`).find((address) => !held.has(address));
        if (exact === undefined && result.address !== lowest) throw new Error(`${result.address} is not ${lowest}`);
        held.set(result.address, one.name);
      }
      store.close();
    }),
    { numRuns: 100 },
  );
});

testOnEachDriver(
  'lists of references in memory are what the file says, whatever joins, leaves or fails',
  async (t, driver) => {
    const idOf = (name: string) => `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/${name}`;
    const targets = ['loadBalancers/a', 'loadBalancers/b'].map((name) => idOf(name).toLowerCase());
    const step = fc.record({
      source: fc.constantFrom('n1', 'N10', 'n2'),
      // A reference may be written twice.
      links: fc.array(fc.tuple(fc.nat(1), fc.constantFrom('pool', 'rule')), { maxLength: 4 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const store = new Store({ driver, publicPrefix });
        const { resources } = store;
        try {
          for (const { source, links, fails } of steps) {
            for (const target of targets) resources.linksInto(target);
            const sourceId = idOf(`networkInterfaces/${source}`);
            const work = store.write(() => {
              const one = { sourceId: `${sourceId}/ipConfigurations/c`, sourceType: 'ipConfigurations' };
              const given = links.map(([to, path]) => ({ ...one, path, target: `${targets[to]}/pools/p` }));
              resources.replaceLinks(sourceId.toLowerCase(), given);
              if (fails) throw new Error('refused');
            });
            await work.catch(() => {});
            const lists = () => targets.map((target) => resources.linksInto(target));
            const kept = lists();
            resources.forget();
            t.same(kept, lists());
          }
        } finally {
          await store.close();
        }
      }),
      { numRuns: 100 },
    );
  },
);

testOnEachDriver('a work within a write is undone alone when it throws', async (t, driver) => {
  const connection = openSqlite(':memory:', { driver });
  t.teardown(() => connection.close());
  connection.exec('CREATE TABLE numbers (number INTEGER PRIMARY KEY)');
  const insert = connection.prepare('INSERT INTO numbers VALUES (?)');
  const numbers = () => (connection.prepare('SELECT number FROM numbers').all() as { number: number }[]).length;
  connection.transaction(() => {
    insert.run(1);
    t.throws(() => connection.transaction(() => insert.run(1)), { code: /^SQLITE_CONSTRAINT/ });
    t.equal(connection.inTransaction, true);
    connection.transaction(() => insert.run(2));
  });
  t.equal(numbers(), 2);
  t.equal(connection.inTransaction, false);
  connection.close();
  connection.close();
  t.equal(connection.open, false);
});

test('a data folder can be used with one driver after the other', async (t) => {
  const file = join(t.testdir(), 'shared.sqlite');
  for (const [count, driver] of [...drivers, ...drivers].entries()) {
    const store = new Store({ file, driver, publicPrefix });
    t.equal(store.resources.subscriptions().length, count);
    store.resources.rememberSubscription(`s${count}`, '2020-01-01T00:00:00Z');
    store.close();
  }
});

test('without any driver of SQLite the error says what to do', async (t) => {
  t.throws(() => openSqlite(':memory:', { driver: 'none' as DriverName }), {
    name: 'UsageError',
    message:
      /^SQLite is missing: .* Use Node 22\.13 or newer, or run `npm install better-sqlite3@12` beside Lazurite\.$/,
  });
});
