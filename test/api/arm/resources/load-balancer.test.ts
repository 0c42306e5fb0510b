import { test } from 'tap';
import {
  ArmClient,
  at,
  balancerId,
  childId,
  group,
  inboundRule,
  internalFrontend,
  type Json,
  loadBalancer,
  natRule,
  network,
  networkInterface,
  probe,
  publicFrontend,
  publicIPAddress,
  publicIPAddressId,
  refusal,
  rule,
  subnetId,
  virtualNetwork,
} from './arm-client.js';

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const weakEtag = /^W\/"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/;

const ids = (value: unknown): string[] => ((value ?? []) as { id: string }[]).map(({ id }) => id);
const names = (value: unknown): string[] => ((value ?? []) as { name: string }[]).map(({ name }) => name);

/** Every etag in a body, at any depth. */
function etagsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(etagsIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => (name === 'etag' ? [String(member)] : etagsIn(member)));
}

test('creating a load balancer answers 201 with the whole resource, updating it 200', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const created = await azure.put(balancerId, loadBalancer({}, { location: 'West Europe', tags: { Owner: 'me' } }));
  t.equal(created.status, 201);
  const { etag } = created.body;
  t.match(etag, weakEtag);
  const resourceGuid = at(created.body, 'properties.resourceGuid');
  t.match(resourceGuid, guid);
  const child = (collection: string, name: string) => ({ name, id: childId(collection, name), etag });
  const ruleReference = { id: childId('loadBalancingRules', 'rule') };
  const expected = {
    name: 'lb',
    id: balancerId,
    etag,
    type: 'Microsoft.Network/loadBalancers',
    location: 'westeurope',
    tags: { Owner: 'me' },
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid,
      frontendIPConfigurations: [
        {
          ...child('frontendIPConfigurations', 'frontend'),
          type: 'Microsoft.Network/loadBalancers/frontendIPConfigurations',
          properties: {
            provisioningState: 'Succeeded',
            privateIPAllocationMethod: 'Dynamic',
            publicIPAddress: { id: publicIPAddressId('ip') },
            loadBalancingRules: [ruleReference],
          },
        },
      ],
      backendAddressPools: [
        {
          ...child('backendAddressPools', 'pool'),
          properties: {
            provisioningState: 'Succeeded',
            loadBalancerBackendAddresses: [],
            loadBalancingRules: [ruleReference],
          },
          type: 'Microsoft.Network/loadBalancers/backendAddressPools',
        },
      ],
      loadBalancingRules: [
        {
          ...child('loadBalancingRules', 'rule'),
          type: 'Microsoft.Network/loadBalancers/loadBalancingRules',
          properties: {
            provisioningState: 'Succeeded',
            frontendIPConfiguration: { id: childId('frontendIPConfigurations', 'frontend') },
            frontendPort: 80,
            backendPort: 8080,
            enableFloatingIP: false,
            idleTimeoutInMinutes: 4,
            protocol: 'Tcp',
            enableDestinationServiceEndpoint: false,
            enableTcpReset: false,
            allowBackendPortConflict: false,
            loadDistribution: 'Default',
            disableOutboundSnat: false,
            backendAddressPool: { id: childId('backendAddressPools', 'pool') },
            backendAddressPools: [{ id: childId('backendAddressPools', 'pool') }],
            probe: { id: childId('probes', 'probe') },
          },
        },
      ],
      probes: [
        {
          ...child('probes', 'probe'),
          properties: {
            provisioningState: 'Succeeded',
            protocol: 'Tcp',
            port: 8080,
            intervalInSeconds: 15,
            numberOfProbes: 2,
            probeThreshold: 1,
            noHealthyBackendsBehavior: 'AllProbedDown',
            loadBalancingRules: [ruleReference],
          },
          type: 'Microsoft.Network/loadBalancers/probes',
        },
      ],
      inboundNatRules: [],
      outboundRules: [],
      inboundNatPools: [],
    },
    sku: { name: 'Standard', tier: 'Regional' },
  };
  t.equal(created.text, JSON.stringify(expected), 'members, values and their order');
  const got = await azure.get(balancerId);
  t.equal(got.status, 200);
  t.equal(got.text, created.text);
  t.equal(got.headers.etag, etag);

  const updated = await azure.put(balancerId, loadBalancer({ probes: [probe('probe', { port: 81 })] }));
  t.equal(updated.status, 200);
  t.equal(at(updated.body, 'properties.probes.0.properties.port'), 81);
  t.not(updated.body.etag, etag, 'a change makes a new etag');
  t.equal(at(updated.body, 'properties.resourceGuid'), resourceGuid, 'resourceGuid is for life');
  t.notOk('tags' in updated.body, 'tags that a PUT leaves out are gone');
});

