/** What classic deployments do as time passes, and to whom: idle connections, silent machines, ACLs, public addresses. */
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { readXml } from '../../../src/api/classic/xml/xml.js';
import { type At, echoes, openStream, type Stream, tcpBackend, udpBackend } from '../../data-plane/network.js';
import { engineOfRun } from '../../data-plane/nftables/in-namespace.js';
import { subscriptionId } from '../../emulator/cloud.js';
import { nextEvent, until } from '../../turns.js';
import { ClassicCloud, hosts, member } from './classic-cloud.js';
import { azureXmlns, endpointXml, setsXml, textOf } from './harness.js';
import { dep, services } from './my-service.js';

const minuteMs = 60_000;
const client = '127.230.202.1';
const engine = engineOfRun(t, import.meta.url);
const classic = await ClassicCloud.start(t, { network: 229, engine });
const { cloud, send } = classic;

/** Whether a connection attempt is answered; who is denied hears nothing, so that somebody else's answer ends the wait. */
async function isLetIn(at: At, { from, reference }: { from: string; reference: string }): Promise<boolean> {
  const attempt = tcpBackend(at, { from }).then(
    () => true,
    () => false,
  );
  const others = (async () => {
    for (let round = 0; round < 8; round++) await tcpBackend(at, { from: reference });
    return false;
  })();
  return Promise.race([attempt, others]);
}

t.test(
  'an endpoint without an idle timeout forgets silent connections after 4 minutes, one with 30 after 30',
  async (t) => {
    await classic.prepare();
    await classic.machines(t, 8080);
    const vip = await classic.deploy(
      member('brief', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }) +
        member('patient', { LocalPort: 8080, Port: 5081, Protocol: 'tcp', IdleTimeoutInMinutes: 30 }),
    );
    const open = async (port: number): Promise<Stream> => openStream(await cloud.place(vip, port), { from: client });
    const [brief, patient] = [await open(5080), await open(5081)];
    t.teardown(() => [brief, patient].map(({ socket }) => socket.destroy()));
    await cloud.emulator.advance(3.9 * minuteMs);
    t.ok(await echoes(brief, 'not idle for four minutes\n'));
    await cloud.emulator.advance(4.1 * minuteMs);
    let heard = '';
    for (const event of ['data', 'end', 'error']) brief.socket.on(event, (what) => (heard += `${event} ${what}`));
    brief.socket.write('anybody there?\n');
    t.ok(await echoes(patient, 'eight minutes are nothing here\n'));
    t.equal(heard, '', 'Azure drops what is idle and tells nobody');
    await cloud.emulator.advance(29 * minuteMs);
    t.ok(await echoes(patient, 'nor are 29\n'));
    await cloud.emulator.advance(31 * minuteMs);
    heard = '';
    patient.socket.on('data', (what) => {
      heard += what;
    });
    patient.socket.write('and now?\n');
    const after = await open(5081);
    t.ok(await echoes(after, 'a new connection has had time for a round trip\n'));
    t.equal(heard, '');
    after.socket.destroy();
  },
);

