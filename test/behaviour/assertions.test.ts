/** The list of assertions is whole: each has tests that exist, and what a socket cannot do is told to users. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { assertions } from './assertions.js';

const text = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

t.test('there are 55 assertions about Azure’s data plane', async (t) => {
  t.strictSame(
    [assertions.length, ...[18, 38, 46, 52].map((number) => assertions[number - 1]?.sentence.split(/[ :,]/)[0])],
    [55, 'TCP', 'Idle', 'NAT', 'Classic'],
  );
});

t.test('each is proven by tests of that title', async (t) => {
  const missing = assertions.flatMap(({ number, provenBy }) =>
    provenBy.filter(({ file, title }) => !text(file).includes(`'${title}'`)).map((proof) => ({ number, ...proof })),
  );
  t.strictSame(missing, []);
  t.ok(assertions.every(({ provenBy }) => provenBy.length > 0));
});

t.test('no test of Azure’s behaviour goes unlisted', async (t) => {
  const listed = new Set(assertions.flatMap(({ provenBy }) => provenBy.map(({ title }) => title)));
  // What only holds others, and what Azure leaves open: `drainPeriodInSeconds`.
  const groups =
    /^(drainPeriodInSeconds |under SourceIP|high availability ports|an inbound NAT rule of a pool, with|outbound rules:|when all members of a Standard)/;
  const unlisted = ['distribution', 'probes', 'eligibility', 'flows', 'nat'].flatMap((name) =>
    [...text(`test/behaviour/${name}.test.ts`).matchAll(/t\.test\(\s*'([^']+)'/g)]
      .map(([, title = '']) => title)
      .filter((title) => !listed.has(title) && !groups.test(title)),
  );
  t.strictSame(unlisted, []);
});

t.test('what a socket cannot do is among the differences from Azure', async (t) => {
  const documented = text('docs/differences-from-azure.md').replaceAll(/\s+/g, ' ').replaceAll('*', '');
  const silent = assertions.filter(({ cannot }) => cannot && !documented.includes(cannot.documented));
  t.strictSame(
    silent.map(({ number }) => number),
    [],
  );
});
