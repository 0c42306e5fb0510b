import { test } from 'tap';
import * as arm from './arm-client.js';

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
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const created = await azure.put(
    arm.balancerId,
    arm.loadBalancer({}, { location: 'West Europe', tags: { Owner: 'me' } }),
  );
  t.equal(created.status, 201);
  const { etag } = created.body;
  t.match(etag, weakEtag);
  const resourceGuid = arm.at(created.body, 'properties.resourceGuid');
  t.match(resourceGuid, guid);
  const child = (collection: string, name: string) => ({ name, id: arm.childId(collection, name), etag });
  const ruleReference = { id: arm.childId('loadBalancingRules', 'rule') };
  const expected = {
    name: 'lb',
    id: arm.balancerId,
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
            publicIPAddress: { id: arm.publicIPAddressId('ip') },
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
            frontendIPConfiguration: { id: arm.childId('frontendIPConfigurations', 'frontend') },
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
            backendAddressPool: { id: arm.childId('backendAddressPools', 'pool') },
            backendAddressPools: [{ id: arm.childId('backendAddressPools', 'pool') }],
            probe: { id: arm.childId('probes', 'probe') },
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
  const got = await azure.get(arm.balancerId);
  t.equal(got.status, 200);
  t.equal(got.text, created.text);
  t.equal(got.headers.etag, etag);

  const updated = await azure.put(arm.balancerId, arm.loadBalancer({ probes: [arm.probe('probe', { port: 81 })] }));
  t.equal(updated.status, 200);
  t.equal(arm.at(updated.body, 'properties.probes.0.properties.port'), 81);
  t.not(updated.body.etag, etag, 'a change makes a new etag');
  t.equal(arm.at(updated.body, 'properties.resourceGuid'), resourceGuid, 'resourceGuid is for life');
  t.notOk('tags' in updated.body, 'tags that a PUT leaves out are gone');
});

test('one etag holds for the balancer and all its children, and a PUT that changes nothing keeps it', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const made = await azure.makeLoadBalancer({ inboundNatRules: [arm.natRule('ssh')] });
  const etags = new Set(etagsIn(made));
  t.equal(etags.size, 1);
  const again = await azure.put(arm.balancerId, arm.loadBalancer({ inboundNatRules: [arm.natRule('ssh')] }));
  t.equal(again.body.etag, made.etag);
  const written = await azure.put(arm.childId('backendAddressPools', 'second'), { properties: {} });
  t.equal(written.status, 201);
  const after = (await azure.get(arm.balancerId)).body;
  t.not(after.etag, made.etag);
  t.same([...new Set(etagsIn(after))], [written.body.etag]);
  t.equal((await azure.get(arm.childId('probes', 'probe'))).headers.etag, after.etag);
  await azure.makeNetworkInterface('nic', { pools: [arm.childId('backendAddressPools', 'pool')] });
  t.not((await azure.get(arm.balancerId)).body.etag, after.etag, 'a NIC that joins a pool changes the balancer');
});

test('everything the service fills in may be sent back: nothing changes, the etag neither', async (t) => {
  const azure = await arm.ArmClient.start(t);
  for (const apiVersion of ['2025-05-01', '2024-01-01', '2022-05-01', '2021-03-01', '2018-11-01', '2017-10-01']) {
    await azure.reset();
    await azure.makeGroup();
    const make = (type: string, name: string, body: arm.Json) =>
      azure.made(`${arm.network}/${type}/${name}`, body, { apiVersion });
    const pools = [arm.childId('backendAddressPools', 'pool')];
    await make('networkSecurityGroups', 'nsg', securityGroup());
    await make('virtualNetworks', 'vnet', arm.virtualNetwork());
    await make('publicIPAddresses', 'ip', arm.publicIPAddress());
    const prefixes = apiVersion < '2018-07-01' ? [] : ['publicIPPrefixes/prefix'];
    if (prefixes.length > 0) await make('publicIPPrefixes', 'prefix', prefix());
    const ranges = apiVersion < '2021-03-01' ? [] : [arm.natRule('range', rangeOf('pool'))];
    const inboundNatRules = [arm.natRule('ssh'), ...ranges];
    await make('loadBalancers', 'lb', arm.loadBalancer({ inboundNatRules, inboundNatPools: [natPool('nats')] }));
    await make('loadBalancers', 'internal', internalBalancer());
    await make(
      'networkInterfaces',
      'nic',
      arm.networkInterface({ pools, natRules: [arm.childId('inboundNatRules', 'ssh')] }),
    );
    const balancers = ['loadBalancers/lb', 'loadBalancers/internal'];
    const all = [...balancers, 'publicIPAddresses/ip', 'virtualNetworks/vnet', 'networkInterfaces/nic'];
    for (const path of [...all, 'networkSecurityGroups/nsg', ...prefixes]) {
      const before = await azure.get(`${arm.network}/${path}`, { apiVersion });
      const written = await azure.put(`${arm.network}/${path}`, before.body, { apiVersion });
      t.equal(written.status, 200, arm.refusal(written));
      t.equal(written.text, before.text, `${path} at ${apiVersion}`);
      t.equal((await azure.get(`${arm.network}/${path}`, { apiVersion })).text, before.text);
    }
  }
});

