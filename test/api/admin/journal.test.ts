/** The journal's bounds, and the patterns by which its calls and faults are chosen. */
import { test } from 'tap';
import { type JournalRecord, RequestJournal } from '../../../src/api/admin/journal.js';
import { pathMatcher } from '../../../src/api/admin/requests.js';

const record = (of: Partial<JournalRecord> = {}): JournalRecord => ({
  timeMs: 0,
  method: 'GET',
  path: '/subscriptions',
  query: '',
  userAgent: undefined,
  remoteAddress: undefined,
  status: 200,
  durationMs: 1,
  correlationId: undefined,
  fault: undefined,
  requestBody: undefined,
  responseBody: undefined,
  ...of,
});

test('the journal keeps the last calls', (t) => {
  const journal = new RequestJournal({ entries: 3 });
  for (let call = 1; call <= 5; call++) journal.add(record({ path: `/${call}` }));
  t.strictSame(
    journal.select().map(({ id, record: { path } }) => [id, path]),
    [
      [3, '/3'],
      [4, '/4'],
      [5, '/5'],
    ],
  );
  t.equal(journal.answered.get('GET 200'), 5, 'and counts all');
  t.strictSame(journal.select({ top: 0 }), []);
  t.end();
});

test('the journal holds no more bytes than it may', (t) => {
  const journal = new RequestJournal({ bytes: 10_000, bodyBytes: 4000 });
  for (let call = 1; call <= 4; call++) journal.add(record({ responseBody: 'x'.repeat(5000) }));
  const kept = journal.select();
  t.strictSame(
    kept.map(({ id }) => id),
    [3, 4],
  );
  t.equal(kept[0]?.record.responseBody?.length, 4000, 'a long body is cut off');
  t.end();
});

test('the beginning of a long body hides what words far behind it make a secret', (t) => {
  const journal = new RequestJournal({ bodyBytes: 200 });
  const filler = { filler: 'x'.repeat(1000) };
  const given = { parameters: { text: { value: 'MARKER' } } };
  const bodies: Record<string, string> = {
    'a type after its default value': JSON.stringify({
      text: { defaultValue: 'MARKER', ...filler, type: 'secureString' },
    }),
    'a link to a template': JSON.stringify({ ...given, ...filler, templateLink: { uri: 'http://127.0.0.1/' } }),
    'a template as text': JSON.stringify({ ...given, ...filler, template: '{' }),
    'a template after its parameters': JSON.stringify({
      ...given,
      ...filler,
      template: { parameters: { text: { type: 'SecureObject' } } },
    }),
    'a word with an escaped letter': JSON.stringify({ ...given, ...filler, templateLink: {} }).replace(
      'teL',
      't\\u0065L',
    ),
    'the name of a member': JSON.stringify({ adminPassword: 'MARKER', ...filler }),
  };
  for (const [what, body] of Object.entries(bodies)) {
    const kept = journal.bounded(body) ?? '';
    t.notMatch(kept, /MARKER/, what);
    t.ok(kept.length <= 200, `${what}: cut`);
  }
  const later = JSON.stringify({ name: 'shown', ...filler, adminPassword: 'MARKER' });
  t.equal(journal.bounded(later), later.slice(0, 200), 'what is cut off has no say otherwise');
  t.end();
});

test('a very long body that may hold a secret is hidden, however little of it would be kept', (t) => {
  const journal = new RequestJournal();
  const body = (bytes: number, more: object) => JSON.stringify({ ...more, x: 'x'.repeat(bytes) });
  const bodies = [body(2e6, {}), body(1e5, { adminPassword: 'hunter2' }), body(2e6, { adminPassword: 'hunter2' })];
  for (const requestBody of bodies) journal.add(record({ requestBody }));
  const kept = journal.select().map(({ record }) => record.requestBody ?? '');
  t.strictSame(
    kept.map((text) => text.slice(0, 10)),
    ['{"x":"xxxx', '{"adminPas', '*******'],
  );
  t.notMatch(kept.join(), 'hunter2');
  t.end();
});

test('a path pattern is the start of a path, or has wildcards', (t) => {
  const cases: [pattern: string, path: string, matches: boolean][] = [
    ['/subscriptions', '/subscriptions/1/resourceGroups', true],
    ['/subscriptions', '/Subscriptions', true],
    ['/subscriptions', '/subscriptionsandmore', false],
    ['/subscriptions/', '/subscriptions/1', true],
    ['/', '/anything', true],
    ['/subscriptions/*', '/subscriptions/1', true],
    ['/subscriptions/*', '/subscriptions/1/resourceGroups', false],
    ['/subscriptions/**', '/subscriptions/1/resourceGroups', true],
    ['**/loadBalancers/*', '/subscriptions/1/providers/Microsoft.Network/LOADBALANCERS/lb', true],
    ['**/loadBalancers/*', '/x/loadBalancers/lb/probes/p', false],
    ['/a.b', '/axb', false],
    ['/a(b)+*', '/a(b)+c', true],
  ];
  for (const [pattern, path, matches] of cases) t.equal(pathMatcher(pattern)(path), matches, `${pattern} ${path}`);
  t.end();
});

test('a path pattern with many wildcards takes no longer than the path is long', (t) => {
  const path = `/${'a'.repeat(4000)}`;
  for (const wildcard of ['*', '**', '*a', '**a']) {
    const matches = pathMatcher(`/${wildcard.repeat(40)}b`);
    const before = process.cpuUsage().user;
    t.notOk(matches(path), wildcard);
    t.ok(process.cpuUsage().user - before < 500_000, `${wildcard} took less than half a second`);
  }
  t.ok(pathMatcher('/**a*b')('/x/y/ab'));
  t.ok(pathMatcher('/***')('/x/y'));
  t.notOk(pathMatcher('/x*')('/x/y'));
  t.end();
});
