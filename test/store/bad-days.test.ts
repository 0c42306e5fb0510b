/** Disks and files that fail: at the start a sentence, later a refusal that a client understands. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { RequestBody } from '../../src/api/arm/resources/request-body.js';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import { AzureError } from '../../src/errors/index.js';
import { idKey, parseResourceId, type ResourceId } from '../../src/resources/resource-id.js';
import { Store } from '../../src/store/store.js';
import { Clock } from '../../src/support/clock.js';
import { silentLog } from '../../src/support/log.js';
import { UsageError } from '../../src/support/usage-error.js';
import { ArmClient } from '../api/arm/resources/arm-client.js';
import { manualTime } from '../manual-time.js';
import { group, idOf, newestApiVersion, serviceInMemory } from '../resources/azure-in-memory.js';
import { until } from '../turns.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const publicPrefix = { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' };

const start = (data: string, warnings: string[] = []): Promise<Emulator> =>
  Emulator.start(parseConfig(['--port', '0', '--engine', 'none', '--data', data], {}), {
    log: { ...silentLog, warn: (sentence) => warnings.push(sentence) },
  });

/** A data folder as a start and an end have left it. */
async function usedFolder(t: Test): Promise<string> {
  const data = join(t.testdir(), 'data');
  await (await start(data)).close();
  return data;
}

/** A data folder as a process that was killed has left it: the last writes are in the log only. */
async function killedFolder(t: Test): Promise<string> {
  const data = join(t.testdir(), 'running');
  const copy = join(data, '..', 'copy');
  const client = await ArmClient.start(t, { argv: ['--data', data] });
  await client.makeLoadBalancer();
  mkdirSync(copy);
  for (const name of ['lazurite.sqlite', 'lazurite.sqlite-wal']) copyFileSync(join(data, name), join(copy, name));
  await client.close();
  return copy;
}

/** Overwrites bytes of a file. */
function damage(file: string, { from, bytes }: { from: number; bytes: number }): void {
  const content = readFileSync(file);
  content.fill(0xa5, from, from + bytes);
  writeFileSync(file, content);
}

/** The start is refused with one sentence that names the file and matches the pattern. */
async function refused(t: Test, data: string, pattern: RegExp): Promise<void> {
  const error = await start(data).then(
    () => new Error('it has started'),
    (error: Error) => error,
  );
  t.ok(error instanceof UsageError, String(error.stack));
  t.match(error.message, pattern);
  t.notMatch(error.message, /\n/);
}

test('a data folder that is a file, or lies below one, is told', async (t) => {
  const file = join(t.testdir({ file: '' }), 'file');
  await refused(t, file, /\/file is no folder: move it away, or choose another folder with --data$/);
  await refused(t, join(file, 'below'), /a part of .*\/file\/below is a file and no folder/);
});

test('a damaged database is told, whether it is no database or one of its pages is not what it was', async (t) => {
  const data = await usedFolder(t);
  const file = join(data, 'lazurite.sqlite');
  const good = readFileSync(file);
  const told = /lazurite\.sqlite is damaged \(.*\): put a copy in its place, or move it and lazurite\.sqlite-wal away/;
  damage(file, { from: 0, bytes: 4096 });
  await refused(t, data, told);
  writeFileSync(file, good);
  damage(file, { from: 2 * 4096, bytes: 4096 });
  await refused(t, data, told);
  writeFileSync(file, good);
  truncateSync(file, 3 * 4096);
  await refused(t, data, told);
  writeFileSync(file, good);
  await (await start(data)).close();
});

test('a log of writes that was truncated is told, and what is in front of its end is there', async (t) => {
  const data = await killedFolder(t);
  const wal = join(data, 'lazurite.sqlite-wal');
  truncateSync(wal, readFileSync(wal).length - 100);
  const warnings: string[] = [];
  await (await start(data, warnings)).close();
  t.match(warnings, [/lazurite\.sqlite-wal ends in the middle of a write/]);
});

test('a log of writes that is damaged keeps the start from losing them silently', async (t) => {
  const data = await killedFolder(t);
  damage(join(data, 'lazurite.sqlite-wal'), { from: 0, bytes: 32 });
  await refused(t, data, /lazurite\.sqlite-wal is damaged .*: put a copy in its place, or move it away/);
});