test('one etag holds for the balancer and all its children, and a PUT that changes nothing keeps it', async (t) => {
  const azure = await ArmClient.start(t);
  const made = await azure.makeLoadBalancer({ inboundNatRules: [natRule('ssh')] });
  const etags = new Set(etagsIn(made));
  t.equal(etags.size, 1);
  const again = await azure.put(balancerId, loadBalancer({ inboundNatRules: [natRule('ssh')] }));
  t.equal(again.body.etag, made.etag);
  const written = await azure.put(childId('backendAddressPools', 'second'), { properties: {} });
  t.equal(written.status, 201);
  const after = (await azure.get(balancerId)).body;
  t.not(after.etag, made.etag);
  t.same([...new Set(etagsIn(after))], [written.body.etag]);
  t.equal((await azure.get(childId('probes', 'probe'))).headers.etag, after.etag);
  await azure.makeNetworkInterface('nic', { pools: [childId('backendAddressPools', 'pool')] });
  t.not((await azure.get(balancerId)).body.etag, after.etag, 'a NIC that joins a pool changes the balancer');
});

test('everything the service fills in may be sent back: nothing changes, the etag neither', async (t) => {
  const azure = await ArmClient.start(t);
  for (const apiVersion of ['2025-05-01', '2024-01-01', '2022-05-01', '2021-03-01', '2018-11-01', '2017-10-01']) {
    await azure.reset();
    await azure.makeGroup();
    const make = (type: string, name: string, body: Json) =>
      azure.made(`${network}/${type}/${name}`, body, { apiVersion });
    const pools = [childId('backendAddressPools', 'pool')];
    await make('networkSecurityGroups', 'nsg', securityGroup());
    await make('virtualNetworks', 'vnet', virtualNetwork());
    await make('publicIPAddresses', 'ip', publicIPAddress());
    const prefixes = apiVersion < '2018-07-01' ? [] : ['publicIPPrefixes/prefix'];
    if (prefixes.length > 0) await make('publicIPPrefixes', 'prefix', prefix());
    const ranges = apiVersion < '2021-03-01' ? [] : [natRule('range', rangeOf('pool'))];
    const inboundNatRules = [natRule('ssh'), ...ranges];
    await make('loadBalancers', 'lb', loadBalancer({ inboundNatRules, inboundNatPools: [natPool('nats')] }));
    await make('loadBalancers', 'internal', internalBalancer());
    await make('networkInterfaces', 'nic', networkInterface({ pools, natRules: [childId('inboundNatRules', 'ssh')] }));
    const balancers = ['loadBalancers/lb', 'loadBalancers/internal'];
    const all = [...balancers, 'publicIPAddresses/ip', 'virtualNetworks/vnet', 'networkInterfaces/nic'];
    for (const path of [...all, 'networkSecurityGroups/nsg', ...prefixes]) {
      const before = await azure.get(`${network}/${path}`, { apiVersion });
      const written = await azure.put(`${network}/${path}`, before.body, { apiVersion });
      t.equal(written.status, 200, refusal(written));
      t.equal(written.text, before.text, `${path} at ${apiVersion}`);
      t.equal((await azure.get(`${network}/${path}`, { apiVersion })).text, before.text);
    }
  }
});

const internalBalancer = (): Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { frontendIPConfigurations: [internalFrontend('inside')] },
});

const rangeOf = (pool: string): Json => ({
  frontendPort: undefined,
  frontendPortRangeStart: 6000,
  frontendPortRangeEnd: 6009,
  backendPort: 443,
  backendAddressPool: { id: childId('backendAddressPools', pool) },
});

