/** What resources mean to the data plane: tables of what is written and what is forwarded. */
import fc from 'fast-check';
import t from 'tap';
import { compileLoadBalancer } from '../../src/compiler/load-balancer-plan.js';
import { parseConfig } from '../../src/config/config.js';
import { choices, defaultChoices } from '../../src/config/undocumented.js';
import { inconsistency, mergePlan, type PlanPart, portOf } from '../../src/data-plane/model/plan.js';
import { idKey } from '../../src/resources/resource-id.js';
import type { Resource } from '../../src/resources/resource-type.js';
import { AzureInMemory, idOf } from '../resources/azure-in-memory.js';

const network = 'Microsoft.Network';
const lb = (...rest: string[]): string => idOf(`${network}/loadBalancers`, 'lb', ...rest);
const ref = (...rest: string[]) => ({ id: lb(...rest) });
const front = ref('frontendIPConfigurations', 'front');
const pool = ref('backendAddressPools', 'pool');
const vnet = idOf(`${network}/virtualNetworks`, 'vnet');
const subnet = { id: `${vnet}/subnets/vms` };
const { addressMap } = parseConfig([], {});

type Properties = Record<string, unknown>;

/** A network, a public address, and whatever else a test puts there. */
function azure(): AzureInMemory {
  const all = new AzureInMemory();
  const prefix = '10.1.0.0/16';
  const subnets = [{ name: 'vms', properties: { addressPrefix: prefix } }];
  all.put(vnet, { location: 'westus', properties: { addressSpace: { addressPrefixes: [prefix] }, subnets } });
  const publicIp = {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  };
  all.put(idOf(`${network}/publicIPAddresses`, 'ip'), publicIp);
  return all;
}

const nicId = (host: number) => idOf(`${network}/networkInterfaces`, `vm${host}`);

function putNic(
  all: AzureInMemory,
  host: number,
  properties: Properties = { loadBalancerBackendAddressPools: [pool] },
) {
  const address = { privateIPAllocationMethod: 'Static', privateIPAddress: `10.1.0.${host}` };
  const ipConfigurations = [{ name: 'ip', properties: { subnet, ...address, ...properties } }];
  all.put(nicId(host), { location: 'westus', properties: { ipConfigurations } });
}

const publicFrontend = {
  name: 'front',
  properties: { publicIPAddress: { id: idOf(`${network}/publicIPAddresses`, 'ip') } },
};
const internalFrontend = (privateIPAddress: string) => ({
  name: 'front',
  properties: { subnet, privateIPAllocationMethod: 'Static', privateIPAddress },
});
const addresses = (...hosts: number[]) =>
  hosts.map((host) => ({
    name: `b${host}`,
    properties: { ipAddress: `10.1.0.${host}`, virtualNetwork: { id: vnet } },
  }));

interface Balancer {
  readonly frontend?: object;
  readonly sku?: object;
  readonly rules?: readonly Properties[];
  readonly probes?: readonly Properties[];
  readonly natRules?: readonly Properties[];
  readonly backendAddresses?: readonly object[];
  /** Of the pool. */
  readonly drainPeriodInSeconds?: number;
}

function putBalancer(all: AzureInMemory, of: Balancer = {}): void {
  const named = (prefix: string, list: readonly Properties[] = []) =>
    list.map((properties, index) => ({ name: `${prefix}${index}`, properties }));
  const basics = { protocol: 'Tcp', frontendIPConfiguration: front };
  all.put(lb(), {
    location: 'westus',
    sku: of.sku ?? { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [of.frontend ?? publicFrontend],
      backendAddressPools: [
        {
          name: 'pool',
          properties: {
            ...(of.drainPeriodInSeconds && { drainPeriodInSeconds: of.drainPeriodInSeconds }),
            ...(of.backendAddresses && { loadBalancerBackendAddresses: of.backendAddresses }),
          },
        },
      ],
      probes: named('probe', of.probes),
      loadBalancingRules: named('rule', of.rules).map(({ name, properties }) => ({
        name,
        properties: { ...basics, backendAddressPool: pool, ...properties },
      })),
      inboundNatRules: named('nat', of.natRules).map(({ name, properties }) => ({
        name,
        properties: { ...basics, ...properties },
      })),
    },
  });
}

