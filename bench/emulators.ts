/**
 * Lazurite beside other emulators, all in memory and in turn in one run: until it is ready, the memory of an idle one,
 * writes and reads of one resource with 8 clients. Peers are moto (AWS: a target group of a load balancer), Azurite (Azure
 * Storage: the load balancer's JSON as a blob) and a server that only keeps what it is sent and sends it back, as emulators
 * that echo resources do. Those that are not installed are skipped: `pip install 'moto[server]'`, `npm install -g azurite`.
 */
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { body, group, loadBalancer, network, publicIp } from './control-plane-body.js';
import { cpuSeconds, lazurite, median, residentMiB, type Started, start, startCommand, stop } from './process.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 2);
const connections = 8;

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

interface Emulator {
  readonly name: string;
  readonly begin: () => Promise<Started>;
  /** What is there before writes and reads; answers the calls of each kind. Every write is another one. */
  readonly prepare: (server: Started) => Promise<Record<'write' | 'read', readonly Call[]>>;
}

const json = { 'content-type': 'application/json' };
const documents = Array.from({ length: 16 }, (_, variant) => JSON.stringify(body({ variant, rules: 10 })));

async function send({ url }: Started, { method, path, ...more }: Call): Promise<string> {
  const answer = await fetch(`${url}${path}`, { method, ...more });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text;
}

/** PUTs and GETs of the load balancer. */
async function balancerCalls(server: Started): Promise<Record<'write' | 'read', readonly Call[]>> {
  const at = (path: string): string => `${path}?api-version=2024-05-01`;
  const put = (path: string, text: string): Call => ({ method: 'PUT', path: at(path), body: text, headers: json });
  await send(server, put(group, JSON.stringify({ location: 'westeurope' })));
  await send(server, put(`${network}/publicIPAddresses/ip`, JSON.stringify(publicIp)));
  const write = documents.map((text) => put(loadBalancer, text));
  return { write, read: [{ method: 'GET', path: at(loadBalancer) }] };
}

const key = Buffer.from('bench').toString('base64');

/** A signature for everything that the account `bench` may do with blobs. */
function accountSignature(): string {
  const fields = {
    sp: 'rwdlac',
    ss: 'b',
    srt: 'sco',
    st: '',
    se: '2099-01-01',
    sip: '',
    spr: 'http',
    sv: '2018-11-09',
  };
  const text = ['bench', ...Object.values(fields), ''].join('\n');
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  const given = Object.entries({ ...fields, sig }).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}

async function blobCalls(server: Started): Promise<Record<'write' | 'read', readonly Call[]>> {
  const signature = accountSignature();
  await send(server, { method: 'PUT', path: `/bench/all?restype=container&${signature}` });
  const path = `/bench/all/balancer?${signature}`;
  const headers = { ...json, 'x-ms-blob-type': 'BlockBlob' };
  return {
    write: documents.map((text) => ({ method: 'PUT', path, body: text, headers })),
    read: [{ method: 'GET', path }],
  };
}

async function targetGroupCalls(server: Started): Promise<Record<'write' | 'read', readonly Call[]>> {
  const call = (service: string, parameters: Record<string, string>): Call => ({
    method: 'POST',
    path: '/',
    body: new URLSearchParams(parameters).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
  });
  const balancing = (Action: string, more: Record<string, string>): Call =>
    call('elasticloadbalancing', { Action, Version: '2015-12-01', ...more });
  const made = await send(
    server,
    call('ec2', { Action: 'CreateVpc', CidrBlock: '10.0.0.0/16', Version: '2016-11-15' }),
  );
  const [, VpcId = ''] = /<vpcId>([^<]+)/.exec(made) ?? [];
  const settings = { Name: 'group', Protocol: 'TCP', Port: '80', VpcId };
  const created = await send(server, balancing('CreateTargetGroup', settings));
  const [, TargetGroupArn = ''] = /<TargetGroupArn>([^<]+)/.exec(created) ?? [];
  const write = documents.map((_, index) =>
    balancing('ModifyTargetGroup', { TargetGroupArn, HealthCheckPort: String(8000 + index) }),
  );
  return { write, read: [balancing('DescribeTargetGroups', { 'TargetGroupArns.member.1': TargetGroupArn })] };
}

