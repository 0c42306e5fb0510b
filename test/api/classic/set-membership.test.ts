import t from 'tap';
import { updateLoadBalancedSets } from '../../../src/resources/Microsoft.ClassicCompute/load-balanced-sets.js';
import type { InputEndpointRequest } from '../../../src/resources/Microsoft.ClassicCompute/types.js';
import { addRole, updateRole } from '../../../src/resources/Microsoft.ClassicCompute/vm-roles.js';
import { before, deployment, endpoint, member, probe, refusal, rule, ssh } from './load-balanced-set.js';
import { deploymentWith, modelContext, roleRequestOf } from './model.js';

const join = (change: InputEndpointRequest) => {
  const request = roleRequestOf('vm3', [{ ...member(8082), ...change }]);
  return addRole(deployment, request, modelContext());
};

t.test('a machine joins a set on its shared settings, with a name and a local port of its own', async (t) => {
  const joined = endpoint(join({ Name: 'Web' }), 'vm3', 'Web');
  t.same(joined, { ...before, Name: 'Web', LocalPort: 8082 });
  const brief = {
    LoadBalancedEndpointSetName: 'lbset1',
    Name: 'Web',
    LocalPort: 1,
    Protocol: 'tcp',
    Port: 80,
  } as const;
  const silent = addRole(deployment, roleRequestOf('vm3', [brief]), modelContext());
  t.same(endpoint(silent, 'vm3', 'Web'), { ...before, Name: 'Web', LocalPort: 1 }, 'what it leaves out is the set’s');
});

t.test('a machine that would change a shared setting is refused', async (t) => {
  const mismatch = (property: string, specified: string, existing: string) =>
    `400 BadRequest: Endpoint name 'HttpIn', property '${property}'. \nThe value '${specified}' does not match '${existing}' for LB set 'LBSet1'.`;
  const changes: readonly [InputEndpointRequest, ...Parameters<typeof mismatch>][] = [
    [{ Port: 81 }, 'Port', '81', '80'],
    [{ Protocol: 'udp' }, 'Protocol', 'udp', 'tcp'],
    [{ LoadBalancerProbe: { ...probe, Port: 1234 } }, 'LoadBalancerProbe.Port', '1234', '8080'],
    [{ LoadBalancerProbe: { Port: 8080, Protocol: 'tcp' } }, 'LoadBalancerProbe.Path', '', '/health'],
    [{ EnableDirectServerReturn: false }, 'EnableDirectServerReturn', 'false', 'true'],
    [{ IdleTimeoutInMinutes: 4 }, 'IdleTimeoutInMinutes', '', '15'],
    [{ LoadBalancerDistribution: 'none' }, 'LoadBalancerDistribution', 'none', 'sourceIPProtocol'],
  ];
  for (const [change, ...expected] of changes) {
    t.equal(
      refusal(() => join(change)),
      mismatch(...expected),
    );
  }
  const two = { EndpointAcl: { Rules: [rule, { ...rule, Order: 101 }] } };
  t.equal(
    refusal(() => join(two)),
    "400 BadRequest: ACL rules do not match for endpoint in 'LBSet1'. Mismatch in rule count. Specified '2'. Existing '1'.",
  );
  const other = { EndpointAcl: { Rules: [{ ...rule, Action: 'deny' as const }] } };
  t.match(
    refusal(() => join(other)),
    /Mismatch in rule with order '100'/,
  );
  const plain = updateLoadBalancedSets(deployment, [{ LoadBalancedEndpointSetName: 'LBSet1' }]);
  const withAcl = roleRequestOf('vm3', [
    { ...member(1), LoadBalancerDistribution: undefined, IdleTimeoutInMinutes: undefined },
  ]);
  t.equal(
    refusal(() => addRole(plain, withAcl, modelContext())),
    "400 BadRequest: Existing endpoints in LB set 'LBSet1' do not contain ACL.",
  );
});

t.test('the only member of a set may change it', async (t) => {
  const alone = deploymentWith({ roles: { vm1: [{ ...ssh, LoadBalancedEndpointSetName: 'a' }] } });
  const request = roleRequestOf('vm1', [{ ...ssh, LoadBalancedEndpointSetName: 'a', Port: 2222 }]);
  t.equal(endpoint(updateRole(alone, request, modelContext()), 'vm1', 'SSH').Port, 2222);
});

t.test('ports are unique per protocol and per address', async (t) => {
  const add = (change: InputEndpointRequest) =>
    addRole(deployment, roleRequestOf('vm3', [{ ...ssh, ...change }]), modelContext());
  t.equal(
    refusal(() => add({})),
    '400 BadRequest: Port 22 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.',
  );
  t.equal(endpoint(add({ Protocol: 'udp' }), 'vm3', 'SSH').Port, 22);
  t.equal(endpoint(add({ LoadBalancerName: 'ilb1' }), 'vm3', 'SSH').Port, 22, 'an internal load balancer has its own');
  t.equal(endpoint(add({ Port: undefined }), 'vm3', 'SSH').Port, 49152, 'a port that is not asked for is found');
});