t.test('a probe without timing is sent every 15 seconds, and 31 seconds of silence take a machine out', async (t) => {
  await classic.prepare();
  const machines = new Map(
    await Promise.all(hosts.map(async (host) => [host, await cloud.machine(t, host, 8080)] as const)),
  );
  const probed = new Map(hosts.map((host) => [host, 0]));
  const asked: string[] = [];
  let silent = false;
  for (const host of hosts) {
    const server = createServer(({ method, url, headers: { authorization = 'no credentials' } }, response) => {
      probed.set(host, (probed.get(host) ?? 0) + 1);
      asked.push(`${method} ${url}, ${authorization}`);
      if (host !== 4 || !silent) response.end();
    });
    server.listen(8081, cloud.localAddress(host));
    await nextEvent(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  const probe = '<Path>/health</Path><Port>8081</Port><Protocol>http</Protocol>';
  await classic.deploy(
    member('web', { LocalPort: 8080, Port: 5080, LoadBalancerProbe: probe, Protocol: 'tcp' }) +
      member('raw', {
        LocalPort: 8080,
        Port: 5081,
        LoadBalancerProbe: '<Port>8080</Port><Protocol>tcp</Protocol>',
        Protocol: 'tcp',
      }),
  );
  await cloud.membersUp(...hosts);
  t.strictSame([...new Set(asked)], ['GET /health, no credentials']);
  const downIn = async (set: string): Promise<string[]> =>
    (await cloud.backends())
      .filter(({ rule, state }) => rule.endsWith(`/lbsets/${set}`) && state === 'Down')
      .map(({ azureAddress }) => azureAddress);

  const before = probed.get(5) ?? 0;
  await cloud.emulator.advance(60_000);
  t.equal((probed.get(5) ?? 0) - before, 4, 'four probes in a minute');

  machines.get(4)?.refuse();
  await cloud.emulator.advance(15_000);
  t.strictSame(await downIn('raw'), [], 'one refused probe is not enough');
  await cloud.emulator.advance(15_000);
  await until('the second one is', async () => (await downIn('raw')).join() === cloud.azureAddress(4));

  silent = true;
  await cloud.emulator.advance(29_000);
  t.strictSame(await downIn('web'), [], 'a probe may wait for its answer until the next one is due');
  await cloud.emulator.advance(31_000);
  await until('two were in vain', async () => (await downIn('web')).join() === cloud.azureAddress(4));
  silent = false;
  await machines.get(4)?.acceptAgain();
  await cloud.emulator.advance(46_000);
  await until('it is back', async () => (await downIn('web')).length + (await downIn('raw')).length === 0);
});

t.test('an ACL goes by order, not by place, and UpdateLbSet without one lets everybody in', async (t) => {
  await classic.prepare();
  await classic.machines(t, 8080);
  const rule = (order: number, action: string, subnet: string) =>
    `<Rule><Order>${order}</Order><Action>${action}</Action><RemoteSubnet>${subnet}</RemoteSubnet></Rule>`;
  const acl = (...rules: string[]) => `<Rules>${rules.join('')}</Rules>`;
  const open = { LocalPort: 8080, Port: 5080, Protocol: 'tcp' };
  const permitFirst = acl(rule(20, 'deny', '127.230.202.0/24'), rule(10, 'permit', '127.230.202.7/32'));
  const vip = await classic.deploy(member('web', { ...open, EndpointAcl: permitFirst }));
  const at = await cloud.place(vip, 5080);
  const letIn = async (reference: string): Promise<string[]> => {
    const found: string[] = [];
    for (const from of ['127.230.202.7', '127.230.202.8', '127.230.203.1']) {
      if (await isLetIn(at, { from, reference })) found.push(from);
    }
    return found;
  };
  t.strictSame(await letIn('127.230.202.7'), ['127.230.202.7'], 'a permit denies everybody else');

  const denyOnly = acl(rule(5, 'DENY', '127.230.202.7/32'));
  await classic.updateSet('web', { LocalPort: 0, EndpointAcl: denyOnly });
  t.strictSame(await letIn('127.230.203.2'), ['127.230.202.8', '127.230.203.1'], 'denials alone permit everybody else');

  await classic.updateSet('web', { LocalPort: 0 });
  t.strictSame(await letIn('127.230.203.2'), ['127.230.202.7', '127.230.202.8', '127.230.203.1']);
});

t.test('an instance’s public IP reaches that instance alone, past sets and ACLs, until it stops', async (t) => {
  await classic.prepare();
  await classic.machines(t, 2222, 8080);
  const nobody =
    '<Rules><Rule><Order>1</Order><Action>permit</Action><RemoteSubnet>10.9.9.9/32</RemoteSubnet></Rule></Rules>';
  await classic.deploy(
    member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }) +
      member('media', { LocalPort: 8080, Port: 5081, Protocol: 'udp' }),
    {
      own: (host) =>
        endpointXml({ LocalPort: 2222, Name: 'SSH', Port: 50_000 + host, Protocol: 'tcp', EndpointAcl: nobody }),
      network: (host) => (host === 5 ? '<PublicIPs><PublicIP><Name>pip</Name></PublicIP></PublicIPs>' : ''),
    },
  );
  const [, address = ''] = /<PublicIP><Name>pip<\/Name><Address>([\d.]+)</.exec(await send('GET', dep)) ?? [];
  const doors = (await cloud.frontends()).filter(({ azureAddress }) => azureAddress === address);
  const everyPort = engine === 'nftables' ? 'Bound' : 'Unbound';
  t.strictSame(doors.map(({ transport, port, state }) => `${transport} ${port} ${state}`).sort(), [
    `tcp 0 ${everyPort}`,
    'tcp 2222 Bound',
    'tcp 8080 Bound',
    `udp 0 ${everyPort}`,
    'udp 8080 Bound',
  ]);
  const reason = doors.find(({ port }) => port === 0)?.reason ?? '';
  t.match(reason, engine === 'nftables' ? /^$/ : /a socket cannot listen on every port/);

  const froms = Array.from({ length: 8 }, (_, index) => `127.230.202.${index + 1}`);
  for (const from of froms) {
    for (const port of [2222, 8080]) t.equal(await tcpBackend({ address, port }, { from }), cloud.localAddress(5));
    t.equal(await udpBackend({ address, port: 8080 }, { from }), cloud.localAddress(5));
  }

  const turn = (name: string) =>
    send(
      'POST',
      `${dep}/roleinstances/vm5/Operations`,
      `<${name} ${azureXmlns}><OperationType>${name}</OperationType></${name}>`,
    );
  await turn('ShutdownRoleOperation');
  t.notOk((await cloud.frontends()).some(({ azureAddress, backends }) => azureAddress === address && backends > 0));
  await turn('StartRoleOperation');
  t.equal(await tcpBackend({ address, port: 2222 }, { from: client }), cloud.localAddress(5));
});