const balancerOf = (all: AzureInMemory): Resource => all.resource(idKey(lb())) as Resource;
const compile = (all: AzureInMemory): PlanPart =>
  compileLoadBalancer(balancerOf(all), { lookup: all, addressMap, choices: defaultChoices });

/** `tcp/127.255.0.4/80 -> 10.1.0.4:8080 10.1.0.5:8080` for each frontend. */
const forwarding = ({ frontends }: PlanPart): string[] =>
  frontends.map(({ key, rule }) => {
    const members = rule.members.map((member) => `${member.azureAddress}:${portOf(rule, member)}`);
    return `${key} -> ${members.join(' ')}`.trimEnd();
  });

const web = { frontendPort: 80, backendPort: 8080 };

t.test('rules with the same pool and probe share their members, whatever their ports', (t) => {
  const all = azure();
  putBalancer(all, {
    probes: [{ protocol: 'Tcp', port: 80 }],
    rules: [81, 82, 83].map((port) => ({ frontendPort: port, backendPort: port, probe: ref('probes', 'probe0') })),
  });
  const [first, ...others] = compile(all).frontends;
  t.equal(others.length, 2);
  for (const { rule } of others) t.equal(rule.members, first?.rule.members);
  t.end();
});

t.test('what is forwarded where', async (t) => {
  const table: readonly { title: string; balancer: Balancer; nics?: readonly number[]; expect: readonly string[] }[] = [
    { title: 'a rule without members', balancer: { rules: [web] }, expect: ['tcp/127.255.0.1/80 ->'] },
    {
      title: 'NIC members, ordered by address whatever the order of their creation',
      balancer: { rules: [web] },
      nics: [10, 5, 7],
      expect: ['tcp/127.255.0.1/80 -> 10.1.0.10:8080 10.1.0.5:8080 10.1.0.7:8080'],
    },
    {
      title: 'members written as addresses',
      balancer: { rules: [web], backendAddresses: addresses(6, 4) },
      expect: ['tcp/127.255.0.1/80 -> 10.1.0.4:8080 10.1.0.6:8080'],
    },
    {
      title: 'UDP',
      balancer: { rules: [{ ...web, protocol: 'Udp' }], backendAddresses: addresses(4) },
      expect: ['udp/127.255.0.1/80 -> 10.1.0.4:8080'],
    },
    {
      title: 'an internal frontend, mapped by the address rule',
      balancer: { frontend: internalFrontend('10.1.0.100'), rules: [web], backendAddresses: addresses(4) },
      expect: ['tcp/127.1.0.100/80 -> 10.1.0.4:8080'],
    },
    {
      title: 'HA ports: every port of both protocols, kept as the client has it',
      balancer: {
        frontend: internalFrontend('10.1.0.100'),
        rules: [{ protocol: 'All', frontendPort: 0, backendPort: 0 }],
        backendAddresses: addresses(4),
      },
      expect: ['tcp/127.1.0.100/0 -> 10.1.0.4:0', 'udp/127.1.0.100/0 -> 10.1.0.4:0'],
    },
    {
      title: 'an inbound NAT rule that no NIC has joined goes nowhere',
      balancer: { natRules: [{ frontendPort: 5000, backendPort: 22 }] },
      expect: [],
    },
    {
      title: 'inbound NAT of a pool: a port per member, as many as there are members',
      balancer: {
        natRules: [
          { frontendPortRangeStart: 500, frontendPortRangeEnd: 509, backendPort: 22, backendAddressPool: pool },
        ],
        backendAddresses: addresses(4, 5),
      },
      expect: ['tcp/127.255.0.1/500 -> 10.1.0.4:22', 'tcp/127.255.0.1/501 -> 10.1.0.5:22'],
    },
  ];
  for (const { title, balancer, nics = [], expect } of table) {
    const all = azure();
    putBalancer(all, balancer);
    for (const host of nics) putNic(all, host);
    const plan = compile(all);
    const [first] = plan.frontends;
    // Which address of the pool comes first is not this test's business.
    const ip = first?.azureAddress.startsWith('127.255') ? first.address : '127.255.0.1';
    t.strictSame(
      forwarding(plan).map((line) => line.replace(ip, '127.255.0.1')),
      expect,
      title,
    );
  }
});