const internalBalancer = (): arm.Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { frontendIPConfigurations: [arm.internalFrontend('inside')] },
});

const rangeOf = (pool: string): arm.Json => ({
  frontendPort: undefined,
  frontendPortRangeStart: 6000,
  frontendPortRangeEnd: 6009,
  backendPort: 443,
  backendAddressPool: { id: arm.childId('backendAddressPools', pool) },
});

const natPool = (name: string): arm.Json => ({
  name,
  properties: {
    protocol: 'Tcp',
    frontendPortRangeStart: 7000,
    frontendPortRangeEnd: 7009,
    backendPort: 3389,
    frontendIPConfiguration: { id: arm.childId('frontendIPConfigurations', 'frontend') },
  },
});

const securityGroup = (): arm.Json => ({
  location: 'westeurope',
  properties: {
    securityRules: [{ name: 'web', properties: arm.inboundRule('80') }],
  },
});

const prefix = (): arm.Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { prefixLength: 30 },
});

test('a body is read in any casing and answered in Azure’s', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const shout = (id: string) => id.toUpperCase();
  const answer = await azure.put(arm.balancerId, {
    Location: 'WestEurope',
    SKU: { Name: 'standard', TIER: 'regional' },
    Properties: {
      FRONTENDIPCONFIGURATIONS: [
        { Name: 'frontend', Properties: { publicIpAddress: { ID: shout(arm.publicIPAddressId('ip')) } } },
      ],
      backendaddresspools: [{ NAME: 'pool' }],
      Probes: [{ name: 'probe', properties: { Protocol: 'HTTP', Port: 80, RequestPath: '/' } }],
      LoadBalancingRules: [
        arm.rule('rule', {
          protocol: 'UDP',
          loadDistribution: 'sourceIp',
          frontendIPConfiguration: { id: shout(arm.childId('frontendIPConfigurations', 'frontend')) },
          probe: { id: arm.childId('Probes', 'PROBE') },
        }),
      ],
    },
  });
  t.equal(answer.status, 200, arm.refusal(answer));
  t.match(answer.body, {
    location: 'westeurope',
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      frontendIPConfigurations: [{ properties: { publicIPAddress: { id: arm.publicIPAddressId('ip') } } }],
      probes: [{ properties: { protocol: 'Http' } }],
      loadBalancingRules: [
        {
          properties: {
            protocol: 'Udp',
            loadDistribution: 'SourceIP',
            frontendIPConfiguration: { id: arm.childId('frontendIPConfigurations', 'frontend') },
            probe: { id: arm.childId('probes', 'probe') },
          },
        },
      ],
    },
  });
  const frontend = {
    Subnet: { Id: shout(arm.subnetId) },
    privateIpAllocationMethod: 'static',
    PrivateIPAddress: '10.0.0.9',
  };
  const internal = await azure.put(`${arm.network}/loadBalancers/internal`, {
    ...internalBalancer(),
    properties: { frontendIPConfigurations: [{ name: 'inside', properties: frontend }] },
  });
  t.match(arm.at(internal.body, 'properties.frontendIPConfigurations'), [
    { properties: { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.9', subnet: { id: arm.subnetId } } },
  ]);
});