const isInstalled = (command: string): boolean => spawnSync('which', [command]).status === 0;
// What they say may come on either stream; requests are not logged, as in Lazurite.
const said = (command: string): Promise<Started> => startCommand('sh', ['-c', `exec ${command} 2>&1`]);
process.env.AZURITE_ACCOUNTS = `bench:${key}`;

const emulators: readonly Emulator[] = [
  {
    name: 'Lazurite',
    begin: () => start(lazurite, ['start', '--in-memory', '--port', '0', '--log-level', 'warn']),
    prepare: balancerCalls,
  },
  { name: 'echo server', begin: () => start(fileURLToPath(import.meta.url), ['echo']), prepare: balancerCalls },
  ...(isInstalled('azurite-blob')
    ? [
        {
          name: 'Azurite',
          begin: () => said('azurite-blob --inMemoryPersistence --silent --disableTelemetry --blobPort 0'),
          prepare: blobCalls,
        },
      ]
    : []),
  ...(isInstalled('moto_server')
    ? [{ name: 'moto', begin: () => said('moto_server -p 0'), prepare: targetGroupCalls }]
    : []),
];

/** Keeps the JSON of each path and sends it back. */
async function echo(): Promise<void> {
  const kept = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'PUT') {
      let text = '';
      for await (const piece of request.setEncoding('utf8')) text += piece;
      kept.set(path, JSON.stringify({ ...JSON.parse(text), id: path }));
    }
    response.writeHead(kept.has(path) ? 200 : 404, json).end(kept.get(path));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.once('SIGTERM', () => process.exit());
}

interface Figures {
  readonly startedMs: number;
  readonly idleMiB: number;
  readonly write: number;
  readonly read: number;
  readonly writeCpu: number;
  readonly readCpu: number;
}

/** Requests a second, and milliseconds of the server's CPU for each. */
async function load(server: Started, calls: readonly Call[]): Promise<readonly [number, number]> {
  // moto ends a connection after each answer, so the client is one that opens the next by itself.
  const pool = new Pool(server.url, { connections });
  const cpuBefore = cpuSeconds(server);
  const beganMs = performance.now();
  const elapsed = (): number => (performance.now() - beganMs) / 1000;
  let done = 0;
  const client = async (): Promise<void> => {
    while (elapsed() < seconds) {
      const call = calls[done++ % calls.length] as Call;
      const answer = await pool.request({ ...call, body: call.body ?? null, headers: call.headers ?? {} });
      await answer.body.dump();
      if (answer.statusCode >= 300) throw new Error(`${call.method} ${call.path}: ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const figures = [done / elapsed(), (1000 * (cpuSeconds(server) - cpuBefore)) / done] as const;
  await pool.close();
  return figures;
}

async function measure({ begin, prepare }: Emulator): Promise<Figures> {
  const server = await begin();
  try {
    await wait(2000);
    const idleMiB = residentMiB(server);
    const calls = await prepare(server);
    // The first ones meet cold code.
    for (const kind of [calls.write, calls.read]) await load(server, kind);
    const [write, writeCpu] = await load(server, calls.write);
    const [read, readCpu] = await load(server, calls.read);
    return { startedMs: server.startedMs, idleMiB, write, read, writeCpu, readCpu };
  } finally {
    await stop(server);
  }
}

async function main(): Promise<void> {
  const all = new Map<Emulator, Figures[]>(emulators.map((emulator) => [emulator, []]));
  for (let round = 0; round < rounds; round++)
    for (const [emulator, figures] of all) figures.push(await measure(emulator));
  console.table(
    [...all].map(([{ name }, figures]) => {
      const of = (pick: keyof Figures): number => median(figures.map((one) => one[pick]));
      return {
        emulator: name,
        'start, ms': Math.round(of('startedMs')),
        'idle, MiB': Math.round(of('idleMiB')),
        'writes/s': Math.round(of('write')),
        'CPU of a write, ms': of('writeCpu').toFixed(3),
        'reads/s': Math.round(of('read')),
        'CPU of a read, ms': of('readCpu').toFixed(3),
      };
    }),
  );
  for (const name of ['azurite-blob', 'moto_server']) if (!isInstalled(name)) console.log(`skipped: no ${name}`);
}

await (process.argv[2] === 'echo' ? echo() : main());