t.test('an inbound NAT rule of one NIC forwards to that NIC alone', async (t) => {
  const all = azure();
  putBalancer(all, { rules: [web], natRules: [{ frontendPort: 5000, backendPort: 22, protocol: 'Udp' }] });
  putNic(all, 4);
  putNic(all, 5, { loadBalancerInboundNatRules: [ref('inboundNatRules', 'nat0')] });
  const nat = compile(all).frontends.find(({ port }) => port === 5000);
  t.match(nat, {
    transport: 'udp',
    rule: { id: lb('inboundNatRules', 'nat0'), members: [{ azureAddress: '10.1.0.5', port: 22, probe: undefined }] },
  });
  t.equal(nat?.rule.members.length, 1);
});

t.test('how a rule forwards', async (t) => {
  const table: readonly { title: string; rule?: Properties; sku?: object; expect: Properties }[] = [
    {
      title: 'Azure’s defaults: 5-tuple, four minutes, no reset',
      expect: {
        distribution: 'Default',
        idleTimeoutMs: 240_000,
        tcpReset: false,
        floatingIp: false,
        noHealthyBackends: 'AllProbedDown',
        allProbedDown: 'keepEstablished',
        acl: [],
      },
    },
    { title: 'affinity', rule: { loadDistribution: 'SourceIPProtocol' }, expect: { distribution: 'SourceIPProtocol' } },
    {
      title: 'idle timeout and TCP reset',
      rule: { idleTimeoutInMinutes: 30, enableTcpReset: true },
      expect: { idleTimeoutMs: 1_800_000, tcpReset: true },
    },
    { title: 'floating IP', rule: { enableFloatingIP: true }, expect: { floatingIp: true } },
    { title: 'Basic ends established flows', sku: { name: 'Basic' }, expect: { allProbedDown: 'endEstablished' } },
  ];
  for (const { title, rule = {}, sku = { name: 'Standard' }, expect } of table) {
    const all = azure();
    putBalancer(all, { sku, rules: [{ ...web, ...rule }] });
    const [frontend] = compile(all).frontends;
    t.match(frontend?.rule, { id: lb('loadBalancingRules', 'rule0'), loadBalancerId: lb(), ...expect }, title);
  }
});

t.test('how a member is probed', async (t) => {
  const table: readonly { title: string; probe: Properties; expect: Properties }[] = [
    {
      title: 'TCP waits for as long as the interval',
      probe: { protocol: 'Tcp', port: 80, intervalInSeconds: 45 },
      expect: { protocol: 'Tcp', port: 80, intervalMs: 45_000, timeoutMs: 45_000, threshold: 1 },
    },
    {
      title: 'HTTP waits for half a minute at most',
      probe: { protocol: 'Http', port: 81, requestPath: '/up', intervalInSeconds: 45 },
      expect: { protocol: 'Http', requestPath: '/up', intervalMs: 45_000, timeoutMs: 30_000 },
    },
    {
      title: 'HTTPS; probeThreshold counts, numberOfProbes does not',
      probe: { protocol: 'Https', port: 443, requestPath: '/', probeThreshold: 3, numberOfProbes: 7 },
      expect: { protocol: 'Https', intervalMs: 15_000, timeoutMs: 15_000, threshold: 3 },
    },
  ];
  for (const { title, probe, expect } of table) {
    const all = azure();
    const reference = { probe: ref('probes', 'probe0') };
    // Two rules, one probe: each backend is asked once.
    putBalancer(all, {
      probes: [probe],
      rules: [
        { ...web, ...reference },
        { frontendPort: 81, backendPort: 8081, ...reference },
      ],
      backendAddresses: addresses(4, 5),
    });
    const { probes, frontends } = compile(all);
    const id = lb('probes', 'probe0');
    t.strictSame(
      probes.map(({ key }) => key),
      [`${idKey(id)}|127.1.0.4`, `${idKey(id)}|127.1.0.5`],
    );
    for (const one of probes) t.match(one, { id, ...expect }, title);
    for (const { rule } of frontends)
      t.strictSame(
        rule.members.map((member) => member.probe),
        probes.map(({ key }) => key),
      );
  }
});