const natPool = (name: string): Json => ({
  name,
  properties: {
    protocol: 'Tcp',
    frontendPortRangeStart: 7000,
    frontendPortRangeEnd: 7009,
    backendPort: 3389,
    frontendIPConfiguration: { id: childId('frontendIPConfigurations', 'frontend') },
  },
});

const securityGroup = (): Json => ({
  location: 'westeurope',
  properties: {
    securityRules: [{ name: 'web', properties: inboundRule('80') }],
  },
});

const prefix = (): Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { prefixLength: 30 },
});

test('a body is read in any casing and answered in Azure’s', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  const shout = (id: string) => id.toUpperCase();
  const answer = await azure.put(balancerId, {
    Location: 'WestEurope',
    SKU: { Name: 'standard', TIER: 'regional' },
    Properties: {
      FRONTENDIPCONFIGURATIONS: [
        { Name: 'frontend', Properties: { publicIpAddress: { ID: shout(publicIPAddressId('ip')) } } },
      ],
      backendaddresspools: [{ NAME: 'pool' }],
      Probes: [{ name: 'probe', properties: { Protocol: 'HTTP', Port: 80, RequestPath: '/' } }],
      LoadBalancingRules: [
        rule('rule', {
          protocol: 'UDP',
          loadDistribution: 'sourceIp',
          frontendIPConfiguration: { id: shout(childId('frontendIPConfigurations', 'frontend')) },
          probe: { id: childId('Probes', 'PROBE') },
        }),
      ],
    },
  });
  t.equal(answer.status, 200, refusal(answer));
  t.match(answer.body, {
    location: 'westeurope',
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      frontendIPConfigurations: [{ properties: { publicIPAddress: { id: publicIPAddressId('ip') } } }],
      probes: [{ properties: { protocol: 'Http' } }],
      loadBalancingRules: [
        {
          properties: {
            protocol: 'Udp',
            loadDistribution: 'SourceIP',
            frontendIPConfiguration: { id: childId('frontendIPConfigurations', 'frontend') },
            probe: { id: childId('probes', 'probe') },
          },
        },
      ],
    },
  });
  const frontend = {
    Subnet: { Id: shout(subnetId) },
    privateIpAllocationMethod: 'static',
    PrivateIPAddress: '10.0.0.9',
  };
  const internal = await azure.put(`${network}/loadBalancers/internal`, {
    ...internalBalancer(),
    properties: { frontendIPConfigurations: [{ name: 'inside', properties: frontend }] },
  });
  t.match(at(internal.body, 'properties.frontendIPConfigurations'), [
    { properties: { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.9', subnet: { id: subnetId } } },
  ]);
});

test('ids are found in any casing and shown as first created', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  const shouted = balancerId.toUpperCase();
  for (const path of [shouted, balancerId.toLowerCase(), balancerId.replace('resourceGroups', 'resourcegroups')]) {
    t.equal((await azure.get(path)).body.id, balancerId, path);
  }
  const updated = await azure.put(shouted, loadBalancer());
  t.equal(updated.status, 200);
  t.equal(updated.body.id, balancerId);
  t.equal(updated.body.name, 'lb');
  t.equal((await azure.get(`${shouted}/PROBES/PROBE`)).body.id, childId('probes', 'probe'));
  t.equal((await azure.put(`${shouted}/BACKENDADDRESSPOOLS/POOL`, {})).body.id, childId('backendAddressPools', 'pool'));
  const made = await azure.made(`${group.toUpperCase()}/providers/microsoft.network/LOADBALANCERS/Second`, {
    location: 'westeurope',
  });
  t.equal(made.id, `${network}/loadBalancers/Second`, 'the group as it was created, the type as Azure spells it');
  t.equal(made.type, 'Microsoft.Network/loadBalancers');
});

