/**
 * PUT and GET of a load balancer with ten rules and with 1,000, and the list of 1,000 load balancers, with 8 and with 64
 * clients: Lazurite, with and without a data plane behind it, against a bare Fastify + Ajv + better-sqlite3 handler with
 * the same durability. All in turn in every round; medians of the figures and of the rounds' ratios.
 *
 * Lazurite also reads a path as an id, checks preconditions and references, fills in defaults, keeps links and an
 * operation, follows with its data plane, and shows the api-version that was asked for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { balancerBody } from '../test/balancer-body.js';
import { loadBalancer, network } from './control-plane-body.js';
import { Client, type Figures, type Load, line, load, medianOf, startLazurite } from './control-plane-load.js';
import { median, type Started, start, stop } from './process.js';

const rounds = 5;
const listed = 1000;
const peer = 'bare handler';
const withPlane = 'Lazurite';
const withoutPlane = 'Lazurite, engine none';

type Servers = ReadonlyMap<string, Started>;

/** Lazurite's own answer to a GET of the load balancer is what the bare handler stores and gives. */
async function bareHandler(folder: string, like: Started): Promise<Started> {
  const answer = join(folder, `answer-${like.process.pid}.json`);
  const client = new Client(like);
  writeFileSync(answer, JSON.stringify(await client.send('GET', loadBalancer)));
  client.close();
  const script = fileURLToPath(new URL('control-plane-peer.js', import.meta.url));
  return start(script, [answer, join(folder, `peer-${like.process.pid}.sqlite`)]);
}

async function ofOne(folder: string, rules: number): Promise<Servers> {
  const full = await startLazurite(folder, { engine: 'userspace', rules });
  const bare = await startLazurite(folder, { engine: 'none', rules });
  return new Map([
    [withPlane, full],
    [withoutPlane, bare],
    [peer, await bareHandler(folder, bare)],
  ]);
}

/** With 1,000 load balancers of one rule each. */
async function ofMany(folder: string): Promise<Servers> {
  const bare = await startLazurite(folder, { engine: 'none', rules: 1 });
  const servers = new Map([
    [withoutPlane, bare],
    [peer, await bareHandler(folder, bare)],
  ]);
  const subnet = { id: `${network}/virtualNetworks/network/subnets/default` };
  for (const [name, server] of servers) {
    const client = new Client(server);
    if (name !== peer) {
      await client.send('PUT', `${network}/virtualNetworks/network`, {
        location: 'westeurope',
        properties: {
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/16' } }],
        },
      });
    }
    for (let index = 1; index < listed; index++) {
      const path = `${loadBalancer}-${index}`;
      const parts = { frontends: { front: { subnet } }, rules: { http: { frontendPort: 80, backendPort: 8080 } } };
      await client.send('PUT', path, balancerBody(path, parts));
    }
    client.close();
  }
  return servers;
}

async function compare(what: string, servers: Servers, asked: Load): Promise<void> {
  const results = new Map<string, Figures[]>([...servers.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of servers) results.get(name)?.push(await load(server, asked));
  }
  const limits = results.get(peer) ?? [];
  for (const [name, measured] of results) {
    const ratio = median(measured.map(({ perSecond }, round) => perSecond / (limits[round]?.perSecond ?? Number.NaN)));
    const label = `${what}  ${String(asked.connections).padStart(2)} clients  ${name.padEnd(22)}`;
    console.log(`${label}${line(medianOf(measured))}  ${ratio.toFixed(2)} of the bare handler`);
  }
}

/** Runs `work` with servers, which end after it. */
async function using(started: Promise<Servers>, work: (servers: Servers) => Promise<void>): Promise<void> {
  const servers = await started;
  try {
    await work(servers);
  } finally {
    await Promise.all([...servers.values()].map(stop));
  }
}

const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
console.log(`Node ${process.version}, ${cpus().length} cores; medians of ${rounds} rounds`);
try {
  for (const rules of [10, 1000]) {
    await using(ofOne(folder, rules), async (servers) => {
      const reading = new Map([...servers].filter(([name]) => name !== withoutPlane));
      for (const connections of [8, 64]) {
        // 64 that wait for 1,000 rules each would wait for longer than a client waits.
        if (rules === 10 || connections === 8) {
          await compare(`PUT  ${rules} rules`, servers, { method: 'PUT', rules, connections, seconds: 1 });
        }
        await compare(`GET  ${rules} rules`, reading, { method: 'GET', connections, seconds: 0.5 });
      }
    });
  }
  await using(ofMany(folder), async (servers) => {
    for (const connections of [8, 64]) {
      const path = `${network}/loadBalancers`;
      await compare(`LIST ${listed} balancers`, servers, { method: 'GET', path, connections, seconds: 1 });
    }
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