test('a damaged CA is told instead of being replaced: clients trust it', async (t) => {
  const data = await usedFolder(t);
  for (const name of ['ca.pem', 'ca-key.pem']) {
    const file = join(data, name);
    const good = readFileSync(file);
    for (const text of ['nonsense', '']) {
      writeFileSync(file, text);
      await refused(
        t,
        data,
        new RegExp(`/${name} is damaged: put a copy in its place, or delete ca\\.pem and ca-key\\.pem`),
      );
    }
    writeFileSync(file, good);
  }
  await (await start(data)).close();
});

/**
 * Runs the command line with `argv` in the folder, by way of `own`, a program that runs another; with `mount`, on a file
 * system of its own that is mounted there.
 */
function command(
  t: Test,
  {
    argv,
    mount = 'true',
    own = mount === 'true' ? [] : ['unshare', '--user', '--map-root-user', '--mount'],
  }: { argv: readonly string[]; mount?: string; own?: readonly string[] },
) {
  const line = `${mount} && exec "$0" "$@"`;
  const [file = '', ...rest] = [...own, '/bin/sh', '-c', line, process.execPath, main, ...argv];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, said, exit };
}

test('the command line says it in one line with exit code 2, and shows the stack with --log-level debug', async (t) => {
  const file = join(t.testdir({ file: '' }), 'file');
  const quiet = command(t, { argv: ['--data', file] });
  t.equal(await quiet.exit, 2);
  t.match(quiet.said.err, /^lazurite: .*\/file is no folder: [^\n]*\n$/);
  const debug = command(t, { argv: ['--data', file, '--log-level', 'debug'] });
  t.equal(await debug.exit, 2);
  t.match(debug.said.err, /^lazurite: .*\/file is no folder: .*\n.*\n\s+at /);
});

const canMount = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
const mountless = canMount.status === 0 ? {} : { skip: 'no file system can be mounted here' };

test('files that this user may not use are told', mountless, async (t) => {
  const data = await usedFolder(t);
  const told = async (pattern: RegExp): Promise<void> => {
    // In a user namespace without users nobody has root's right to every file.
    const { said, exit } = command(t, {
      argv: ['--port', '0', '--engine', 'none', '--data', data],
      own: ['unshare', '--user'],
    });
    t.equal(await exit, 2);
    t.match(said.err, pattern);
  };
  chmodSync(join(data, 'lazurite.sqlite'), 0o400);
  await told(/this user may not use .*lazurite\.sqlite: change its owner or its mode/);
  chmodSync(data, 0o000);
  await told(/this user may not use .*: change its owner or its mode/);
  chmodSync(data, 0o700);
});

test('a full disk and one that is read-only keep the start with a sentence', mountless, async (t) => {
  const data = join(t.testdir({ data: {} }), 'data');
  const argv = ['--port', '0', '--engine', 'none', '--data', data];
  const full = command(t, { argv, mount: `mount -t tmpfs -o size=8k none "${data}"` });
  t.equal(await full.exit, 2);
  t.match(full.said.err, /^lazurite: the disk of .* is full: make room, or choose another folder with --data\n$/);
  await (await start(data)).close();
  const readOnly = command(t, {
    argv,
    mount: `mount --bind "${data}" "${data}" && mount -o remount,bind,ro "${data}"`,
  });
  t.equal(await readOnly.exit, 2);
  t.match(
    readOnly.said.err,
    /^lazurite: .*data is on a file system that is read-only: choose another folder with --data\n$/,
  );
  const below = command(t, {
    argv: [...argv.slice(0, -1), join(data, 'not', 'there')],
    mount: `mount --bind "${data}" "${data}" && mount -o remount,bind,ro "${data}"`,
  });
  t.equal(await below.exit, 2);
  t.match(below.said.err, /^lazurite: .*there cannot be made, its file system may be read-only: choose another .*\n$/);
});