test('ids are found in any casing and shown as first created', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const shouted = arm.balancerId.toUpperCase();
  for (const path of [
    shouted,
    arm.balancerId.toLowerCase(),
    arm.balancerId.replace('resourceGroups', 'resourcegroups'),
  ]) {
    t.equal((await azure.get(path)).body.id, arm.balancerId, path);
  }
  const updated = await azure.put(shouted, arm.loadBalancer());
  t.equal(updated.status, 200);
  t.equal(updated.body.id, arm.balancerId);
  t.equal(updated.body.name, 'lb');
  t.equal((await azure.get(`${shouted}/PROBES/PROBE`)).body.id, arm.childId('probes', 'probe'));
  t.equal(
    (await azure.put(`${shouted}/BACKENDADDRESSPOOLS/POOL`, {})).body.id,
    arm.childId('backendAddressPools', 'pool'),
  );
  const made = await azure.made(`${arm.group.toUpperCase()}/providers/microsoft.network/LOADBALANCERS/Second`, {
    location: 'westeurope',
  });
  t.equal(made.id, `${arm.network}/loadBalancers/Second`, 'the group as it was created, the type as Azure spells it');
  t.equal(made.type, 'Microsoft.Network/loadBalancers');
});

test('each of the seven child collections is listed, and each child has its own path', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const made = await azure.makeLoadBalancer({
    inboundNatRules: [arm.natRule('ssh')],
    outboundRules: [
      {
        name: 'out',
        properties: {
          protocol: 'Tcp',
          frontendIPConfigurations: [{ id: arm.childId('frontendIPConfigurations', 'frontend') }],
          backendAddressPool: { id: arm.childId('backendAddressPools', 'pool') },
        },
      },
    ],
    loadBalancingRules: [arm.rule('rule', { disableOutboundSnat: true })],
  });
  const present = { frontendIPConfigurations: 'frontend', backendAddressPools: 'pool', loadBalancingRules: 'rule' };
  for (const [collection, name] of Object.entries({
    ...present,
    probes: 'probe',
    inboundNatRules: 'ssh',
    outboundRules: 'out',
  })) {
    const list = await azure.get(`${arm.balancerId}/${collection}`);
    t.equal(list.status, 200, collection);
    t.same(list.body, { value: arm.at(made, `properties.${collection}`) });
    t.notOk('etag' in list.headers, 'lists have no ETag');
    const one = await azure.get(arm.childId(collection, name));
    t.same(one.body, arm.at(made, `properties.${collection}.0`));
    t.equal(one.headers.etag, made.etag);
    const missing = await azure.get(arm.childId(collection, 'x'));
    t.equal(arm.refusal(missing), `404 NotFound: Resource ${arm.childId(collection, 'x')} not found.`);
    t.same(arm.at(missing.body, 'error.details'), []);
  }
  t.same(
    (await azure.get(arm.childId('outboundRules', 'out'))).body.properties,
    {
      provisioningState: 'Succeeded',
      allocatedOutboundPorts: 1024,
      protocol: 'Tcp',
      enableTcpReset: false,
      idleTimeoutInMinutes: 4,
      allocationPolicy: { onDemandAllocation: false, portReuse: 'FirstAvailable' },
      backendAddressPool: { id: arm.childId('backendAddressPools', 'pool') },
      frontendIPConfigurations: [{ id: arm.childId('frontendIPConfigurations', 'frontend') }],
    },
    'an outbound rule shows how its ports are given out, which no model of Azure names',
  );
  t.same((await azure.get(`${arm.balancerId}/networkInterfaces`)).body, { value: [] });
  const pools = await azure.get(`${arm.balancerId}/inboundNatPools`);
  t.equal(pools.status, 404, 'inbound NAT pools have no path of their own');
  for (const collection of ['frontendIPConfigurations', 'loadBalancingRules', 'probes', 'outboundRules']) {
    const written = await azure.put(arm.childId(collection, 'new'), {});
    t.ok(written.status === 404 || written.status === 405, `${collection} are written through the balancer only`);
  }
});

