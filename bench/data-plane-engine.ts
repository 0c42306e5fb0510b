/** The userspace engine alone in a process, for bench/data-plane.ts: one TCP and one UDP rule, `FRONTEND BACKEND`. */
import { Clock } from '../src/clock.js';
import type { PlanMember, PlanRule } from '../src/forwarding/engine.js';
import { UserspaceEngine } from '../src/forwarding/userspace/engine.js';

const [frontend = '', backend = ''] = process.argv.slice(2);
const [address = '', port = ''] = frontend.split(':');
const [memberAddress = '', memberPort = ''] = backend.split(':');

const member: PlanMember = {
  key: memberAddress,
  id: 'member',
  azureAddress: memberAddress,
  address: memberAddress,
  port: Number(memberPort),
  adminState: 'None',
  probe: undefined,
};
const rule: PlanRule = {
  id: 'rule',
  frontendId: 'frontend',
  loadBalancerId: 'loadBalancer',
  distribution: 'Default',
  idleTimeoutMs: 240_000,
  tcpReset: false,
  floatingIp: false,
  allProbedDown: 'keepEstablished',
  noHealthyBackends: 'AllProbedDown',
  acl: [],
  halfOpenMs: 60_000,
  members: [member],
};
const engine = new UserspaceEngine({
  clock: new Clock(),
  events: { onFailure: (error) => console.error(error) },
});
await engine.apply({
  frontends: (['tcp', 'udp'] as const).map((transport) => ({
    key: `${transport}/${address}/${port}`,
    transport,
    azureAddress: address,
    address,
    port: Number(port),
    rule,
  })),
  probes: [],
  outbound: [],
});
for (const state of engine.frontends()) if (state.state !== 'Bound') console.error(state.reason);
console.log('ready');
