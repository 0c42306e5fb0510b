/** Works that wait together: each is refused alone, all are stored by one COMMIT, and memory says what the file says. */
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'tap';
import type { Resource } from '../../src/resources/resource-type.js';
import type { ResourceGroup } from '../../src/store/resource-store.js';
import { Store } from '../../src/store/store.js';

const refused = new Error('refused');
const scope = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses';
const keyOf = (name: number): string => `${scope}/ip${name}`.toLowerCase();

const resource = (name: number, etag: string): Resource => ({
  key: keyOf(name),
  id: `${scope}/ip${name}`,
  type: 'Microsoft.Network/publicIPAddresses',
  subscriptionId: 's',
  resourceGroup: 'g',
  name: `ip${name}`,
  etag,
  provisioningState: 'Succeeded',
  document: { properties: { etag } },
  createdTime: '2020-01-01T00:00:00Z',
  changedTime: '2020-01-01T00:00:00Z',
});

const group = (name: number, location: string): ResourceGroup => ({
  key: `/subscriptions/s/resourcegroups/g${name}`,
  subscriptionId: 's',
  name: `g${name}`,
  location,
  tags: undefined,
  managedBy: undefined,
  provisioningState: 'Succeeded',
});

const place = { pool: 'p', prefix: '10.0.0.0/28', reserved: 4 };

/** The address that would be handed out next; it is not kept. */
async function nextAddress(store: Store): Promise<unknown> {
  let next: unknown;
  const claim = (): void => {
    next = store.addresses.claim({ ...place, owner: keyOf(9) });
    throw refused;
  };
  await store.write(claim).catch(() => {});
  return next;
}

function openStore(file?: string): Store {
  return new Store({ file, publicPrefix: { IPv4: '203.0.113.0/24', IPv6: '2001:db8::/64' } });
}

test('a work sees what the works before it in its group have done, and is refused by it', async (t) => {
  const store = openStore();
  t.teardown(() => store.close());
  const create = (etag: string) =>
    store.write(() => {
      if (store.resources.resource(keyOf(1))) throw refused;
      store.resources.save(resource(1, etag));
      return etag;
    });
  const outcomes = await Promise.allSettled([create('first'), create('second'), create('third')]);
  t.same(outcomes, [
    { status: 'fulfilled', value: 'first' },
    { status: 'rejected', reason: refused },
    { status: 'rejected', reason: refused },
  ]);
  t.equal(store.resources.resource(keyOf(1))?.etag, 'first');
});

test('works that wait together are one transaction, and are answered after it', async (t) => {
  const store = openStore();
  t.teardown(() => store.close());
  const seen: string[] = [];
  const writes = ['a', 'b'].map((name) =>
    store
      .write(() => {
        seen.push(`work ${name}`);
      })
      .then(() => seen.push(`answer ${name}, in transaction: ${store.connection.inTransaction}`)),
  );
  t.same(seen, [], 'works wait for their turn');
  await Promise.all(writes);
  t.same(seen, ['work a', 'work b', 'answer a, in transaction: false', 'answer b, in transaction: false']);
});

test('a group that cannot be committed rejects all its works and leaves nothing in memory', async (t) => {
  const store = openStore();
  t.teardown(() => store.close());
  const { connection, resources } = store;
  await store.write(() => resources.save(resource(1, 'before')));
  // A reference to nothing that is looked at by the COMMIT only.
  connection.pragma('foreign_keys = ON');
  connection.exec('CREATE TABLE parents (id INTEGER PRIMARY KEY)');
  connection.exec('CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)');
  const writes = [
    store.write(() => resources.save(resource(1, 'after'))),
    store.write(() => connection.exec('INSERT INTO children VALUES (7)')),
    store.write(() => {
      throw refused;
    }),
  ];
  for (const write of writes) await t.rejects(write, { code: /^SQLITE_CONSTRAINT/ });
  t.equal(resources.resource(keyOf(1))?.etag, 'before');
  await store.write(() => resources.save(resource(1, 'later')));
  t.equal(resources.resource(keyOf(1))?.etag, 'later', 'the next group is stored');
});

test('what waits is stored when the store is closed', async (t) => {
  const file = join(t.testdir(), 'lazurite.sqlite');
  const first = openStore(file);
  const written = first.write(() => first.resources.save(resource(1, 'last')));
  first.close();
  await written;
  const second = openStore(file);
  t.equal(second.resources.resource(keyOf(1))?.etag, 'last');
  second.close();
});

test('after groups with refusals, everything in memory is as the file has it', async (t) => {
  const step = fc.record({
    name: fc.integer({ min: 0, max: 5 }),
    kind: fc.constantFrom(
      ...['save', 'remove', 'claim', 'release', 'read', 'readType', 'saveGroup', 'removeGroup', 'readGroup'],
    ),
  });
  const work = fc.record({
    steps: fc.array(step, { maxLength: 5 }),
    isRefused: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(work, { maxLength: 5 }), { maxLength: 5 }), async (groups) => {
      const store = openStore();
      let written = 0;
      const act = ({
        steps,
        isRefused,
      }: {
        steps: readonly { name: number; kind: string }[];
        isRefused: boolean;
      }): void => {
        for (const { name, kind } of steps) {
          if (kind === 'save') store.resources.save(resource(name, String(written++)));
          else if (kind === 'remove') store.resources.remove(keyOf(name));
          else if (kind === 'claim') store.addresses.claim({ ...place, owner: keyOf(name) });
          else if (kind === 'release') store.addresses.release(keyOf(name));
          else if (kind === 'saveGroup') store.resources.saveGroup(group(name, String(written++)));
          else if (kind === 'removeGroup') store.resources.removeGroup(group(name, '').key);
          else if (kind === 'readType') store.resources.everyOfType(resource(name, '').type);
          else if (kind === 'readGroup') store.resources.group('s', `g${name}`);
          else store.resources.resource(keyOf(name));
        }
        if (isRefused) throw refused;
      };
      for (const works of groups) {
        await Promise.allSettled(works.map((one) => store.write(() => act(one))));
        const seen = () => [
          store.resources.everyOfType(resource(0, '').type),
          ...Array.from({ length: 6 }, (_, name) => [
            store.resources.resource(keyOf(name)),
            store.resources.group('s', `g${name}`),
          ]),
        ];
        const inMemory = seen();
        const next = await nextAddress(store);
        store.forget();
        const inFile = seen();
        t.strictSame(inMemory, inFile);
        t.strictSame(next, await nextAddress(store));
      }
      store.close();
    }),
    { numRuns: 60 },
  );
});