test('backend pools and inbound NAT rules are created, changed and deleted on their own paths', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const pool = arm.childId('backendAddressPools', 'second');
  const created = await azure.put(pool, { name: 'second' });
  t.equal(created.status, 201);
  t.same(created.body.properties, { provisioningState: 'Succeeded', loadBalancerBackendAddresses: [] });
  t.match(created.headers, { 'azure-asyncoperation': /^http:.*operations/, 'azure-asyncnotification': 'Enabled' });
  const address = {
    name: 'a',
    properties: { ipAddress: '10.0.0.7', virtualNetwork: { id: `${arm.network}/virtualNetworks/vnet` } },
  };
  const changed = await azure.put(pool, { properties: { loadBalancerBackendAddresses: [address] } });
  t.equal(changed.status, 200);
  t.match(arm.at(changed.body, 'properties.loadBalancerBackendAddresses.0'), {
    name: 'a',
    id: `${pool}/loadBalancerBackendAddresses/a`,
    etag: changed.body.etag,
    type: 'Microsoft.Network/loadBalancers/backendAddressPools/loadBalancerBackendAddresses',
    properties: { provisioningState: 'Succeeded', ipAddress: '10.0.0.7', inboundNatRulesPortMapping: [] },
  });
  const nat = arm.childId('inboundNatRules', 'ssh');
  t.equal((await azure.put(nat, arm.natRule('ssh'))).status, 201);
  t.equal((await azure.put(nat, arm.natRule('ssh', { backendPort: 23 }))).status, 200);
  t.match((await azure.get(nat)).body.properties, { frontendPort: 5000, backendPort: 23, protocol: 'Tcp' });
  t.same(names(arm.at((await azure.get(arm.balancerId)).body, 'properties.backendAddressPools')), ['pool', 'second']);
  for (const path of [pool, nat]) {
    const deleted = await azure.delete(path);
    t.equal(deleted.status, 202);
    t.match(deleted.headers, { 'azure-asyncoperation': /\/operations\//, location: /\/operationResults\// });
    t.equal((await azure.get(path)).status, 404);
    t.equal((await azure.delete(path)).status, 204, 'there is none any more');
    t.equal((await azure.poll(deleted, 'location')).status, 204);
    t.same((await azure.poll(deleted)).body, { status: 'Succeeded' });
  }
  const orphan = await azure.put(`${arm.network}/loadBalancers/none/backendAddressPools/p`, {});
  t.match(arm.refusal(orphan), /^404 ResourceNotFound: The Resource 'Microsoft.Network\/loadBalancers\/none' under/);
  const used = await azure.delete(arm.childId('backendAddressPools', 'pool'));
  t.match(arm.refusal(used), /^400 InvalidResourceReference: Resource .*\/backendAddressPools\/pool referenced by/);
});

test('back-references are computed, and left out when there are none', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer({
    inboundNatRules: [arm.natRule('ssh'), arm.natRule('range', rangeOf('pool'))],
    inboundNatPools: [natPool('nats')],
    backendAddressPools: [{ name: 'pool' }, { name: 'idle' }],
  });
  const pool = arm.childId('backendAddressPools', 'pool');
  const ssh = arm.childId('inboundNatRules', 'ssh');
  const nic = await azure.makeNetworkInterface('nic', { pools: [pool], natRules: [ssh] });
  const ipConfiguration = `${nic.id}/ipConfigurations/ipconfig`;
  const { properties } = (await azure.get(arm.balancerId)).body;
  const frontend = arm.at(properties, 'frontendIPConfigurations.0.properties') as arm.Json;
  t.same(ids(frontend.loadBalancingRules), [arm.childId('loadBalancingRules', 'rule')]);
  t.same(ids(frontend.inboundNatRules), [ssh, arm.childId('inboundNatRules', 'range')]);
  t.same(ids(frontend.inboundNatPools), [arm.childId('inboundNatPools', 'nats')]);
  t.notOk('outboundRules' in frontend);
  const shown = arm.at(properties, 'backendAddressPools.0.properties') as arm.Json;
  t.same(ids(shown.backendIPConfigurations), [ipConfiguration]);
  t.same(ids(shown.inboundNatRules), [arm.childId('inboundNatRules', 'range')]);
  t.match(arm.at(shown, 'loadBalancerBackendAddresses.0'), {
    name: guid,
    properties: {
      networkInterfaceIPConfiguration: { id: ipConfiguration },
      inboundNatRulesPortMapping: [{ inboundNatRuleName: 'range', frontendPort: 6000, backendPort: 443 }],
    },
  });
  t.same(Object.keys(arm.at(properties, 'backendAddressPools.1.properties') as arm.Json).sort(), [
    'loadBalancerBackendAddresses',
    'provisioningState',
  ]);
  t.same(arm.at(properties, 'inboundNatRules.0.properties.backendIPConfiguration'), { id: ipConfiguration });
  t.equal(arm.at(properties, 'inboundNatRules.1.properties.frontendPort'), 0);
  t.same(arm.at((await azure.get(arm.publicIPAddressId('ip'))).body, 'properties.ipConfiguration'), {
    id: arm.childId('frontendIPConfigurations', 'frontend'),
  });
  t.same(names((await azure.get(`${arm.balancerId}/networkInterfaces`)).body.value), ['nic']);
  t.same(names((await azure.get(`${nic.id}/loadBalancers`)).body.value), ['lb']);
  const expanded = await azure.get(ssh, { apiVersion: '2024-05-01' });
  t.equal(expanded.status, 200);
  const whole = await azure.get(`${arm.balancerId}?$expand=frontendIPConfigurations/publicIPAddress`);
  t.match(arm.at(whole.body, 'properties.frontendIPConfigurations.0.properties.publicIPAddress'), {
    name: 'ip',
    properties: { ipAddress: /^127\.255\./ },
  });
  const natExpanded = await azure.get(`${ssh}?$expand=backendIPConfiguration`);
  t.match(arm.at(natExpanded.body, 'properties.backendIPConfiguration'), {
    id: ipConfiguration,
    properties: { privateIPAddress: '10.0.0.4' },
  });
});