test('a disk that fills up while it runs refuses writes with 507, and is told once', mountless, async (t) => {
  const data = join(t.testdir({ data: {} }), 'data');
  const argv = ['--port', '0', '--engine', 'none', '--data', data];
  const { child, said, exit } = command(t, { argv, mount: `mount -t tmpfs -o size=1m none "${data}"` });
  await until('it is ready', () => said.out.includes('lazurite ready'));
  const url = /http:\/\/[^;]+/.exec(said.out)?.[0] ?? '';
  const group = `${url}/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg`;
  const put = (path: string, body: object): Promise<Response> =>
    fetch(`${group}${path}`, { method: 'PUT', body: JSON.stringify(body) });
  await put('?api-version=2021-04-01', { location: 'westeurope' });
  const statuses = new Map<number, number>();
  for (let n = 0; n < 2000 && (statuses.get(507) ?? 0) < 20; n++) {
    const path = `/providers/Microsoft.Network/routeTables/t${n}?api-version=2024-05-01`;
    const { status } = await put(path, { location: 'westeurope' });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  t.strictSame([...statuses.keys()], [201, 507]);
  t.equal((await fetch(`${group}?api-version=2021-04-01`)).status, 200, 'what is there is read');
  const classic = await fetch(`${url}/11111111-2222-3333-4444-555555555555/services/hostedservices`, {
    method: 'POST',
    headers: { 'x-ms-version': '2014-10-01', 'content-type': 'application/xml' },
    body: `<CreateHostedService xmlns="http://schemas.microsoft.com/windowsazure"><ServiceName>full</ServiceName><Label>bGFi</Label><Description>${'x'.repeat(800)}</Description><Location>West Europe</Location></CreateHostedService>`,
  });
  t.equal(classic.status, 507);
  t.match(await classic.text(), /<Code>InsufficientStorage<\/Code>/);
  child.kill('SIGTERM');
  t.equal(await exit, 0);
  t.equal(said.err.match(/\n/g)?.length, 1, said.err);
  t.match(said.err, /warn The disk that holds the data folder is full/);
});

test('writes go on as soon as there is room again', async (t) => {
  const warnings: string[] = [];
  const store = new Store({ publicPrefix, warn: (sentence) => warnings.push(sentence) });
  t.teardown(() => store.close());
  const { connection } = store;
  const write = () =>
    store.write(() =>
      store.classic.put({ kind: 'reservedIp', subscriptionId: 's', name: `${Math.random()}` }, {
        Name: 'x'.repeat(3000),
      } as never),
    );
  const pages = Number(connection.pragma('page_count', { simple: true }));
  connection.exec(`PRAGMA max_page_count = ${pages + 4}`);
  let refusal: unknown;
  for (let n = 0; n < 20; n++)
    await write().catch((error) => {
      refusal = error;
    });
  t.ok(refusal instanceof AzureError);
  t.match(refusal, { status: 507, code: 'InsufficientStorage' });
  connection.exec(`PRAGMA max_page_count = ${pages + 1000}`);
  for (let n = 0; n < 20; n++) await write();
  t.match(warnings, [/disk that holds the data folder is full/, /can be written again/]);
  t.equal(warnings.length, 2);
});

test('an operation that cannot be stored as ended ends when there is room again', async (t) => {
  const notes: string[] = [];
  const clock = new Clock({ source: manualTime() });
  const service = serviceInMemory({ clock, operationDelayMs: 5000, note: (line) => notes.push(line) });
  const { store } = service.context;
  t.teardown(() => store.close());
  store.resources.saveGroup(group);
  const id = parseResourceId(idOf('Microsoft.Network/routeTables', 'routes')) as ResourceId;
  const put = { id, apiVersion: newestApiVersion, body: RequestBody.ofValue({ location: 'westus' }), baseUrl: '' };
  await service.put(put);
  const stateOf = () =>
    store.resources.resource(idKey(idOf('Microsoft.Network/routeTables', 'routes')))?.provisioningState;
  const { connection } = store;
  // Every write fails, as on a disk that has become read-only.
  connection.exec('PRAGMA query_only = 1');
  clock.advance(5000);
  // It waits behind the write of the operation's end, which is refused too.
  await t.rejects(
    store.write(() => store.resources.saveGroup(group)),
    { status: 503, code: 'ServiceUnavailable' },
  );
  t.equal(stateOf(), 'Updating');
  connection.exec('PRAGMA query_only = 0');
  await until('the next try', () => {
    clock.advance(1000);
    return stateOf() === 'Succeeded';
  });
  t.strictSame(notes, []);
});
