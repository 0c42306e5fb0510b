import fc from 'fast-check';
import type { Test } from 'tap';
import type { Resource } from '../../src/resources/resource-type.js';
import { oldestShared, reshapeImages, reshapeSnapshot } from '../../src/store/earlier-schema.js';
import { takeSnapshot } from '../../src/store/snapshot.js';
import type { DriverName } from '../../src/store/sqlite.js';
import { Store } from '../../src/store/store.js';
import type { Outcome } from '../../src/store/write-queue.js';
import { testOnEachDriver } from './drivers.js';

const publicPrefix = { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' };
const takenAt = '2026-01-01T00:00:00Z';
const subscriptionId = '00000000-0000-0000-0000-00000000000a';
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg`;

/** A store whose works are kept in a list of images, in the shape of the schema `shape`, which a replica follows. */
function storeAndReplica(t: Test, driver: DriverName, { shape }: { shape?: number } = {}) {
  const store = new Store({ publicPrefix, driver });
  const replica = new Store({ publicPrefix, driver });
  const log: Outcome[] = [];
  const { schema } = store;
  const written = shape ?? schema;
  const applyTo = (one: Store, { rows, control }: Outcome): void => {
    if (control?.kind === 'reset') one.replace(undefined, () => {});
    else if (control?.kind === 'restored') one.replace(control.document, () => {});
    else one.apply(rows, () => {});
  };
  let refusal: Error | undefined;
  store.keepIn({
    check() {},
    async keep(outcome) {
      if (refusal) throw refusal;
      const rows = reshapeImages(outcome.rows, { from: schema, to: written, connection: store.connection });
      log.push(JSON.parse(JSON.stringify({ ...outcome, rows })) as Outcome);
      applyTo(store, outcome);
    },
  });
  replica.keepIn({ check() {}, keep: () => Promise.reject(new Error('a replica writes nothing')) });
  t.teardown(() => {
    store.close();
    replica.close();
  });
  return {
    store,
    replica,
    log,
    refuse(error: Error | undefined) {
      refusal = error;
    },
    follow: () => {
      for (const { rows, control } of log.splice(0)) {
        const { connection } = replica;
        applyTo(replica, { control, rows: reshapeImages(rows, { from: written, to: schema, connection }) });
      }
    },
  };
}

const snapshotOf = ({ connection }: Store) => takeSnapshot(connection, takenAt);

const few = fc.integer({ min: 0, max: 5 });
const text = fc.string({ unit: 'binary', maxLength: 12 });

/** What one work does, as a name and two small numbers; some of them throw in the end. */
const step = fc.record({
  what: fc.constantFrom(
    ...(['save', 'remove', 'group', 'ungroup', 'link', 'claim', 'release', 'operation', 'finish'] as const),
    ...(['deploy', 'progress', 'undeploy', 'classic', 'unclassic', 'subscription'] as const),
  ),
  one: few,
  two: few,
  text,
});
const work = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 5 }), isRefused: fc.boolean() });

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const keyOf = (one: number): string => `${group}/providers/Microsoft.Network/loadBalancers/lb${one}`.toLowerCase();

function resourceOf({ one, text: noise }: Step) {
  const key = keyOf(one);
  return {
    ...{ key, id: key, type: 'Microsoft.Network/loadBalancers', subscriptionId, resourceGroup: 'rg', name: `lb${one}` },
    ...{ etag: 'W/"e"', provisioningState: 'Succeeded', document: { noise } },
    ...{ createdTime: takenAt, changedTime: takenAt },
  } as unknown as Resource;
}

/** A deployment with `two` operations. */
const deploymentOf = ({ one, two, text: noise }: Pick<Step, 'one' | 'two' | 'text'>) => ({
  ...{ key: `d${one}`, subscriptionId, resourceGroup: 'rg', name: `d${one}`, location: undefined, state: 'Running' },
  ...{ changed: takenAt, started: takenAt, document: { name: `d${one}` }, template: {} },
  operations: Array.from({ length: two }, (_, operationId) => ({ operationId, noise })),
});

function run(store: Store, taken: Step): void {
  const { resources, addresses, operations, deployments, classic } = store;
  const { what, one, two, text: noise } = taken;
  const key = keyOf(one);
  const classicKey = { kind: 'certificate', subscriptionId, name: `c${one}` } as const;
  const claim = { pool: `subnet${two}`, owner: key, prefix: '10.0.0.0/28', reserved: 4 };
  const changes: Record<Step['what'], () => unknown> = {
    save: () => resources.save(resourceOf(taken)),
    remove: () => resources.remove(key),
    group: () =>
      resources.saveGroup({
        ...{ key: `${group}${one}`, subscriptionId, name: `rg${one}`, location: 'westeurope', tags: { noise } },
        ...{ managedBy: undefined, provisioningState: 'Succeeded' },
      }),
    ungroup: () => resources.removeGroup(`${group}${one}`),
    link: () =>
      resources.replaceLinks(key, [{ sourceId: key, sourceType: 'x', path: `p${two}`, target: keyOf(two) }] as never),
    claim: () => addresses.claim(claim),
    release: () => addresses.release(key),
    operation: () =>
      operations.save({
        ...{ id: `o${one}`, api: 'arm', subscriptionId, name: noise, resourceKey: key, status: 'InProgress' },
        ...{ startedMs: 1.5 + two, result: undefined, error: undefined },
      }),
    finish: () => operations.finish({ id: `o${one}`, status: 'Succeeded', result: { noise } }),
    deploy: () => {
      if (!deployments.isRun(`r${one}${two}`)) deployments.beginRun(`r${one}${two}`, `d${one}`, 'Running');
    },
    progress: () => deployments.save(deploymentOf(taken)),
    undeploy: () => deployments.remove(`d${one}`),
    classic: () => classic.put(classicKey, { noise } as never),
    unclassic: () => classic.delete(classicKey),
    subscription: () => resources.rememberSubscription(`0000000${one}-0000-0000-0000-00000000000b`, takenAt),
  };
  changes[what]();
}

/** Every kind of read of the resource store. */
const reads: readonly ((store: Store) => unknown)[] = [0, 1, 2, 3, 4, 5].flatMap((one) => [
  ({ resources }) => resources.resource(keyOf(one)),
  ({ resources }) => resources.linksInto(keyOf(one)),
  ({ resources }) => resources.linksFrom(keyOf(one)),
  ({ resources }) => resources.group(subscriptionId, `rg${one}`),
  ({ resources }) => resources.list({ subscriptionId, type: 'Microsoft.Network/loadBalancers' }),
  ({ resources }) => resources.every(),
  ({ resources }) => resources.groups(subscriptionId),
]);

/** Numbers of the reads whose kept answer is another one than the store gives now. */
const stale = (store: Store): number[] =>
  reads.flatMap((read, index) => {
    const make = () => ({ body: [read(store)] });
    const { content } = store.resources.answers.answer(`read ${index}`, make);
    return String(content) === JSON.stringify(make().body) ? [] : [index];
  });

testOnEachDriver('versions that share a store in an earlier schema keep the same rows', async (t, driver) => {
  const { store, replica, log, follow } = storeAndReplica(t, driver, { shape: oldestShared });
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 8 }), async (works) => {
      for (const { steps } of works) {
        await store.write(() => {
          for (const taken of steps) run(store, taken);
        });
      }
      const rows = log.flatMap((outcome) => outcome.rows);
      t.notOk(
        rows.some(({ table }) => table === 'deployment_operations'),
        'a table that the earlier schema does not have',
      );
      for (const { table, row } of rows) if (table === 'deployments' && row) t.type(row.operations, 'string');
      follow();
      t.same(snapshotOf(replica).tables, snapshotOf(store).tables);
      const earlier = reshapeSnapshot(snapshotOf(store), oldestShared);
      t.equal(earlier.schemaVersion, oldestShared);
      t.notOk('deployment_operations' in earlier.tables);
      replica.replace(reshapeSnapshot(JSON.parse(JSON.stringify(earlier)) as typeof earlier, store.schema), () => {});
      t.same(snapshotOf(replica).tables, snapshotOf(store).tables, 'from a snapshot');
    }),
    { numRuns: 100 },
  );
});

testOnEachDriver('a step of a deployment is one row for each operation that it has changed', async (t, driver) => {
  const { store, log } = storeAndReplica(t, driver);
  const begun = deploymentOf({ one: 0, two: 3, text: '' });
  await store.write(() => store.deployments.save(begun));
  log.length = 0;
  const [first, second, third] = begun.operations;
  const operations = [first, { ...second, state: 'Succeeded' }, third, { operationId: 3 }] as Record<string, unknown>[];
  await store.write(() => store.deployments.saveProgress({ ...begun, operations }));
  const written = log.flatMap(({ rows }) => rows.map(({ table, key }) => ({ table, key })));
  t.same(
    written,
    [1, 3].map((position) => ({ table: 'deployment_operations', key: { deployment: 'd0', position } })),
  );
  t.same(store.deployments.deployment('d0')?.operations, operations);
  await store.write(() => store.deployments.save(deploymentOf({ one: 0, two: 1, text: '' })));
  t.same(store.deployments.deployment('d0')?.operations.length, 1, 'those of an earlier run are gone');
});

testOnEachDriver('a write that could not be kept leaves in memory what it did not concern', async (t, driver) => {
  const { store, refuse } = storeAndReplica(t, driver);
  const saved = (one: number) => store.write(() => run(store, { what: 'save', one, two: 0, text: '' }));
  for (const one of [0, 1]) await saved(one);
  const { answers } = store.resources;
  for (const one of [0, 1]) answers.answer(`${one}`, () => ({ body: store.resources.resource(keyOf(one)) }));
  refuse(new Error('another node writes'));
  await t.rejects(saved(1), { message: 'another node writes' });
  t.ok(answers.kept('0'));
  t.notOk(answers.kept('1'));
  t.same(stale(store), []);
});

testOnEachDriver('a replica that applies the images of any works is equal', async (t, driver) => {
  const { store, replica, follow } = storeAndReplica(t, driver);
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 8 }), async (works) => {
      const refused: unknown[] = [];
      const written = works.map(({ steps, isRefused }) =>
        store
          .write(() => {
            for (const taken of steps) run(store, taken);
            if (isRefused) throw new Error('refused');
          })
          .catch((error: unknown) => refused.push(error)),
      );
      await Promise.all(written);
      follow();
      t.ok(
        refused.every((error) => (error as Error).message === 'refused'),
        String(refused),
      );
      t.strictSame(snapshotOf(replica), snapshotOf(store));
      t.strictSame([stale(store), stale(replica)], [[], []], 'kept answers');
      for (const one of [0, 1, 2, 3, 4, 5]) {
        t.strictSame(replica.resources.resource(keyOf(one)), store.resources.resource(keyOf(one)));
      }
    }),
    { numRuns: 40 },
  );
  await store.reset();
  follow();
  t.strictSame(snapshotOf(replica), snapshotOf(store), 'also after a reset');
});

testOnEachDriver('works are run together, and those that the ledger refuses leave nothing', async (t, driver) => {
  const { store, log, refuse } = storeAndReplica(t, driver);
  const save = (one: number, noise = '') =>
    store.write(() => run(store, { what: 'save', one, two: 0, text: noise } as Step));
  await Promise.all([save(0), save(1), save(2)]);
  t.equal(log.length, 1);
  const before = snapshotOf(store);
  const kept = store.resources.resource(keyOf(2));
  refuse(new Error('away'));
  await t.rejects(Promise.all([save(0, 'changed'), save(3)]), { message: 'away' });
  t.strictSame(snapshotOf(store), before);
  t.strictSame(store.resources.resource(keyOf(0))?.document, { noise: '' });
  t.equal(store.resources.resource(keyOf(3)), undefined);
  t.strictSame(store.resources.resource(keyOf(2)), kept);
  refuse(undefined);
  await save(3);
  t.ok(store.resources.resource(keyOf(3)));
});

testOnEachDriver('images say which resources and hosted services to follow', async (t, driver) => {
  const { store, replica, log } = storeAndReplica(t, driver);
  const classicKey = { kind: 'hostedService', subscriptionId, name: 'Svc' } as const;
  await store.write(() => {
    run(store, { what: 'save', one: 0, two: 0, text: '' } as Step);
    run(store, { what: 'link', one: 1, two: 0, text: '' } as Step);
    store.classic.put(classicKey, {} as never);
  });
  await store.write(() => store.classic.delete(classicKey));
  const [first, second] = log.splice(0);
  t.strictSame(replica.touched(first?.rows ?? []), {
    resources: [keyOf(1), keyOf(0)],
    hostedServices: [`${subscriptionId}/svc`],
  });
  replica.apply(first?.rows ?? [], () => {});
  t.strictSame(replica.touched(second?.rows ?? []), { resources: [], hostedServices: [`${subscriptionId}/svc`] });
});