test('deleting a load balancer frees its frontends’ addresses and takes it off its NICs', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  await azure.made(`${arm.network}/loadBalancers/internal`, internalBalancer());
  await azure.makeNetworkInterface('nic', { pools: [arm.childId('backendAddressPools', 'pool')] });
  const before = (await azure.get(`${arm.network}/networkInterfaces/nic`)).body;
  t.equal(
    arm.at(before, 'properties.ipConfigurations.0.properties.privateIPAddress'),
    '10.0.0.5',
    '.4 is the frontend’s',
  );
  const deleted = await azure.delete(arm.balancerId);
  t.equal(deleted.status, 202);
  t.equal(deleted.text, '');
  t.equal((await azure.get(arm.balancerId)).status, 404);
  const nic = (await azure.get(`${arm.network}/networkInterfaces/nic`)).body;
  t.notOk(arm.at(nic, 'properties.ipConfigurations.0.properties.loadBalancerBackendAddressPools'));
  t.not(nic.etag, before.etag);
  t.notOk(arm.at((await azure.get(arm.publicIPAddressId('ip'))).body, 'properties.ipConfiguration'));
  t.equal((await azure.delete(arm.balancerId)).status, 204);
  await azure.delete(`${arm.network}/loadBalancers/internal`);
  const second = await azure.makeNetworkInterface('second');
  t.equal(arm.at(second, 'properties.ipConfigurations.0.properties.privateIPAddress'), '10.0.0.4');
});

test('internal frontends get the lowest free address of their subnet and keep it', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  const frontends = (names: string[]) => names.map((name) => arm.internalFrontend(name));
  const addresses = (body: arm.Json): unknown[] =>
    (arm.at(body, 'properties.frontendIPConfigurations') as arm.Json[]).map((one) =>
      arm.at(one, 'properties.privateIPAddress'),
    );
  const put = async (all: arm.Json[]) =>
    addresses(
      await azure.made(arm.balancerId, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { frontendIPConfigurations: all },
      }),
    );
  t.same(await put(frontends(['a', 'b', 'c'])), ['10.0.0.4', '10.0.0.5', '10.0.0.6']);
  t.same(await put(frontends(['a', 'c'])), ['10.0.0.4', '10.0.0.6'], 'nobody moves');
  t.same(await put(frontends(['d', 'a', 'c'])), ['10.0.0.5', '10.0.0.4', '10.0.0.6'], 'the lowest free one again');
  const fixed = arm.internalFrontend('a', { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.100' });
  t.same(await put([fixed, ...frontends(['d'])]), ['10.0.0.100', '10.0.0.5']);
});

