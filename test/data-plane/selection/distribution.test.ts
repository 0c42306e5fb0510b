/** The hash that decides about slots: equal to the Linux kernel's, and spread evenly. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { distributionSeed, jhash, seedOf, slotOf, TupleHash } from '../../../src/data-plane/selection/distribution.js';
import { addressWords, ipv4Word } from '../../../src/data-plane/selection/ip-address.js';

// Computed with the kernel's include/linux/jhash.h, compiled as a user program on a little-endian machine.
const kernelByLength = [
  2719157451, 3521639045, 36551036, 2699319659, 1310757217, 2118683421, 2811904098, 3854067188, 3588162229, 1108657993,
  83330133, 321536398,
];

t.test('The hash is the Linux kernel jhash, for keys of 1 to 12 words', (t) => {
  const words = Uint32Array.from({ length: 12 }, (_, index) => Math.imul(0x01020304, index + 1));
  const hashes = kernelByLength.map((_, index) => jhash(words, index + 1, 12345));
  t.strictSame(hashes, kernelByLength);
  t.end();
});

t.test('Azure flow tuples hash as the kernel hashes saddr . sport . daddr . dport and saddr . daddr', (t) => {
  const vectors = [
    ['Default', 'tcp', 844299509, 2708835192],
    ['Default', 'udp', 3337535248, 570812627],
    ['SourceIP', 'tcp', 3196830719, 3203153789],
    ['SourceIP', 'udp', 3196830719, 3203153789],
    ['SourceIPProtocol', 'tcp', 4001613618, 710059380],
    ['SourceIPProtocol', 'udp', 1458415510, 4152567385],
  ] as const;
  for (const [distribution, transport, ipv4, ipv6] of vectors) {
    const four = new TupleHash({ distribution, transport, address: '127.255.0.4', port: 443 });
    t.equal(four.ipv4(ipv4Word('127.77.0.9'), 40001), ipv4, `${distribution} ${transport} IPv4`);
    t.equal(four.words(addressWords('127.77.0.9') as Uint32Array, 40001), ipv4);
    const six = new TupleHash({ distribution, transport, address: 'fd7f:1a2b:1::abcd:4', port: 443 });
    t.equal(six.words(addressWords('fd7f:1a2b::9') as Uint32Array, 40001), ipv6, `${distribution} ${transport} IPv6`);
  }
  t.equal(seedOf('SourceIP', 'tcp'), distributionSeed);
  t.end();
});

const address = fc.integer({ min: 0, max: 0xffffff }).map((n) => `127.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`);
const port = fc.integer({ min: 1, max: 65535 });

t.test('Under SourceIP the ports and the protocol of a client do not matter', (t) => {
  fc.assert(
    fc.property(address, address, port, port, port, (client, frontend, port1, port2, sourcePort) => {
      const tcp = new TupleHash({ distribution: 'SourceIP', transport: 'tcp', address: frontend, port: port1 });
      const udp = new TupleHash({ distribution: 'SourceIP', transport: 'udp', address: frontend, port: port2 });
      return tcp.ipv4(ipv4Word(client), sourcePort) === udp.ipv4(ipv4Word(client), 1);
    }),
  );
  t.end();
});

t.test('Under SourceIPProtocol only the protocol and the two addresses matter', (t) => {
  fc.assert(
    fc.property(address, address, port, port, (client, frontend, port1, port2) => {
      const of = (transport: 'tcp' | 'udp', port: number) =>
        new TupleHash({ distribution: 'SourceIPProtocol', transport, address: frontend, port });
      const word = ipv4Word(client);
      return (
        of('tcp', port1).ipv4(word, 1) === of('tcp', port2).ipv4(word, 2) &&
        of('tcp', port1).ipv4(word, 1) !== of('udp', port1).ipv4(word, 1)
      );
    }),
  );
  t.end();
});

t.test('An IPv4 client that arrives as an IPv4-mapped IPv6 address is the same client', (t) => {
  fc.assert(fc.property(address, (text) => addressWords(`::ffff:${text}`)?.[0] === ipv4Word(text)));
  t.end();
});

t.test('Addresses that are none have no word', (t) => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1..2.3', 'a.b.c.d', '1.2.3.4 '])
    t.equal(ipv4Word(text), -1);
  t.equal(addressWords('nonsense'), undefined);
  t.strictSame(addressWords('fe80::1%eth0'), addressWords('fe80:0:0:0:0:0:0:1'));
  t.strictSame(addressWords('64:ff9b::1.2.3.4'), addressWords('64:ff9b::102:304'));
  t.end();
});

/** Chi-squared per degree of freedom; 1 is perfect randomness, 0 perfect evenness. */
function unevenness(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0) / (counts.length - 1);
}

t.test('Sequential ports, even ports and sequential clients spread over the slots as random ones would', (t) => {
  const hash = new TupleHash({ distribution: 'Default', transport: 'tcp', address: '127.255.0.4', port: 80 });
  const bySource = new TupleHash({ distribution: 'SourceIP', transport: 'tcp', address: '127.255.0.4', port: 80 });
  const sequences: [string, (index: number) => number][] = [
    ['sequential source ports', (index) => hash.ipv4(ipv4Word('127.0.0.9'), 10000 + index)],
    ['even source ports', (index) => hash.ipv4(ipv4Word('127.0.0.9'), 10000 + 2 * index)],
    ['sequential clients', (index) => bySource.ipv4(ipv4Word(`127.77.${index >> 8}.${index & 255}`), 1)],
  ];
  for (const [name, of] of sequences) {
    for (const slots of [2, 3, 10, 100]) {
      const counts = new Array<number>(slots).fill(0);
      for (let index = 0; index < 22_000; index++) {
        const slot = slotOf(of(index), slots);
        counts[slot] = (counts[slot] as number) + 1;
      }
      // 1 ± 4 standard deviations of chi-squared per degree of freedom.
      t.ok(unevenness(counts) < 1 + 4 * Math.sqrt(2 / (slots - 1)), `${name} over ${slots}: ${unevenness(counts)}`);
    }
  }
  t.end();
});

t.test('Another process chooses the same slots', (t) => {
  const script = `
    import { TupleHash } from '${new URL('../../../src/data-plane/selection/distribution.js', import.meta.url)}';
    const hash = new TupleHash({ distribution: 'Default', transport: 'udp', address: '127.255.0.9', port: 53 });
    const hashes = Array.from({ length: 500 }, (_, index) => hash.ipv4(Math.imul(index, 2654435761) >>> 0, index));
    console.log(JSON.stringify(hashes));`;
  const hash = new TupleHash({ distribution: 'Default', transport: 'udp', address: '127.255.0.9', port: 53 });
  const expected = Array.from({ length: 500 }, (_, index) => hash.ipv4(Math.imul(index, 2654435761) >>> 0, index));
  const output = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  t.strictSame(JSON.parse(output), expected);
  t.end();
});