test('each of the seven child collections is listed, and each child has its own path', async (t) => {
  const azure = await ArmClient.start(t);
  const made = await azure.makeLoadBalancer({
    inboundNatRules: [natRule('ssh')],
    outboundRules: [
      {
        name: 'out',
        properties: {
          protocol: 'Tcp',
          frontendIPConfigurations: [{ id: childId('frontendIPConfigurations', 'frontend') }],
          backendAddressPool: { id: childId('backendAddressPools', 'pool') },
        },
      },
    ],
    loadBalancingRules: [rule('rule', { disableOutboundSnat: true })],
  });
  const present = { frontendIPConfigurations: 'frontend', backendAddressPools: 'pool', loadBalancingRules: 'rule' };
  for (const [collection, name] of Object.entries({
    ...present,
    probes: 'probe',
    inboundNatRules: 'ssh',
    outboundRules: 'out',
  })) {
    const list = await azure.get(`${balancerId}/${collection}`);
    t.equal(list.status, 200, collection);
    t.same(list.body, { value: at(made, `properties.${collection}`) });
    t.notOk('etag' in list.headers, 'lists have no ETag');
    const one = await azure.get(childId(collection, name));
    t.same(one.body, at(made, `properties.${collection}.0`));
    t.equal(one.headers.etag, made.etag);
    const missing = await azure.get(childId(collection, 'x'));
    t.equal(refusal(missing), `404 NotFound: Resource ${childId(collection, 'x')} not found.`);
    t.same(at(missing.body, 'error.details'), []);
  }
  t.same((await azure.get(`${balancerId}/networkInterfaces`)).body, { value: [] });
  const pools = await azure.get(`${balancerId}/inboundNatPools`);
  t.equal(pools.status, 404, 'inbound NAT pools have no path of their own');
  for (const collection of ['frontendIPConfigurations', 'loadBalancingRules', 'probes', 'outboundRules']) {
    const written = await azure.put(childId(collection, 'new'), {});
    t.ok(written.status === 404 || written.status === 405, `${collection} are written through the balancer only`);
  }
});

