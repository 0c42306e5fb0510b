import t from 'tap';
import type { Store } from '../../../src/store/store.js';
import { Clock } from '../../../src/support/clock.js';
import { manualTime } from '../../manual-time.js';
import { inMemoryStore, startClassic, subscription } from './harness.js';
import { services, startWithSet } from './my-service.js';

/** Request ids of the stored operations of the classic API, in the order of their acceptance. */
const idsIn = ({ connection }: Store): string[] =>
  (
    connection.prepare("SELECT id FROM operations WHERE api = 'classic' ORDER BY sequence").all() as { id: string }[]
  ).map(({ id }) => id);

t.test('the latest operations can be asked for; older ones are forgotten once they are done', async (t) => {
  const clock = new Clock({ source: manualTime() });
  const store = inMemoryStore();
  const start = (id: string, visibleMs: number, status: 'Succeeded' | 'InProgress' = 'Succeeded') =>
    store.operations.save({
      id,
      api: 'classic',
      subscriptionId: subscription,
      name: 'Update Role',
      resourceKey: '',
      status,
      startedMs: clock.now(),
      visibleMs,
      result: undefined,
      error: undefined,
    });
  start('slow', clock.now() + 60_000);
  start('applying', clock.now(), 'InProgress');
  for (let number = 0; number < 2500; number++) start(`quick${number}`, clock.now());
  const ids = () => idsIn(store);
  store.operations.carried('applying');
  t.equal(store.operations.operation('applying')?.status, 'Succeeded', 'before any write');
  store.operations.storeCarried();
  t.ok(ids().length < 1110, `${ids().length} records`);
  t.strictSame(ids().slice(0, 2), ['slow', 'applying'], 'what is InProgress stays');
  t.equal(ids().at(-1), 'quick2499');
  clock.advance(60_000);
  for (let number = 0; number < 100; number++) start(`later${number}`, clock.now());
  t.notOk(ids().some((id) => id === 'slow' || id === 'applying'));
});

t.test('the operation of a read has succeeded, as PowerShell asks after each one', async (t) => {
  const classic = await startWithSet(t);
  const read = await classic.get(services);
  t.match((await classic.get(`/operations/${read.headers['x-ms-request-id']}`)).body, '<Status>Succeeded</Status>');
  const before = idsIn(classic.store as Store).length;
  for (let number = 0; number < 1001; number++) await classic.get('/locations');
  t.equal(idsIn(classic.store as Store).length, before, 'reads write nothing');
  t.equal((await classic.get(`/operations/${read.headers['x-ms-request-id']}`)).statusCode, 404);
});

t.test('an operation is InProgress until the data plane carries it', async (t) => {
  const { store } = await startWithSet(t);
  let carried = (): void => {};
  let asked = (): void => {};
  const hasBeenAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const classicChanged = (): Promise<void> => {
    asked();
    return new Promise((resolve) => {
      carried = resolve;
    });
  };
  const classic = startClassic({ store, dataPlane: { classicChanged } });
  t.teardown(() => classic.close());
  const deletion = classic.delete(`${services}/mySvc/deployments/mySvc`);
  await hasBeenAsked;
  const id = idsIn(store).at(-1);
  const status = async () => (await classic.get(`/operations/${id}`)).body;
  t.match(await status(), '<Status>InProgress</Status>');
  const stored = () => store.connection.prepare('SELECT status FROM operations WHERE id = ?').get(id);
  t.match(stored(), { status: 'InProgress' }, 'a node that takes over reads it as InProgress');
  carried();
  t.equal((await deletion).statusCode, 202);
  t.match(await status(), '<Status>Succeeded</Status>');
  // The next write stores it, also after one that was undone.
  await store.write(() => store.operations.finish({ id: 'none', status: 'Failed' }));
  t.match(stored(), { status: 'Succeeded' });
});

t.test('a process that takes over carries what was InProgress', async (t) => {
  const store = inMemoryStore();
  const operation = { api: 'classic', subscriptionId: subscription, name: 'Update Role', resourceKey: '' } as const;
  const begun = { ...operation, status: 'InProgress', startedMs: 0, visibleMs: 0, result: undefined } as const;
  store.operations.save({ ...begun, id: 'good', error: undefined });
  store.operations.save({ ...begun, id: 'bad', error: { status: 409 } });
  store.operations.save({ ...begun, id: 'arm', api: 'arm', error: undefined });
  store.operations.bringToNow({ nowMs: 1, operationDelayMs: 0 });
  t.strictSame(
    ['good', 'bad', 'arm'].map((id) => store.operations.operation(id)?.status),
    ['Succeeded', 'Failed', 'InProgress'],
  );
});

t.test('the writes of a period are listed, the latest first, by object and by status', async (t) => {
  const classic = await startWithSet(t);
  const list = (query: string) => classic.get(`/operations${query}`);
  const period = '?StartTime=2000-01-01&EndTime=2999-01-01T00:00:00.0000000Z';
  const names = async (query: string) =>
    [...(await list(query)).body.matchAll(/<OperationName>(\w+)</g)].map(([, name]) => name);
  t.same(await names(period), ['CreateVirtualMachineDeployment', 'CreateCloudService']);
  t.same(await names(`${period}&ObjectIdFilter=/mySvc/deployments`), ['CreateVirtualMachineDeployment']);
  t.same(await names(`${period}&OperationResultFilter=Failed`), []);
  t.same(await names('?StartTime=2000-01-01&EndTime=2000-01-02'), []);
  t.match(
    (await list(period)).body,
    /<SubscriptionOperation><OperationId>[0-9a-f-]{36}<\/OperationId><OperationObjectId>\/[^<]*\/mySvc\/deployments<\/OperationObjectId>.*<OperationStatus><ID>[0-9a-f-]{36}<\/ID><Status>Succeeded<\/Status><HttpStatusCode>200<\/HttpStatusCode><\/OperationStatus><OperationStartedTime>/,
  );
  for (const wrong of ['', '?StartTime=2000-01-01', '?StartTime=yesterday&EndTime=2999-01-01'])
    t.match(
      [(await list(wrong)).statusCode, (await list(wrong)).body],
      [400, 'MissingOrInvalidRequiredQueryParameter'],
    );
});
