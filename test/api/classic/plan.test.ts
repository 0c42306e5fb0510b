import t from 'tap';
import {
  canonicalCidr,
  lowestFreeAddress,
  privateAddressesOf,
  publicAddressesOf,
} from '../../../src/resources/Microsoft.ClassicCompute/addresses.js';
import { setPower } from '../../../src/resources/Microsoft.ClassicCompute/deployments.js';
import { updateLoadBalancedSets } from '../../../src/resources/Microsoft.ClassicCompute/load-balanced-sets.js';
import type { AclRule, InputEndpointRequest } from '../../../src/resources/Microsoft.ClassicCompute/types.js';
import { addRole, deleteRole, updateRole } from '../../../src/resources/Microsoft.ClassicCompute/vm-roles.js';
import { parseIpv4Prefix } from '../../../src/support/ip-address.js';
import { deploymentWith, modelContext, planOf, roleRequestOf, serviceWith, startedMembers } from './model.js';

const set = (name: string, change: InputEndpointRequest): InputEndpointRequest => ({
  LoadBalancedEndpointSetName: name,
  Name: name,
  Protocol: 'tcp',
  LocalPort: change.Port,
  ...change,
});

t.test('a Remote Desktop Gateway: TCP 443 and UDP 3391 of one client meet on one machine under 2-tuple', async (t) => {
  const gateway = [
    set('rdg-tcp', {
      Port: 443,
      LoadBalancerDistribution: 'sourceIP',
      LoadBalancerProbe: { Port: 443, Protocol: 'tcp' },
    }),
    set('rdg-udp', {
      Port: 3391,
      Protocol: 'udp',
      LoadBalancerDistribution: 'sourceIP',
      LoadBalancerProbe: { Port: 443, Protocol: 'tcp' },
    }),
  ];
  const { frontends, probes } = planOf(
    serviceWith(deploymentWith({ roles: { gw1: gateway, gw2: gateway, gw3: gateway } })),
  );
  t.match(frontends, [
    { transport: 'tcp', port: 443, azureAddress: '127.255.0.1', rule: { distribution: 'SourceIP' } },
    { transport: 'udp', port: 3391, azureAddress: '127.255.0.1', rule: { distribution: 'SourceIP' } },
  ]);
  const keys = frontends.map(({ rule }) => rule.members.map(({ key }) => key));
  t.same(keys[0], ['10.64.0.4', '10.64.0.5', '10.64.0.6']);
  t.same(keys[1], keys[0], 'both rules know the machines by the same keys, in the same order');
  t.equal(probes.length, 6);
  t.match(probes[0], {
    key: /lbsets\/rdg-tcp\/probe\|10\.64\.0\.4$/,
    protocol: 'Tcp',
    port: 443,
    requestPath: undefined,
    intervalMs: 15_000,
    timeoutMs: 15_000,
    threshold: 2,
  });
});

t.test('a standalone endpoint forwards to its machine, probe or not; a set needs its probe', async (t) => {
  const probe = { Port: 8080, Protocol: 'http', Path: '/' } as const;
  const deployment = deploymentWith({
    roles: {
      vm1: [
        { Name: 'ssh', LocalPort: 22, Port: 2222, Protocol: 'tcp', LoadBalancerProbe: probe },
        set('web', { Port: 80, LoadBalancerProbe: probe }),
      ],
    },
  });
  const { frontends, probes } = planOf(serviceWith(deployment));
  t.match(frontends[0], {
    port: 2222,
    rule: { id: /roles\/vm1\/endpoints\/ssh$/, members: [{ port: 22, probe: undefined }] },
  });
  t.match(frontends[1], { port: 80, rule: { members: [{ probe: /lbsets\/web\/probe/ }] } });
  t.match(probes, [{ key: frontends[1]?.rule.members[0]?.probe, protocol: 'Http', requestPath: '/' }]);
  t.equal(probes.length, 1);
});

t.test('switching distribution changes nothing else in the plan, so that no flow is cut', async (t) => {
  const before = deploymentWith({ roles: { vm1: [set('web', { Port: 80 })], vm2: [set('web', { Port: 80 })] } });
  const after = updateLoadBalancedSets(before, [
    { LoadBalancedEndpointSetName: 'web', LoadBalancerDistribution: 'sourceIPProtocol' },
  ]);
  const plans = [before, after].map((deployment) => planOf(serviceWith(deployment)));
  t.same(
    plans.map(({ frontends }) => frontends[0]?.rule.distribution),
    ['Default', 'SourceIPProtocol'],
  );
  const rest = plans.map(({ frontends }) =>
    frontends.map((frontend) => ({ ...frontend, rule: { ...frontend.rule, distribution: '' } })),
  );
  t.same(rest[0], rest[1]);
});

t.test('absent distribution and none are both the 5-tuple', async (t) => {
  for (const LoadBalancerDistribution of [undefined, 'none'] as const) {
    const deployment = deploymentWith({ roles: { vm1: [set('web', { Port: 80, LoadBalancerDistribution })] } });
    t.equal(planOf(serviceWith(deployment)).frontends[0]?.rule.distribution, 'Default');
  }
});