test('backend pools and inbound NAT rules are created, changed and deleted on their own paths', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  const pool = childId('backendAddressPools', 'second');
  const created = await azure.put(pool, { name: 'second' });
  t.equal(created.status, 201);
  t.same(created.body.properties, { provisioningState: 'Succeeded', loadBalancerBackendAddresses: [] });
  t.match(created.headers, { 'azure-asyncoperation': /^http:.*operations/, 'azure-asyncnotification': 'Enabled' });
  const address = {
    name: 'a',
    properties: { ipAddress: '10.0.0.7', virtualNetwork: { id: `${network}/virtualNetworks/vnet` } },
  };
  const changed = await azure.put(pool, { properties: { loadBalancerBackendAddresses: [address] } });
  t.equal(changed.status, 200);
  t.match(at(changed.body, 'properties.loadBalancerBackendAddresses.0'), {
    name: 'a',
    id: `${pool}/loadBalancerBackendAddresses/a`,
    etag: changed.body.etag,
    type: 'Microsoft.Network/loadBalancers/backendAddressPools/loadBalancerBackendAddresses',
    properties: { provisioningState: 'Succeeded', ipAddress: '10.0.0.7', inboundNatRulesPortMapping: [] },
  });
  const nat = childId('inboundNatRules', 'ssh');
  t.equal((await azure.put(nat, natRule('ssh'))).status, 201);
  t.equal((await azure.put(nat, natRule('ssh', { backendPort: 23 }))).status, 200);
  t.match((await azure.get(nat)).body.properties, { frontendPort: 5000, backendPort: 23, protocol: 'Tcp' });
  t.same(names(at((await azure.get(balancerId)).body, 'properties.backendAddressPools')), ['pool', 'second']);
  for (const path of [pool, nat]) {
    const deleted = await azure.delete(path);
    t.equal(deleted.status, 202);
    t.match(deleted.headers, { 'azure-asyncoperation': /\/operations\//, location: /\/operationResults\// });
    t.equal((await azure.get(path)).status, 404);
    t.equal((await azure.delete(path)).status, 204, 'there is none any more');
    t.equal((await azure.poll(deleted, 'location')).status, 204);
    t.same((await azure.poll(deleted)).body, { status: 'Succeeded' });
  }
  const orphan = await azure.put(`${network}/loadBalancers/none/backendAddressPools/p`, {});
  t.match(refusal(orphan), /^404 ResourceNotFound: The Resource 'Microsoft.Network\/loadBalancers\/none' under/);
  const used = await azure.delete(childId('backendAddressPools', 'pool'));
  t.match(refusal(used), /^400 InvalidResourceReference: Resource .*\/backendAddressPools\/pool referenced by/);
});

test('back-references are computed, and left out when there are none', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer({
    inboundNatRules: [natRule('ssh'), natRule('range', rangeOf('pool'))],
    inboundNatPools: [natPool('nats')],
    backendAddressPools: [{ name: 'pool' }, { name: 'idle' }],
  });
  const pool = childId('backendAddressPools', 'pool');
  const ssh = childId('inboundNatRules', 'ssh');
  const nic = await azure.makeNetworkInterface('nic', { pools: [pool], natRules: [ssh] });
  const ipConfiguration = `${nic.id}/ipConfigurations/ipconfig`;
  const { properties } = (await azure.get(balancerId)).body;
  const frontend = at(properties, 'frontendIPConfigurations.0.properties') as Json;
  t.same(ids(frontend.loadBalancingRules), [childId('loadBalancingRules', 'rule')]);
  t.same(ids(frontend.inboundNatRules), [ssh, childId('inboundNatRules', 'range')]);
  t.same(ids(frontend.inboundNatPools), [childId('inboundNatPools', 'nats')]);
  t.notOk('outboundRules' in frontend);
  const shown = at(properties, 'backendAddressPools.0.properties') as Json;
  t.same(ids(shown.backendIPConfigurations), [ipConfiguration]);
  t.same(ids(shown.inboundNatRules), [childId('inboundNatRules', 'range')]);
  t.match(at(shown, 'loadBalancerBackendAddresses.0'), {
    name: guid,
    properties: {
      networkInterfaceIPConfiguration: { id: ipConfiguration },
      inboundNatRulesPortMapping: [{ inboundNatRuleName: 'range', frontendPort: 6000, backendPort: 443 }],
    },
  });
  t.same(Object.keys(at(properties, 'backendAddressPools.1.properties') as Json).sort(), [
    'loadBalancerBackendAddresses',
    'provisioningState',
  ]);
  t.same(at(properties, 'inboundNatRules.0.properties.backendIPConfiguration'), { id: ipConfiguration });
  t.equal(at(properties, 'inboundNatRules.1.properties.frontendPort'), 0);
  t.same(at((await azure.get(publicIPAddressId('ip'))).body, 'properties.ipConfiguration'), {
    id: childId('frontendIPConfigurations', 'frontend'),
  });
  t.same(names((await azure.get(`${balancerId}/networkInterfaces`)).body.value), ['nic']);
  t.same(names((await azure.get(`${nic.id}/loadBalancers`)).body.value), ['lb']);
  const expanded = await azure.get(ssh, { apiVersion: '2024-05-01' });
  t.equal(expanded.status, 200);
  const whole = await azure.get(`${balancerId}?$expand=frontendIPConfigurations/publicIPAddress`);
  t.match(at(whole.body, 'properties.frontendIPConfigurations.0.properties.publicIPAddress'), {
    name: 'ip',
    properties: { ipAddress: /^127\.255\./ },
  });
  const natExpanded = await azure.get(`${ssh}?$expand=backendIPConfiguration`);
  t.match(at(natExpanded.body, 'properties.backendIPConfiguration'), {
    id: ipConfiguration,
    properties: { privateIPAddress: '10.0.0.4' },
  });
});

