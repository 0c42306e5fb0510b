/** What a change of a resource changes in the plan, and in which order load balancers have an address. */
import t from 'tap';
import { Reconciler } from '../src/compiler/reconciler.js';
import { parseConfig } from '../src/config/config.js';
import { defaultChoices } from '../src/config/undocumented.js';
import type { ForwardingPlan } from '../src/data-plane/model/plan.js';
import { NoneEngine } from '../src/data-plane/none/engine.js';
import type { HostedService } from '../src/resources/Microsoft.ClassicCompute/types.js';
import { idKey } from '../src/resources/resource-id.js';
import type { Link, ResourceDocument } from '../src/resources/resource-type.js';
import { hostedServiceKey } from '../src/store/classic-store.js';
import { takeSnapshot } from '../src/store/snapshot.js';
import { Store } from '../src/store/store.js';
import { type EventShapes, Events } from '../src/support/events.js';
import { deploymentWith, serviceWith } from './api/classic/model.js';

const subscriptionId = '00000000-0000-0000-0000-000000000001';
const network = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.Network`;
const compute = network.replace('Network', 'Compute');
const addressMap = parseConfig([], {}).addressMap;

/** An engine that keeps the plans it was given. */
class RecordingEngine extends NoneEngine {
  readonly plans: ForwardingPlan[] = [];

  override async apply(plan: ForwardingPlan): Promise<void> {
    this.plans.push(plan);
    await super.apply(plan);
  }
}

class World {
  readonly store = new Store({ publicPrefix: { IPv4: '127.255.0.0/24', IPv6: 'fd7f:1a2b::/48' } });
  readonly engine = new RecordingEngine();
  readonly switched: EventShapes['mode'][] = [];
  readonly events = new Events((error) => {
    throw error;
  });
  readonly reconciler = this.restarted();

  constructor() {
    this.events.read('mode', (change) => this.switched.push(change));
  }

  /** What knows nothing yet and reads the same store. */
  restarted(): Reconciler {
    return new Reconciler({
      store: this.store.resources,
      engine: this.engine,
      addressMap,
      hostedServices: this.store.classic,
      strictBind: false,
      choices: defaultChoices,
      events: this.events,
    });
  }

  /** Stores a resource with its references and tells the reconciler. */
  async put(
    id: string,
    properties: ResourceDocument['properties'],
    { links = [], createdTime = '2025-01-01T00:00:00.000Z' }: { links?: readonly Link[]; createdTime?: string } = {},
  ): Promise<void> {
    const [provider = '', type = '', name = ''] = id.split('/').slice(-3);
    const document = { properties, sku: { name: 'Standard' } } as ResourceDocument;
    this.store.resources.save({
      key: idKey(id),
      id,
      type: `${provider}/${type}`,
      subscriptionId,
      resourceGroup: 'rg',
      name,
      etag: 'etag',
      provisioningState: 'Succeeded',
      document,
      createdTime,
      changedTime: createdTime,
    });
    this.store.resources.replaceLinks(idKey(id), links);
    await this.reconciler.changed([idKey(id)]);
  }

  async remove(id: string): Promise<void> {
    this.store.resources.remove(idKey(id));
    await this.reconciler.changed([idKey(id)]);
  }

  get plan(): ForwardingPlan {
    return this.reconciler.plan;
  }

  get members(): string[] {
    return this.plan.frontends.flatMap(({ rule }) => rule.members.map(({ azureAddress }) => azureAddress));
  }
}

const lb = (name: string): string => `${network}/loadBalancers/${name}`;
const link = (sourceId: string, path: string, target: string): Link => ({
  sourceId,
  sourceType:
    sourceId.split('/').length > 9
      ? 'Microsoft.Network/networkInterfaces/ipConfigurations'
      : 'Microsoft.Compute/virtualMachines',
  path,
  target: idKey(target),
});

const balancer = (name: string, { port = 80, distribution = 'Default' } = {}) => ({
  frontendIPConfigurations: [{ name: 'fe', properties: { privateIPAddress: '10.0.0.100' } }],
  backendAddressPools: [{ name: 'pool' }],
  loadBalancingRules: [
    {
      name: 'web',
      properties: {
        frontendIPConfiguration: { id: `${lb(name)}/frontendIPConfigurations/fe` },
        backendAddressPools: [{ id: `${lb(name)}/backendAddressPools/pool` }],
        protocol: 'Tcp',
        frontendPort: port,
        backendPort: 8080,
        loadDistribution: distribution,
      },
    },
  ],
});

t.test('a switch of the mode is told once the engine has it, and no other change of a rule', async (t) => {
  const world = new World();
  await world.put(lb('a'), balancer('a'));
  await world.put(lb('a'), balancer('a', { port: 81 }));
  t.strictSame(world.switched, []);
  await world.put(lb('a'), balancer('a', { port: 81, distribution: 'SourceIP' }));
  t.equal(world.engine.plans.at(-1)?.frontends[0]?.rule.distribution, 'SourceIP');
  await world.put(lb('a'), balancer('a', { port: 81, distribution: 'SourceIPProtocol' }));
  const rule = `${lb('a')}/loadBalancingRules/web`;
  t.strictSame(world.switched, [
    { rule, from: 'Default', to: 'SourceIP' },
    { rule, from: 'SourceIP', to: 'SourceIPProtocol' },
  ]);
});

/** A balancer of 201 rules with two addresses in its pool; the second one is at this host of 10.0.0.0/24. */
function manyRules(host: number) {
  const { loadBalancingRules, ...others } = balancer('a');
  const [{ properties: rule }] = loadBalancingRules as [(typeof loadBalancingRules)[number]];
  const addresses = [4, host].map((one) => ({ name: `b${one}`, properties: { ipAddress: `10.0.0.${one}` } }));
  return {
    ...others,
    backendAddressPools: [{ name: 'pool', properties: { loadBalancerBackendAddresses: addresses } }],
    loadBalancingRules: Array.from({ length: 201 }, (_, index) => ({
      name: `rule${index}`,
      properties: { ...rule, frontendPort: 1000 + index },
    })),
  };
}

t.test('others go first when a balancer of many rules was stored, before it is compiled', async (t) => {
  const world = new World();
  let plansSeen = -1;
  const other = new Promise<void>((resolve) => {
    setImmediate(() => {
      plansSeen = world.engine.plans.length;
      resolve();
    });
  });
  await Promise.all([world.put(lb('a'), manyRules(5)), other]);
  t.equal(plansSeen, 0);
  t.equal(world.plan.frontends.length, 201);
});

t.test('what has not changed in a plan stays the same object, members in a list that has changed too', async (t) => {
  const world = new World();
  await world.put(lb('a'), manyRules(5));
  const before = world.plan.frontends.map(({ rule: { members } }) => members);
  t.equal(new Set(before).size, 1);
  await world.put(lb('a'), manyRules(6));
  const after = world.plan.frontends.map(({ rule: { members } }) => members);
  t.equal(new Set(after).size, 1, 'all rules share the new list');
  t.equal(after[0]?.[0], before[0]?.[0]);
  t.same(
    after[0]?.map(({ azureAddress }) => azureAddress),
    ['10.0.0.4', '10.0.0.6'],
  );
  const { frontends } = world.plan;
  await world.put(lb('a'), manyRules(6));
  t.equal(world.plan.frontends, frontends);
});

/** A network interface that is a member of the pool of `lb('a')`. */
async function putNic(world: World, address: string): Promise<void> {
  const id = `${network}/networkInterfaces/nic`;
  await world.put(
    id,
    { ipConfigurations: [{ name: 'ip', properties: { privateIPAddress: address } }] },
    {
      links: [
        link(`${id}/ipConfigurations/ip`, 'loadBalancerBackendAddressPools', `${lb('a')}/backendAddressPools/pool`),
      ],
    },
  );
}

t.test('of two load balancers with one address and port, the one created first has it', async (t) => {
  const world = new World();
  await world.put(lb('late'), balancer('late'), { createdTime: '2025-01-01T00:00:02.000Z' });
  await world.put(lb('b'), balancer('b'), { createdTime: '2025-01-01T00:00:01.000Z' });
  await world.put(lb('a'), balancer('a'), { createdTime: '2025-01-01T00:00:01.000Z' });
  const owners = (): string[] => world.plan.frontends.map(({ rule }) => rule.loadBalancerId.slice(lb('').length));
  t.strictSame(owners(), ['a', 'b', 'late'], 'by time, then by id, not by the order of the writes');
  const restarted = world.restarted();
  await restarted.loadAll();
  t.strictSame(
    restarted.plan.frontends.map(({ key, rule }) => [key, rule.id]),
    world.plan.frontends.map(({ key, rule }) => [key, rule.id]),
    'after a restart too',
  );
  await world.remove(lb('a'));
  t.strictSame(owners(), ['b', 'late']);
});

t.test(
  'of a load balancer and a classic service with one address and port, the one created first has it',
  async (t) => {
    const at = (seconds: number): number => Date.UTC(2025, 0, 1, 0, 0, seconds);
    const deployment = deploymentWith({ roles: { vm: [{ Name: 'web', Protocol: 'tcp', LocalPort: 8080, Port: 80 }] } });
    const service: HostedService = serviceWith(deployment);
    const key = { subscriptionId: service.subscriptionId, name: service.ServiceName };
    const putService = async (world: World, createdMs: number): Promise<void> => {
      world.store.classic.put(
        { kind: 'hostedService', ...key },
        { ...service, createdMs, deployments: [{ ...deployment, vip: '10.0.0.100' }] },
      );
      await world.reconciler.classicChanged([hostedServiceKey(key)]);
    };
    const ownersIn = ({ plan }: Reconciler): string[] =>
      plan.frontends.map(({ rule }) =>
        rule.id.includes('hostedservices') ? 'classic' : rule.loadBalancerId.slice(-3),
      );
    for (const [expected, serviceMs] of [
      [['classic', 'one', 'two'], at(0)],
      [['one', 'classic', 'two'], at(2)],
      [['one', 'two', 'classic'], at(4)],
      [['one', 'classic', 'two'], at(1)],
    ] as const) {
      const world = new World();
      await putService(world, serviceMs);
      await world.put(lb('two'), balancer('two'), { createdTime: new Date(at(3)).toISOString() });
      await world.put(lb('one'), balancer('one'), { createdTime: new Date(at(1)).toISOString() });
      t.strictSame(ownersIn(world.reconciler), expected, 'by the stored time, whichever API it came by');
      const restarted = world.restarted();
      await restarted.loadAll();
      t.strictSame(ownersIn(restarted), expected, 'the same after a restart');
      const snapshot = takeSnapshot(world.store.connection, new Date(at(9)).toISOString());
      const elsewhere = new World();
      await putService(elsewhere, at(5));
      await elsewhere.put(lb('two'), balancer('two'), { createdTime: new Date(at(4)).toISOString() });
      await elsewhere.store.restore(snapshot, { takenAt: snapshot.takenAt });
      await elsewhere.reconciler.loadAll();
      t.strictSame(ownersIn(elsewhere.reconciler), expected, 'and after a snapshot was restored');
    }
  },
);

t.test('the plan gets another version only when something has changed in it', async (t) => {
  const world = new World();
  await world.put(lb('a'), balancer('a', { port: 80 }));
  await world.put(lb('b'), balancer('b', { port: 81 }));
  const before = world.plan;
  t.equal(before.version, 2);
  await world.put(lb('a'), balancer('a', { port: 80 }));
  t.equal(world.plan, before, 'the same documents make the same plan');
  await world.put(`${network}/networkInterfaces/other`, {});
  t.equal(world.engine.plans.length, 2, 'what stands behind no load balancer concerns the engine in no way');
  await world.put(lb('b'), balancer('b', { port: 81, distribution: 'SourceIP' }));
  t.equal(world.plan.version, 3);
  t.equal(world.plan.frontends[0], before.frontends[0], 'what has not changed is the same object');
  t.not(world.plan.frontends[1], before.frontends[1]);
});

t.test('a change concerns the load balancers that were compiled from what changed', async (t) => {
  const world = new World();
  const nic = `${network}/networkInterfaces/nic`;
  const vm = `${compute}/virtualMachines/vm`;
  await world.put(lb('a'), balancer('a'));
  t.strictSame(world.members, []);
  await putNic(world, '10.0.0.4');
  t.strictSame(world.members, ['10.0.0.4'], 'a network interface that joins a pool');
  await putNic(world, '10.0.0.5');
  t.strictSame(world.members, ['10.0.0.5'], 'its address');
  const machine = async (powerState: string): Promise<void> => {
    world.store.resources.remove(idKey(vm));
    await world.put(vm, {}, { links: [link(vm, 'networkInterfaces', nic)] });
    const resource = world.store.resources.resource(idKey(vm));
    if (!resource) throw new Error('the machine was put');
    world.store.resources.save({ ...resource, document: { ...resource.document, powerState } });
    await world.reconciler.changed([idKey(vm)]);
  };
  await machine('deallocated');
  t.strictSame(world.members, [], 'the machine behind the network interface');
  await machine('running');
  t.strictSame(world.members, ['10.0.0.5']);
  await world.remove(nic);
  t.strictSame(world.members, [], 'a network interface that is deleted');
});