t.test('direct server return, idle timeout and internal load balancer reach the plan', async (t) => {
  const deployment = deploymentWith({
    loadBalancers: ['ilb'],
    roles: {
      vm1: [
        set('sql', { Port: 1433, EnableDirectServerReturn: true, IdleTimeoutInMinutes: 30, LoadBalancerName: 'ILB' }),
      ],
    },
  });
  t.match(planOf(serviceWith(deployment)).frontends, [
    {
      azureAddress: '10.64.0.4',
      rule: {
        floatingIp: true,
        idleTimeoutMs: 1_800_000,
        frontendId: /loadbalancers\/ilb$/,
        members: [{ azureAddress: '10.64.0.5' }],
      },
    },
  ]);
  t.same([...privateAddressesOf([serviceWith(deployment)])].sort(), ['10.64.0.4', '10.64.0.5']);
});

t.test('a stopped machine stays a member that gets nothing', async (t) => {
  const deployment = deploymentWith({ roles: { vm1: [set('web', { Port: 80 })], vm2: [set('web', { Port: 80 })] } });
  const started = (of: typeof deployment) =>
    startedMembers(planOf(serviceWith(of)).frontends[0]?.rule).map(([, isStarted]) => isStarted);
  t.same(started(setPower(deployment, ['VM2'], 'StoppedDeallocated')), [true, false]);
  t.same(started(deleteRole(deployment, 'vm2')), [true], 'a deleted one does not');
});

t.test('an instance’s public IP has every port of both transports', async (t) => {
  const context = modelContext();
  const publicIps = { PublicIPs: [{ Name: 'pip', IdleTimeoutInMinutes: 15 }] };
  const deployment = addRole(deploymentWith({ roles: { vm1: [] } }), roleRequestOf('vm2', [], publicIps), context);
  const { frontends } = planOf(serviceWith(deployment));
  t.match(frontends, [
    {
      transport: 'tcp',
      port: 0,
      azureAddress: '127.255.0.1',
      rule: { idleTimeoutMs: 900_000, members: [{ port: 0, key: '10.64.0.4' }] },
    },
    { transport: 'udp', port: 0 },
  ]);
  t.same([...publicAddressesOf([serviceWith(deployment)], [])], ['127.255.0.1']);
  const kept = updateRole(deployment, roleRequestOf('vm2', [], publicIps), context);
  t.same(kept.instances[1]?.publicAddresses, ['127.255.0.1'], 'an update keeps it');
  t.same(updateRole(deployment, roleRequestOf('vm2', []), context).instances[1]?.publicAddresses, []);
});

t.test('ACL rules go by order; a permit denies everybody else, denials alone permit everybody else', async (t) => {
  const rule = (Order: number, Action: 'permit' | 'deny', RemoteSubnet: string): AclRule => ({
    Order,
    Action,
    RemoteSubnet,
  });
  const entries = (rules: AclRule[]) =>
    planOf(serviceWith(deploymentWith({ roles: { vm1: [set('web', { Port: 80, EndpointAcl: { Rules: rules } })] } })))
      .frontends[0]?.rule.acl;
  t.same(entries([]), []);
  t.same(entries([rule(2, 'permit', '175.0.0.0/8'), rule(1, 'deny', '175.1.0.9/24')]), [
    { action: 'deny', remoteSubnet: '175.1.0.0/24' },
    { action: 'permit', remoteSubnet: '175.0.0.0/8' },
    { action: 'deny', remoteSubnet: '0.0.0.0/0' },
  ]);
  t.same(entries([rule(0, 'deny', '10.0.0.0/8')])?.at(-1), { action: 'permit', remoteSubnet: '0.0.0.0/0' });
});

t.test('availability sets spread over upgrade and fault domains', async (t) => {
  const inSet = (name: string) => ({ ...roleRequestOf(name, []), settings: { AvailabilitySetName: 'as' } });
  const context = modelContext();
  const deployment = ['a', 'b', 'c'].reduce(
    (next, name) => addRole(next, inSet(name), context),
    deploymentWith({ roles: { alone: [] } }),
  );
  t.same(
    deployment.instances.map(({ InstanceUpgradeDomain, InstanceFaultDomain }) => [
      InstanceUpgradeDomain,
      InstanceFaultDomain,
    ]),
    [
      [0, 0],
      [0, 0],
      [1, 1],
      [2, 0],
    ],
  );
});

t.test('addresses are taken from the lowest free one; Azure keeps the first four and the last', async (t) => {
  t.equal(lowestFreeAddress('10.0.0.0/29', new Set()), '10.0.0.4');
  t.equal(lowestFreeAddress('10.0.0.0/29', new Set(['10.0.0.4', '10.0.0.5'])), '10.0.0.6');
  t.equal(lowestFreeAddress('10.0.0.0/29', new Set(['10.0.0.4', '10.0.0.5', '10.0.0.6'])), undefined);
  t.equal(lowestFreeAddress('x', new Set()), undefined);
  t.same(['10.0.0.0/33', '10.0.0/8', '10.0.0.256/8', '::/0'].map(parseIpv4Prefix), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  t.equal(canonicalCidr('10.1.2.3/8'), '10.0.0.0/8');
  t.equal(canonicalCidr('nonsense'), 'nonsense');
});