test('deleting a load balancer frees its frontends’ addresses and takes it off its NICs', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  await azure.made(`${network}/loadBalancers/internal`, internalBalancer());
  await azure.makeNetworkInterface('nic', { pools: [childId('backendAddressPools', 'pool')] });
  const before = (await azure.get(`${network}/networkInterfaces/nic`)).body;
  t.equal(at(before, 'properties.ipConfigurations.0.properties.privateIPAddress'), '10.0.0.5', '.4 is the frontend’s');
  const deleted = await azure.delete(balancerId);
  t.equal(deleted.status, 202);
  t.equal(deleted.text, '');
  t.equal((await azure.get(balancerId)).status, 404);
  const nic = (await azure.get(`${network}/networkInterfaces/nic`)).body;
  t.notOk(at(nic, 'properties.ipConfigurations.0.properties.loadBalancerBackendAddressPools'));
  t.not(nic.etag, before.etag);
  t.notOk(at((await azure.get(publicIPAddressId('ip'))).body, 'properties.ipConfiguration'));
  t.equal((await azure.delete(balancerId)).status, 204);
  await azure.delete(`${network}/loadBalancers/internal`);
  const second = await azure.makeNetworkInterface('second');
  t.equal(at(second, 'properties.ipConfigurations.0.properties.privateIPAddress'), '10.0.0.4');
});

test('internal frontends get the lowest free address of their subnet and keep it', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeNetwork();
  const frontends = (names: string[]) => names.map((name) => internalFrontend(name));
  const addresses = (body: Json): unknown[] =>
    (at(body, 'properties.frontendIPConfigurations') as Json[]).map((one) => at(one, 'properties.privateIPAddress'));
  const put = async (all: Json[]) =>
    addresses(
      await azure.made(balancerId, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { frontendIPConfigurations: all },
      }),
    );
  t.same(await put(frontends(['a', 'b', 'c'])), ['10.0.0.4', '10.0.0.5', '10.0.0.6']);
  t.same(await put(frontends(['a', 'c'])), ['10.0.0.4', '10.0.0.6'], 'nobody moves');
  t.same(await put(frontends(['d', 'a', 'c'])), ['10.0.0.5', '10.0.0.4', '10.0.0.6'], 'the lowest free one again');
  const fixed = internalFrontend('a', { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.100' });
  t.same(await put([fixed, ...frontends(['d'])]), ['10.0.0.100', '10.0.0.5']);
});

test('public IP addresses come from the pool, the lowest free one first', async (t) => {
  const azure = await ArmClient.start(t, { argv: ['--public-ip-pool', '127.200.0.0/29'] });
  await azure.makeGroup();
  const address = async (name: string) => at(await azure.makePublicIPAddress(name), 'properties.ipAddress');
  const [a, b] = [await address('a'), await address('b')];
  t.match(a, /^127\.200\.0\.\d$/);
  t.not(a, b);
  await azure.delete(publicIPAddressId('a'));
  t.equal(await address('c'), a);
});

test('a pool is asked which frontend ports an instance has', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer({ inboundNatRules: [natRule('range', rangeOf('pool'))] });
  const pool = childId('backendAddressPools', 'pool');
  const nic = await azure.makeNetworkInterface('nic', { pools: [pool] });
  const query = (body: Json) => azure.post(`${pool}/queryInboundNatRulePortMapping`, body);
  const expected = [{ inboundNatRuleName: 'range', protocol: 'Tcp', frontendPort: 6000, backendPort: 443 }];
  const byConfiguration = await query({ ipConfiguration: { id: `${nic.id}/ipConfigurations/ipconfig` } });
  t.equal(byConfiguration.status, 200);
  t.same(byConfiguration.body, { inboundNatRulePortMappings: expected });
  t.same((await query({ ipAddress: '10.0.0.4' })).body, { inboundNatRulePortMappings: expected });
  t.same((await query({ ipAddress: '10.0.0.99' })).body, { inboundNatRulePortMappings: [] });
  t.match(
    refusal(await azure.post(`${childId('backendAddressPools', 'x')}/queryInboundNatRulePortMapping`, {})),
    /^404 NotFound: /,
  );
});

test('the health of a rule is asked through a Location, and without a data plane no reason is known', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  const nic = await azure.makeNetworkInterface('nic', { pools: [childId('backendAddressPools', 'pool')] });
  const accepted = await azure.post(`${childId('loadBalancingRules', 'rule')}/health`);
  t.equal(accepted.status, 202);
  t.equal(accepted.text, '');
  const result = await azure.poll(accepted, 'location');
  t.equal(result.status, 200);
  t.same(result.body, {
    up: 0,
    down: 1,
    loadBalancerBackendAddresses: [
      {
        ipAddress: '10.0.0.4',
        networkInterfaceIPConfigurationId: `${nic.id}/ipConfigurations/ipconfig`,
        state: 'Down',
        reason: 'NA',
      },
    ],
  });
  t.equal((await azure.post(`${childId('loadBalancingRules', 'x')}/health`)).status, 404);
});