t.test('a port that two machines want is refused after it was accepted, and nothing is deployed', async (t) => {
  await classic.prepare();
  const same = endpointXml({ LocalPort: 22, Name: 'SSH', Port: 5022, Protocol: 'tcp' });
  const accepted = await classic.ask('POST', `${services}/mySvc/deployments`, classic.deployment(same));
  t.equal(accepted.status, 202);
  const operation = readXml(await send('GET', `/operations/${accepted.requestId}`));
  t.equal(textOf(operation, 'Status'), 'Failed');
  t.equal(textOf(operation, 'HttpStatusCode'), '400');
  t.equal(
    textOf(operation, 'Message'),
    'Port 5022 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.',
  );
  t.equal((await classic.ask('GET', dep)).status, 404);
  t.strictSame(await cloud.frontends(), []);
});

t.test('UpdateLbSet is answered with the headers of Azure’s example and no others', async (t) => {
  await classic.prepare();
  await classic.deploy(member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }));
  const body = setsXml(
    endpointXml({ LoadBalancedEndpointSetName: ' web ', LocalPort: ' 8080 ', LoadBalancerDistribution: 'sourceIP' }),
  );
  const url = `${cloud.emulator.httpUrl}/${subscriptionId}${dep}?comp=UpdateLbSet`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = new Set<number | undefined>();
  for (let time = 0; time < 2; time++) {
    const headers = { 'x-ms-version': '2014-09-01', 'content-type': 'application/xml' };
    const [answer] = (await nextEvent(request(url, { method: 'POST', headers, agent }).end(body), 'response')) as [
      IncomingMessage,
    ];
    const { date, 'x-ms-request-id': id, ...rest } = answer.headers;
    t.equal(answer.statusCode, 202);
    t.match(date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    t.match(id, /^[0-9a-f]{32}$/);
    t.strictSame(rest, {
      'cache-control': 'no-cache',
      'content-length': '0',
      server: '1.0.6198.146 (rd_rdfe_stable.141015-1306) Microsoft-HTTPAPI/2.0',
      'x-ms-servedbyregion': 'ussouth2',
    });
    ports.add(answer.socket.localPort);
    await nextEvent(answer.resume(), 'end');
  }
  t.equal(ports.size, 1, 'and the connection is kept');
  // azure-cli asks for its end with every request; a pool that is not told would use the connection once more.
  const closing = { agent, headers: { 'x-ms-version': '2014-09-01', connection: 'close' } };
  for (let time = 0; time < 2; time++) {
    const [last] = (await nextEvent(request(url.replace(/\?.*/, ''), closing).end(), 'response')) as [IncomingMessage];
    t.match([last.statusCode, last.headers.connection], [200, 'close']);
    await nextEvent(last.resume(), 'end');
  }
});