t.test('all members down: the probe says what that means', async (t) => {
  const all = azure();
  const probe = { protocol: 'Tcp', port: 80, noHealthyBackendsBehavior: 'AllProbedUp' };
  putBalancer(all, { probes: [probe], rules: [{ ...web, probe: ref('probes', 'probe0') }] });
  t.equal(compile(all).frontends[0]?.rule.noHealthyBackends, 'AllProbedUp');
});

t.test('what was chosen where Azure’s documentation is silent is in the plan, and nowhere else', async (t) => {
  const all = azure();
  putBalancer(all, {
    rules: [{ ...web, idleTimeoutInMinutes: 15, probe: ref('probes', 'probe0') }],
    probes: [{ protocol: 'Http', requestPath: '/', port: 80, intervalInSeconds: 10, probeThreshold: 3 }],
    backendAddresses: addresses(4),
    drainPeriodInSeconds: 30,
  });
  const chosen = (...written: string[]) => {
    const options = { lookup: all, addressMap, choices: choices(written) };
    const { frontends, probes } = compileLoadBalancer(balancerOf(all), options);
    return { rule: frontends[0]?.rule, member: frontends[0]?.rule.members[0], probe: probes[0] };
  };
  const { rule, member, probe } = chosen();
  t.match(rule, { idleTimeoutMs: 900_000, halfOpenMs: 60_000, allProbedDown: 'keepEstablished' });
  t.notOk(rule?.resetOn);
  t.equal(member?.drainPeriodMs, 30_000);
  t.strictSame(Object.keys(probe ?? {}).slice(-1), ['threshold'], 'nothing is added to the probe');
  t.strictSame(chosen('rule-removal=reset', 'mode-switch=reset', 'member-removal=reset').rule?.resetOn, [
    'modeSwitch',
    'memberRemoval',
    'ruleRemoval',
  ]);
  t.notOk(chosen('drain-period=ignore').member?.drainPeriodMs);
  t.equal(chosen('single-member-down=end').rule?.allProbedDown, 'endEstablished');
  t.equal(chosen('idle-timeout=frontend').rule?.idleTimeoutMs, 240_000, 'the public address has four minutes');
  t.equal(chosen('half-open=idle-timeout').rule?.halfOpenMs, 900_000);
  t.equal(chosen('acl-deny=reset').rule?.aclDeny, 'reset');
  t.match(chosen('first-probe=after-interval', 'first-success=once').probe, {
    firstAfterMs: 10_000,
    firstThreshold: 1,
  });
  t.match(chosen('probe-redirect=follow', 'probe-user-agent=load-balancer-agent').probe, {
    followsRedirects: true,
    userAgent: 'Load Balancer Agent',
  });
});

t.test('admin state is the member’s own', async (t) => {
  const all = azure();
  const [four, five] = addresses(4, 5);
  const down = { ...four, properties: { ...four?.properties, adminState: 'Down' } };
  putBalancer(all, { rules: [web], backendAddresses: [down, five ?? {}] });
  t.strictSame(
    compile(all).frontends[0]?.rule.members.map(({ adminState }) => adminState),
    ['Down', 'None'],
  );
});