test('migrateToIpBased turns the NICs of a pool into addresses of the pool', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  const pool = childId('backendAddressPools', 'pool');
  await azure.makeNetworkInterface('nic', { pools: [pool] });
  const migrated = await azure.post(`${balancerId}/migrateToIpBased`, { pools: ['pool'] });
  t.equal(migrated.status, 200);
  t.same(migrated.body, { migratedPools: ['pool'] });
  const { properties } = (await azure.get(pool)).body;
  t.notOk('backendIPConfigurations' in (properties as Json));
  t.match(at(properties, 'loadBalancerBackendAddresses.0.properties'), {
    ipAddress: '10.0.0.4',
    virtualNetwork: { id: `${network}/virtualNetworks/vnet` },
  });
  const nic = (await azure.get(`${network}/networkInterfaces/nic`)).body;
  t.notOk(at(nic, 'properties.ipConfigurations.0.properties.loadBalancerBackendAddressPools'));
  t.equal((await azure.post(`${balancerId}/migrateToIpBased`, { pools: ['x'] })).status, 404);
});

test('two frontends exchange their public IP addresses in one request', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer();
  await azure.makePublicIPAddress('ip2');
  const second = `${network}/loadBalancers/second`;
  await azure.made(second, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { frontendIPConfigurations: [publicFrontend('other', 'ip2')] },
  });
  const frontends = [childId('frontendIPConfigurations', 'frontend'), `${second}/frontendIPConfigurations/other`];
  const swap = (wanted: string[]) =>
    azure.post(
      `/subscriptions/${balancerId.split('/')[2]}/providers/Microsoft.Network/locations/westeurope/setLoadBalancerFrontendPublicIpAddresses`,
      {
        frontendIPConfigurations: frontends.map((id, index) => ({
          id,
          properties: { publicIPAddress: { id: publicIPAddressId(wanted[index] as string) } },
        })),
      },
    );
  const accepted = await swap(['ip2', 'ip']);
  t.equal(accepted.status, 202);
  t.equal((await azure.poll(accepted, 'location')).status, 204);
  t.same(at((await azure.get(frontends[0] as string)).body, 'properties.publicIPAddress'), {
    id: publicIPAddressId('ip2'),
  });
  t.same(at((await azure.get(frontends[1] as string)).body, 'properties.publicIPAddress'), {
    id: publicIPAddressId('ip'),
  });
  for (const [index, name] of ['ip2', 'ip'].entries()) {
    t.same(at((await azure.get(publicIPAddressId(name))).body, 'properties.ipConfiguration'), { id: frontends[index] });
  }
  t.match(refusal(await swap(['none', 'ip'])), /^400 InvalidResourceReference: /);
  t.match(refusal(await swap(['ip2', 'ip2'])), /^400 /, 'one address cannot be on two frontends');
});

