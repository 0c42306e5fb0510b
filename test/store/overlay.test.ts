/** Writes in a view of the store: they answer what the same writes to the store would, and the store does not see them. */
import fc from 'fast-check';
import t from 'tap';
import type { Link, Resource } from '../../src/resources/resource-type.js';
import { StoreOverlay } from '../../src/store/overlay.js';
import { Store } from '../../src/store/store.js';

const type = 'Microsoft.Network/publicIPAddresses';
const idOf = (name: string) => `/subscriptions/s/resourceGroups/g/providers/${type}/${name}`;
const resource = (name: string, etag: string): Resource => ({
  key: idOf(name).toLowerCase(),
  id: idOf(name),
  type,
  subscriptionId: 's',
  resourceGroup: 'g',
  name,
  etag,
  provisioningState: 'Succeeded',
  document: { properties: { etag } },
  createdTime: '2020-01-01T00:00:00Z',
  changedTime: '2020-01-01T00:00:00Z',
});

type Writing = Pick<Store, 'resources' | 'addresses'> | StoreOverlay;
type Step = (store: Writing) => unknown;

const names = ['a', 'B', 'c'];
const pool = { pool: 'p', prefix: '10.0.0.0/26' };
const anyName = fc.constantFrom(...names);
const anyAddress = fc.integer({ min: 0, max: 70 }).map((last) => `10.0.0.${last}`);
const linkOf = (from: string, to: string, path: string): Link => ({
  sourceId: idOf(from),
  sourceType: type,
  path,
  target: `${idOf(to).toLowerCase()}/parts/one`,
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(anyName, fc.string({ maxLength: 3 })).map(
    ([name, etag]): Step =>
      ({ resources }) => {
        resources.save(resource(name, etag));
      },
  ),
  fc.tuple(anyName, fc.array(fc.tuple(anyName, fc.constantFrom('x', 'y')), { maxLength: 4 })).map(
    ([from, targets]): Step =>
      ({ resources }) => {
        const links = targets.map(([to, path]) => linkOf(from, to, path));
        resources.replaceLinks(idOf(from).toLowerCase(), links);
      },
  ),
  fc.tuple(anyName, fc.option(anyAddress, { nil: undefined }), fc.constantFrom(0, 4)).map(
    ([name, preferred, reserved]): Step =>
      ({ addresses }) =>
        addresses.claim({ ...pool, owner: idOf(name), reserved, preferred }),
  ),
  fc.tuple(anyName, anyAddress).map(
    ([name, exact]): Step =>
      ({ addresses }) =>
        addresses.claim({ ...pool, owner: idOf(name), reserved: 0, exact }),
  ),
  fc.tuple(anyName, fc.constantFrom(28, 30)).map(
    ([name, length]): Step =>
      ({ addresses }) =>
        addresses.claimBlock({ ...pool, owner: idOf(name), length }),
  ),
  anyName.map(
    (name): Step =>
      ({ addresses }) => {
        addresses.release(idOf(name).toLowerCase());
      },
  ),
);

/** Everything that can be read. */
const seen = ({ resources }: Writing): unknown => [
  [...resources.everyOfType(type)],
  names.map((name) => {
    const key = idOf(name).toLowerCase();
    return [resources.resource(key), resources.linksInto(key), resources.linksFrom(key)];
  }),
];

const open = () => new Store({ publicPrefix: { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' } });

t.test('What is written in a view is as if it were stored, and the store stays as it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 15 }),
      fc.array(anyStep, { maxLength: 25 }),
      async (first, then) => {
        const [below, whole] = [open(), open()];
        try {
          for (const store of [below, whole]) await store.write(() => void first.map((step) => step(store)));
          const before = JSON.stringify(seen(below));
          const view = new StoreOverlay(below);
          for (const step of then) {
            t.same(step(view), await whole.write(() => step(whole)));
            t.same(seen(view), seen(whole));
          }
          t.equal(JSON.stringify(seen(below)), before);
          const { addresses } = new StoreOverlay(below);
          const claim = { ...pool, owner: idOf('d'), reserved: 0 };
          t.same(
            addresses.claim(claim),
            await below.write(() => below.addresses.claim(claim)),
            'nor does another view',
          );
        } finally {
          below.close();
          whole.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});
