import fc from 'fast-check';
import t from 'tap';
import {
  contains,
  formatIpAddress,
  formatIpPrefix,
  networkOf,
  overlaps,
  parseIpAddress,
  parseIpPrefix,
  sizeOf,
} from '../../src/support/ip-address.js';

const address = fc.oneof(
  fc.record({ version: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n) }),
  fc.record({ version: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n) }),
);
const prefix = address.chain((one) =>
  fc.integer({ min: 0, max: one.version === 4 ? 32 : 128 }).map((length) => ({ ...one, length })),
);

t.test('every address is read as it is written', async () => {
  fc.assert(
    fc.property(address, (one) => {
      t.same(parseIpAddress(formatIpAddress(one)), one);
    }),
  );
});

t.test('every prefix is read as it is written', async () => {
  fc.assert(
    fc.property(prefix, (one) => {
      t.same(parseIpPrefix(formatIpPrefix(one)), one);
    }),
  );
});

t.test('a prefix contains exactly its own addresses', async () => {
  fc.assert(
    fc.property(prefix, address, (range, one) => {
      const { value: first } = networkOf(range);
      const inside = range.version === one.version && one.value >= first && one.value - first < sizeOf(range);
      t.equal(contains(range, one), inside);
      t.ok(contains(range, range));
      t.same(networkOf(networkOf(range)), networkOf(range));
    }),
  );
});

t.test('overlapping is mutual, and means that one contains the other', async () => {
  fc.assert(
    fc.property(prefix, prefix, (a, b) => {
      t.equal(overlaps(a, b), overlaps(b, a));
      t.ok(overlaps(a, a));
      if (overlaps(a, b)) t.ok(contains(a, networkOf(b)) || contains(b, networkOf(a)));
    }),
  );
});

t.test('IPv6 is written as RFC 5952 says', async () => {
  const cases = [
    ['0:0:0:0:0:0:0:0', '::'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:10.0.0.4', '::ffff:a00:4'],
  ] as const;
  for (const [given, written] of cases) {
    const parsed = parseIpAddress(given);
    t.equal(parsed && formatIpAddress(parsed), written);
  }
});

t.test('what is no address is not read', async () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    'g::',
    '1:2:3:4:5:6:7',
    '1.2.3.4/33',
    '010.0.0.1',
    '0x7f.1',
    '127.1',
    'fe80::1%eth0',
  ]) {
    t.equal(parseIpAddress(text), undefined, text);
    t.equal(parseIpPrefix(`${text}/x`), undefined);
  }
  t.equal(parseIpPrefix('10.0.0.0/33'), undefined);
  t.equal(parseIpPrefix('fd00::/129'), undefined);
});