test('If-Match writes only what the client has seen, and If-None-Match only what is not there', async (t) => {
  const azure = await ArmClient.start(t);
  const made = await azure.makeLoadBalancer();
  const put = (headers: Record<string, string>, path = balancerId) => azure.put(path, loadBalancer(), { headers });
  const wrong = await put({ 'if-match': 'invalid' });
  t.equal(wrong.status, 412);
  t.same(wrong.body, {
    error: {
      code: 'PreconditionFailed',
      message: 'Precondition failed.',
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header W/"invalid" does not match etag ${made.etag} of resource ${balancerId} in NRP data store.`,
        },
      ],
    },
  });
  const etag = String(made.etag);
  for (const given of [etag, etag.slice(2), '*']) t.equal((await put({ 'if-match': given })).status, 200, given);
  t.equal((await put({ 'if-match': etag }, `${network}/loadBalancers/none`)).status, 412);
  t.equal((await put({ 'if-match': '*' }, `${network}/loadBalancers/none`)).status, 412);
  t.equal((await put({ 'if-none-match': '*' })).status, 412);
  const child = await azure.put(childId('backendAddressPools', 'p'), {}, { headers: { 'if-match': 'W/"x"' } });
  t.equal(child.status, 412);
  t.equal((await azure.delete(balancerId, { headers: { 'if-match': 'W/"x"' } })).status, 412);
  t.equal((await azure.get(balancerId)).body.etag, etag, 'nothing of it was done');
  t.equal((await azure.delete(balancerId, { headers: { 'if-match': etag } })).status, 202);
  t.equal((await put({ 'if-none-match': '*' })).status, 201);
});

test('PATCH replaces the tags, at once', async (t) => {
  const azure = await ArmClient.start(t);
  const made = await azure.makeLoadBalancer();
  const patched = await azure.patch(balancerId, { tags: { a: '1', B: '2' } });
  t.equal(patched.status, 200);
  t.same(patched.body, {
    ...made,
    etag: patched.body.etag,
    tags: { a: '1', B: '2' },
    properties: patched.body.properties,
  });
  t.not(patched.body.etag, made.etag);
  t.equal(patched.headers['azure-asyncnotification'], 'Enabled');
  t.notOk('azure-asyncoperation' in patched.headers);
  t.same((await azure.patch(balancerId, { Tags: { c: '3' } })).body.tags, { c: '3' }, 'member names in any casing');
  t.same((await azure.get(balancerId)).body.tags, { c: '3' });
  t.same((await azure.patch(balancerId, { tags: {} })).body.tags, {});
  for (const tags of ['text', { a: 1 }, ['x']]) {
    const answer = await azure.patch(balancerId, { tags });
    t.match(
      refusal(answer),
      /^400 InvalidRequestFormat: Cannot parse the request\.\n {2}InvalidJson: /,
      JSON.stringify(tags),
    );
  }
  t.equal((await azure.patch(`${network}/loadBalancers/none`, { tags: {} })).status, 404);
});

test('a member is shown from its api-version on, whatever version wrote it', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeLoadBalancer({ inboundNatRules: [natRule('range', rangeOf('pool'))] });
  const arrivals: [string, string, string][] = [
    ['properties.probes.0.properties.probeThreshold', '2021-08-01', '2022-01-01'],
    ['properties.probes.0.properties.noHealthyBackendsBehavior', '2023-11-01', '2024-03-01'],
    ['properties.backendAddressPools.0.properties.loadBalancerBackendAddresses', '2020-03-01', '2020-04-01'],
    ['properties.backendAddressPools.0.properties.inboundNatRules', '2021-03-01', '2021-05-01'],
    ['properties.loadBalancingRules.0.properties.enableTcpReset', '2018-06-01', '2018-07-01'],
    ['properties.loadBalancingRules.0.properties.disableOutboundSnat', '2017-06-01', '2017-08-01'],
    ['properties.loadBalancingRules.0.properties.backendAddressPools', '2021-01-01', '2021-02-01'],
    ['properties.loadBalancingRules.0.properties.enableDestinationServiceEndpoint', '2017-10-01', '2017-11-01'],
    ['properties.loadBalancingRules.0.properties.allowBackendPortConflict', '2018-10-01', '2018-11-01'],
    ['properties.inboundNatRules.0.properties.frontendPortRangeStart', '2021-02-01', '2021-03-01'],
    ['properties.outboundRules', '2018-06-01', '2018-07-01'],
    ['sku', '2017-06-01', '2017-08-01'],
  ];
  for (const [path, before, since] of arrivals) {
    const shown = async (apiVersion: string) => at((await azure.get(balancerId, { apiVersion })).body, path);
    t.equal(await shown(before), undefined, `${path} before ${since}`);
    t.not(await shown(since), undefined, `${path} at ${since}`);
  }
  const old = (await azure.get(balancerId, { apiVersion: '2017-10-01' })).body.properties as Json;
  t.same(old.outboundNatRules, [], 'outbound rules under their first name');
});