test('public IP addresses come from the pool, the lowest free one first', async (t) => {
  const azure = await arm.ArmClient.start(t, { argv: ['--public-ip-pool', '127.200.0.0/29'] });
  await azure.makeGroup();
  const address = async (name: string) => arm.at(await azure.makePublicIPAddress(name), 'properties.ipAddress');
  const [a, b] = [await address('a'), await address('b')];
  t.match(a, /^127\.200\.0\.\d$/);
  t.not(a, b);
  await azure.delete(arm.publicIPAddressId('a'));
  t.equal(await address('c'), a);
});

test('a pool is asked which frontend ports an instance has', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer({ inboundNatRules: [arm.natRule('range', rangeOf('pool'))] });
  const pool = arm.childId('backendAddressPools', 'pool');
  const nic = await azure.makeNetworkInterface('nic', { pools: [pool] });
  const query = (body: arm.Json) => azure.post(`${pool}/queryInboundNatRulePortMapping`, body);
  const expected = [{ inboundNatRuleName: 'range', protocol: 'Tcp', frontendPort: 6000, backendPort: 443 }];
  const byConfiguration = await query({ ipConfiguration: { id: `${nic.id}/ipConfigurations/ipconfig` } });
  t.equal(byConfiguration.status, 200);
  t.same(byConfiguration.body, { inboundNatRulePortMappings: expected });
  t.same((await query({ ipAddress: '10.0.0.4' })).body, { inboundNatRulePortMappings: expected });
  t.same((await query({ ipAddress: '10.0.0.99' })).body, { inboundNatRulePortMappings: [] });
  t.match(
    arm.refusal(await azure.post(`${arm.childId('backendAddressPools', 'x')}/queryInboundNatRulePortMapping`, {})),
    /^404 NotFound: /,
  );
});

test('the health of a rule is asked through a Location, and without a data plane no reason is known', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const nic = await azure.makeNetworkInterface('nic', { pools: [arm.childId('backendAddressPools', 'pool')] });
  const accepted = await azure.post(`${arm.childId('loadBalancingRules', 'rule')}/health`);
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
  t.equal((await azure.post(`${arm.childId('loadBalancingRules', 'x')}/health`)).status, 404);
});

test('migrateToIpBased turns the NICs of a pool into addresses of the pool', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  const pool = arm.childId('backendAddressPools', 'pool');
  await azure.makeNetworkInterface('nic', { pools: [pool] });
  const migrated = await azure.post(`${arm.balancerId}/migrateToIpBased`, { pools: ['pool'] });
  t.equal(migrated.status, 200);
  t.same(migrated.body, { migratedPools: ['pool'] });
  const { properties } = (await azure.get(pool)).body;
  t.notOk('backendIPConfigurations' in (properties as arm.Json));
  t.match(arm.at(properties, 'loadBalancerBackendAddresses.0.properties'), {
    ipAddress: '10.0.0.4',
    virtualNetwork: { id: `${arm.network}/virtualNetworks/vnet` },
  });
  const nic = (await azure.get(`${arm.network}/networkInterfaces/nic`)).body;
  t.notOk(arm.at(nic, 'properties.ipConfigurations.0.properties.loadBalancerBackendAddressPools'));
  t.equal((await azure.post(`${arm.balancerId}/migrateToIpBased`, { pools: ['x'] })).status, 404);
});

