/** What the classic API refuses about endpoints, addresses and kinds of deployments. */
import t from 'tap';
import { createServiceXml, deploymentXml, roleXml } from './harness.js';
import { refusal, rule, ssh as sshRequest } from './load-balanced-set.js';
import { deploymentWith } from './model.js';
import { errorOf, services, ssh, start } from './my-service.js';

const vm1 = (...endpoints: object[]) =>
  refusal(() => deploymentWith({ roles: { vm1: endpoints.map((one) => ({ ...sshRequest, ...one })) } }));

t.test('an endpoint has at most 50 ACL rules, each with an order of its own', async (t) => {
  const rules = Array.from({ length: 51 }, (_, index) => ({ ...rule, Order: index }));
  t.equal(vm1({ EndpointAcl: { Rules: rules.slice(1) } }), 'not refused');
  t.equal(
    vm1({ EndpointAcl: { Rules: rules } }),
    "400 BadRequest: Endpoint 'SSH' has 51 ACL rules. At most 50 are allowed.",
  );
  t.equal(
    vm1({ EndpointAcl: { Rules: [rule, rule] } }),
    "400 BadRequest: The ACL of endpoint 'SSH' has more than one rule with order '100'.",
  );
});

t.test('the endpoints of a machine have different names, in any casing', async (t) => {
  t.equal(
    vm1({}, { Name: 'ssh', Port: 23, LocalPort: 23 }),
    "400 BadRequest: Role 'vm1' has more than one endpoint with the name 'ssh'.",
  );
});

t.test('a deployment needs a public address that is free', async (t) => {
  const classic = await start(t, { publicAddresses: { allocate: () => undefined } });
  await classic.post(services, createServiceXml('mySvc'));
  const roles = roleXml('Role', { name: 'vm1', endpoints: ssh(22) });
  const { statusCode, body } = await classic.post(
    `${services}/mySvc/deployments`,
    deploymentXml({ name: 'dep', roles }),
  );
  t.same([statusCode, errorOf(body)], [409, 'ConflictError: No public IP address is left in the pool.']);
});