t.test('a Global load balancer forwards to the frontends of regional ones, unprobed', async (t) => {
  const all = azure();
  putBalancer(all, { rules: [web] });
  const regional = balancerOf(all);
  const [frontend] = compile(all).frontends;
  const id = idOf(`${network}/loadBalancers`, 'global');
  const ip = idOf(`${network}/publicIPAddresses`, 'global');
  const sku = { name: 'Standard', tier: 'Global' };
  all.put(ip, { location: 'westus', sku, properties: { publicIPAllocationMethod: 'Static' } });
  const properties = { loadBalancerFrontendIPConfiguration: { id: `${regional.id}/frontendIPConfigurations/front` } };
  all.put(id, {
    location: 'westus',
    sku,
    properties: {
      frontendIPConfigurations: [{ name: 'front', properties: { publicIPAddress: { id: ip } } }],
      backendAddressPools: [
        { name: 'pool', properties: { loadBalancerBackendAddresses: [{ name: 'west', properties }] } },
      ],
      loadBalancingRules: [
        {
          name: 'web',
          properties: {
            protocol: 'Tcp',
            frontendPort: 80,
            backendPort: 80,
            frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/front` },
            backendAddressPool: { id: `${id}/backendAddressPools/pool` },
          },
        },
      ],
    },
  });
  t.equal(
    all.at(id, 'properties.backendAddressPools.0.properties.loadBalancerBackendAddresses.0.properties.ipAddress'),
    all.at(idOf(`${network}/publicIPAddresses`, 'ip'), 'properties.ipAddress'),
    'the member shows the address that its regional frontend has now',
  );
  const plan = compileLoadBalancer(all.resource(idKey(id)) as Resource, {
    lookup: all,
    addressMap,
    choices: defaultChoices,
  });
  t.equal(plan.frontends[0]?.rule.backendPort, 80);
  t.match(plan.frontends[0]?.rule.members, [
    { azureAddress: frontend?.azureAddress, adminState: 'None', probe: undefined },
  ]);
});

t.test('a load balancer that is being deleted forwards nothing', async (t) => {
  const all = azure();
  putBalancer(all, { rules: [web] });
  const deleting = { ...balancerOf(all), provisioningState: 'Deleting' };
  t.strictSame(compileLoadBalancer(deleting, { lookup: all, addressMap, choices: defaultChoices }), {
    frontends: [],
    probes: [],
    outbound: [],
  });
});

t.test('a plan is frozen to its leaves', async (t) => {
  const all = azure();
  putBalancer(all, { probes: [{ protocol: 'Tcp', port: 80 }], rules: [{ ...web, probe: ref('probes', 'probe0') }] });
  putNic(all, 4);
  const frozen = (value: unknown): boolean =>
    value === null || typeof value !== 'object' || (Object.isFrozen(value) && Object.values(value).every(frozen));
  t.ok(frozen(compile(all)));
  t.ok(frozen(mergePlan([compile(all)], 1)));
});

t.test('where two load balancers want one address, both are in the plan, the earlier first', async (t) => {
  const all = azure();
  putBalancer(all, { rules: [web] });
  const [first, second] = [compile(all), compile(all)];
  const { frontends } = mergePlan([first, second], 1);
  t.strictSame(frontends, [...first.frontends, ...second.frontends]);
});

t.test('with --address-map none, addresses are Azure’s own', async (t) => {
  const all = azure();
  putBalancer(all, { frontend: internalFrontend('10.1.0.100'), rules: [web], backendAddresses: addresses(4) });
  const { frontends } = compileLoadBalancer(balancerOf(all), { lookup: all, addressMap: [], choices: defaultChoices });
  t.match(frontends, [
    { key: 'tcp/10.1.0.100/80', rule: { members: [{ address: '10.1.0.4', azureAddress: '10.1.0.4' }] } },
  ]);
});

t.test('the same resources give the same plan, however they came to be', async (t) => {
  const hosts = fc.uniqueArray(fc.integer({ min: 4, max: 60 }), { minLength: 1, maxLength: 8 });
  const mode = fc.constantFrom('Default', 'SourceIP', 'SourceIPProtocol');
  fc.assert(
    fc.property(hosts, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), mode, (members, order, loadDistribution) => {
      const balancer = { rules: [{ ...web, loadDistribution }] };
      const planOf = (joining: readonly number[]): PlanPart => {
        const all = azure();
        putBalancer(all, balancer);
        for (const host of joining) putNic(all, host);
        return compile(all);
      };
      const shuffled = [...members].sort((a, b) => (order[a % 8] ?? 0) - (order[b % 8] ?? 0));
      const plan = planOf(members);
      t.strictSame(planOf(shuffled), plan);
      t.equal(plan.frontends[0]?.rule.members.length, members.length);
    }),
    { numRuns: 25 },
  );
});

t.test('a part of a plan that contradicts itself is recognised', async (t) => {
  const all = azure();
  putBalancer(all, { probes: [{ protocol: 'Tcp', port: 80 }], rules: [{ ...web, probe: ref('probes', 'probe0') }] });
  putNic(all, 4);
  const part = compile(all);
  const [place] = part.frontends;
  const [probe] = part.probes;
  const [member] = place?.rule.members ?? [];
  if (!place || !probe || !member) throw new Error('a frontend, a probe and a member');
  t.equal(inconsistency(part), undefined);
  t.match(inconsistency({ ...part, probes: [] }), /names the probe .*, which is not in the plan/);
  t.match(inconsistency({ ...part, probes: [probe, probe] }), /occurs twice/);
  t.match(inconsistency({ ...part, probes: [{ ...probe, address: '127.9.9.9' }] }), /another key/);
  t.match(inconsistency({ ...part, frontends: [{ ...place, port: 81 }] }), /another key/);
  const twice = { ...place, rule: { ...place.rule, members: [member, member] } };
  t.match(inconsistency({ ...part, frontends: [twice] }), /occurs twice/);
});

t.test('A frontend is at the private endpoints too that its private link service lets in', async (t) => {
  const all = azure();
  const services = { privateLinkServiceNetworkPolicies: 'Disabled', addressPrefix: '10.1.0.0/16' };
  all.put(vnet, {
    location: 'westus',
    properties: {
      addressSpace: { addressPrefixes: ['10.1.0.0/16'] },
      subnets: [{ name: 'vms', properties: services }],
    },
  });
  putNic(all, 20, {});
  all.put(lb(), {
    location: 'westus',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [internalFrontend('10.1.0.10')],
      backendAddressPools: [{ name: 'pool' }],
      loadBalancingRules: [
        {
          name: 'rule',
          properties: {
            protocol: 'Tcp',
            frontendPort: 80,
            backendPort: 8080,
            frontendIPConfiguration: front,
            backendAddressPool: pool,
          },
        },
      ],
    },
  });
  putNic(all, 20);
  const service = idOf(`${network}/privateLinkServices`, 'service');
  all.put(service, {
    location: 'westus',
    properties: {
      loadBalancerFrontendIpConfigurations: [front],
      ipConfigurations: [{ name: 'config', properties: { subnet } }],
    },
  });
  const connect = (name: string, list: string) =>
    all.put(idOf(`${network}/privateEndpoints`, name), {
      location: 'westus',
      properties: { subnet, [list]: [{ name: 'link', properties: { privateLinkServiceId: service } }] },
    });
  const placesNow = () => {
    const loadBalancer = all.resource(idKey(lb())) as Resource;
    const { frontends } = compileLoadBalancer(loadBalancer, { lookup: all, addressMap, choices: defaultChoices });
    return frontends.map(({ azureAddress, port, internal, rule: { members } }) => [
      azureAddress,
      port,
      internal ?? false,
      members.map((member) => member.azureAddress),
    ]);
  };
  const own = ['10.1.0.10', 80, true, ['10.1.0.20']];
  t.same(placesNow(), [own]);
  connect('waiting', 'manualPrivateLinkServiceConnections');
  t.same(placesNow(), [own], 'it is not approved yet');
  connect('open', 'privateLinkServiceConnections');
  const [address] = placesNow()[1] as string[];
  t.match(address, /^10\.1\.0\./);
  t.same(placesNow(), [own, [address, 80, false, ['10.1.0.20']]]);
  all.delete(idOf(`${network}/privateEndpoints`, 'open'));
  t.same(placesNow(), [own]);
});