test('two frontends exchange their public IP addresses in one request', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer();
  await azure.makePublicIPAddress('ip2');
  const second = `${arm.network}/loadBalancers/second`;
  await azure.made(second, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { frontendIPConfigurations: [arm.publicFrontend('other', 'ip2')] },
  });
  const frontends = [arm.childId('frontendIPConfigurations', 'frontend'), `${second}/frontendIPConfigurations/other`];
  const swap = (wanted: string[]) =>
    azure.post(
      `/subscriptions/${arm.balancerId.split('/')[2]}/providers/Microsoft.Network/locations/westeurope/setLoadBalancerFrontendPublicIpAddresses`,
      {
        frontendIPConfigurations: frontends.map((id, index) => ({
          id,
          properties: { publicIPAddress: { id: arm.publicIPAddressId(wanted[index] as string) } },
        })),
      },
    );
  const accepted = await swap(['ip2', 'ip']);
  t.equal(accepted.status, 202);
  t.equal((await azure.poll(accepted, 'location')).status, 204);
  t.same(arm.at((await azure.get(frontends[0] as string)).body, 'properties.publicIPAddress'), {
    id: arm.publicIPAddressId('ip2'),
  });
  t.same(arm.at((await azure.get(frontends[1] as string)).body, 'properties.publicIPAddress'), {
    id: arm.publicIPAddressId('ip'),
  });
  for (const [index, name] of ['ip2', 'ip'].entries()) {
    t.same(arm.at((await azure.get(arm.publicIPAddressId(name))).body, 'properties.ipConfiguration'), {
      id: frontends[index],
    });
  }
  t.match(arm.refusal(await swap(['none', 'ip'])), /^400 InvalidResourceReference: /);
  t.match(arm.refusal(await swap(['ip2', 'ip2'])), /^400 /, 'one address cannot be on two frontends');
});

test('If-Match writes only what the client has seen, and If-None-Match only what is not there', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const made = await azure.makeLoadBalancer();
  const put = (headers: Record<string, string>, path = arm.balancerId) =>
    azure.put(path, arm.loadBalancer(), { headers });
  const wrong = await put({ 'if-match': 'invalid' });
  t.equal(wrong.status, 412);
  t.same(wrong.body, {
    error: {
      code: 'PreconditionFailed',
      message: 'Precondition failed.',
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header W/"invalid" does not match etag ${made.etag} of resource ${arm.balancerId} in NRP data store.`,
        },
      ],
    },
  });
  const etag = String(made.etag);
  for (const given of [etag, etag.slice(2), '*']) t.equal((await put({ 'if-match': given })).status, 200, given);
  t.equal((await put({ 'if-match': etag }, `${arm.network}/loadBalancers/none`)).status, 412);
  t.equal((await put({ 'if-match': '*' }, `${arm.network}/loadBalancers/none`)).status, 412);
  t.equal((await put({ 'if-none-match': '*' })).status, 412);
  const child = await azure.put(arm.childId('backendAddressPools', 'p'), {}, { headers: { 'if-match': 'W/"x"' } });
  t.equal(child.status, 412);
  t.equal((await azure.delete(arm.balancerId, { headers: { 'if-match': 'W/"x"' } })).status, 412);
  t.equal((await azure.get(arm.balancerId)).body.etag, etag, 'nothing of it was done');
  t.equal((await azure.delete(arm.balancerId, { headers: { 'if-match': etag } })).status, 202);
  t.equal((await put({ 'if-none-match': '*' })).status, 201);
});

test('PATCH replaces the tags, at once', async (t) => {
  const azure = await arm.ArmClient.start(t);
  const made = await azure.makeLoadBalancer();
  const patched = await azure.patch(arm.balancerId, { tags: { a: '1', B: '2' } });
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
  t.same((await azure.patch(arm.balancerId, { Tags: { c: '3' } })).body.tags, { c: '3' }, 'member names in any casing');
  t.same((await azure.get(arm.balancerId)).body.tags, { c: '3' });
  t.same((await azure.patch(arm.balancerId, { tags: {} })).body.tags, {});
  for (const tags of ['text', { a: 1 }, ['x']]) {
    const answer = await azure.patch(arm.balancerId, { tags });
    t.match(
      arm.refusal(answer),
      /^400 InvalidRequestFormat: Cannot parse the request\.\n {2}InvalidJson: /,
      JSON.stringify(tags),
    );
  }
  t.equal((await azure.patch(`${arm.network}/loadBalancers/none`, { tags: {} })).status, 404);
});

test('a member is shown from its api-version on, whatever version wrote it', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeLoadBalancer({ inboundNatRules: [arm.natRule('range', rangeOf('pool'))] });
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
    const shown = async (apiVersion: string) => arm.at((await azure.get(arm.balancerId, { apiVersion })).body, path);
    t.equal(await shown(before), undefined, `${path} before ${since}`);
    t.not(await shown(since), undefined, `${path} at ${since}`);
  }
  const old = (await azure.get(arm.balancerId, { apiVersion: '2017-10-01' })).body.properties as arm.Json;
  t.same(old.outboundNatRules, [], 'outbound rules under their first name');
});
