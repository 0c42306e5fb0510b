/** Pools with many members: what compiling them costs, counted, and that what is made use of again is still true. */
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { compileLoadBalancer } from '../../src/compiler/load-balancer-plan.js';
import { parseConfig } from '../../src/config/config.js';
import { defaultChoices } from '../../src/config/undocumented.js';
import type { PlanPart } from '../../src/data-plane/model/plan.js';
import { idKey } from '../../src/resources/resource-id.js';
import type { Lookup, Resource } from '../../src/resources/resource-type.js';
import { AzureInMemory, idOf } from '../resources/azure-in-memory.js';

const network = 'Microsoft.Network';
const location = 'westus';
const lb = (...rest: string[]): string => idOf(`${network}/loadBalancers`, 'lb', ...rest);
const vnet = idOf(`${network}/virtualNetworks`, 'vnet');
const subnet = { id: `${vnet}/subnets/vms` };
const pool = { id: lb('backendAddressPools', 'pool') };
const front = { id: lb('frontendIPConfigurations', 'front') };
const scaleSet = idOf('Microsoft.Compute/virtualMachineScaleSets', 'set');
const nic = (host: number): string => idOf(`${network}/networkInterfaces`, `nic${host}`);
const machine = (host: number): string => idOf('Microsoft.Compute/virtualMachines', `vm${host}`);
const { addressMap } = parseConfig([], {});

interface Balancer {
  readonly port?: number;
  readonly drainPeriodInSeconds?: number;
  readonly natPool?: boolean;
}

function putBalancer(all: AzureInMemory, { port = 80, drainPeriodInSeconds = 0, natPool }: Balancer = {}): void {
  const rule = {
    frontendIPConfiguration: front,
    backendAddressPool: pool,
    probe: { id: lb('probes', 'probe') },
    protocol: 'Tcp',
    frontendPort: 80,
    backendPort: 8080,
  };
  const range = { frontendPortRangeStart: 50_000, frontendPortRangeEnd: 51_000, backendPort: 22 };
  const natPools = [{ name: 'ssh', properties: { frontendIPConfiguration: front, protocol: 'Tcp', ...range } }];
  all.put(lb(), {
    location,
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [{ name: 'front', properties: { subnet } }],
      backendAddressPools: [{ name: 'pool', properties: { ...(drainPeriodInSeconds && { drainPeriodInSeconds }) } }],
      probes: [{ name: 'probe', properties: { protocol: 'Tcp', port } }],
      loadBalancingRules: [{ name: 'rule', properties: rule }],
      ...(natPool && { inboundNatPools: natPools }),
    },
  });
}

function azure(balancer: Balancer = {}): AzureInMemory {
  const all = new AzureInMemory();
  const addressSpace = { addressPrefixes: ['10.1.0.0/16'] };
  const subnets = [{ name: 'vms', properties: { addressPrefix: '10.1.0.0/16' } }];
  all.put(vnet, { location, properties: { addressSpace, subnets } });
  putBalancer(all, balancer);
  return all;
}

const compile = (lookup: Lookup): PlanPart =>
  compileLoadBalancer(lookup.resource(idKey(lb())) as Resource, { lookup, addressMap, choices: defaultChoices });

/** The same resources and links as other objects, of which nothing is known. */
const unknown = (lookup: Lookup): Lookup => ({
  resource: (key) => structuredClone(lookup.resource(key)),
  linksInto: (key) => structuredClone(lookup.linksInto(key)),
  everyOfType: (type) => structuredClone([...lookup.everyOfType(type)]),
});

function putNic(all: AzureInMemory, host: number, { address, joins }: { address: number; joins: boolean }): void {
  const ip = { privateIPAllocationMethod: 'Static', privateIPAddress: `10.1.${host}.${address}`, subnet };
  const properties = { ...ip, ...(joins && { loadBalancerBackendAddressPools: [pool] }) };
  all.put(nic(host), { location, properties: { ipConfigurations: [{ name: 'ip', properties }] } });
}

/** Writes the machine of a network interface, or turns it off or on again. */
function machineOf(all: AzureInMemory, host: number, action: string): void {
  if (!all.resource(idKey(nic(host)))) return;
  const networkProfile = { networkInterfaces: [{ id: nic(host) }] };
  if (!all.resource(idKey(machine(host)))) all.put(machine(host), { location, properties: { networkProfile } });
  if (action !== 'write') all.act(machine(host), action);
}

function putScaleSet(all: AzureInMemory, capacity: number, properties: object = {}): void {
  const joining = { subnet, loadBalancerBackendAddressPools: [pool], ...properties };
  const ipConfigurations = [{ name: 'ip', properties: joining }];
  const networkInterfaceConfigurations = [{ name: 'nic', properties: { primary: true, ipConfigurations } }];
  all.put(
    scaleSet,
    {
      location,
      sku: { name: 'Standard_B1s', capacity },
      properties: { virtualMachineProfile: { networkProfile: { networkInterfaceConfigurations } } },
    },
    { apiVersion: '2024-07-01' },
  );
}

const host = fc.integer({ min: 1, max: 2 });
const step = fc.oneof(
  fc.record({ host, address: fc.integer({ min: 10, max: 12 }), joins: fc.boolean() }).map((one) => ({
    run: (all: AzureInMemory) => putNic(all, one.host, one),
  })),
  fc.record({ host, action: fc.constantFrom('write', 'powerOff', 'deallocate', 'start') }).map((one) => ({
    run: (all: AzureInMemory) => machineOf(all, one.host, one.action),
  })),
  fc.integer({ min: 0, max: 3 }).map((capacity) => ({ run: (all: AzureInMemory) => putScaleSet(all, capacity) })),
  fc.constantFrom('powerOff', 'start').map((action) => ({
    run: (all: AzureInMemory) => {
      if (all.resource(idKey(scaleSet))) all.act(scaleSet, action, { instanceIds: ['1'] });
    },
  })),
  fc
    .record({ port: fc.constantFrom(80, 81), drainPeriodInSeconds: fc.constantFrom(0, 30) })
    .map((balancer) => ({ run: (all: AzureInMemory) => putBalancer(all, balancer) })),
);

t.test('after any change, a pool’s plan is what its resources give when nothing is known of them', async () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const all = azure();
      for (const { run } of steps) {
        run(all);
        deepStrictEqual(compile(all), compile(unknown(all)));
      }
    }),
    { numRuns: 30 },
  );
});

t.test('a machine that stops or starts is followed, though its network interface stays the same', async (t) => {
  const all = azure();
  putNic(all, 1, { address: 10, joins: true });
  machineOf(all, 1, 'write');
  compile(all);
  for (const [action, running] of [['powerOff', 0] as const, ['start', 1] as const, ['deallocate', 0] as const]) {
    machineOf(all, 1, action);
    const [frontend] = compile(all).frontends;
    t.equal(frontend?.rule.members.length, running, action);
    t.equal(frontend?.rule.stopped?.length ?? 0, 1 - running, action);
  }
});

t.test('one more member leaves the others of a pool as they were planned', async (t) => {
  const all = azure();
  for (const each of [1, 2, 3]) putNic(all, each, { address: 10, joins: true });
  const [before] = compile(all).frontends;
  putNic(all, 4, { address: 10, joins: true });
  const [after] = compile(all).frontends;
  t.equal(after?.rule.members.length, 4);
  for (const [index, member] of (before?.rule.members ?? []).entries()) t.equal(after?.rule.members[index], member);
});

t.test('the work for the instances of a scale set grows with their number', async (t) => {
  /** How often the name of an instance is read while its balancer is compiled. */
  const readsFor = (capacity: number): number => {
    const all = azure({ natPool: true });
    putScaleSet(all, capacity, { loadBalancerInboundNatPools: [{ id: lb('inboundNatPools', 'ssh') }] });
    let reads = 0;
    const stored = all.resource(idKey(scaleSet)) as Resource;
    const { properties } = stored.document as { properties: { virtualMachines: { name: string }[] } };
    const virtualMachines = properties.virtualMachines.map(({ name, ...one }) =>
      Object.defineProperty({ ...one, name }, 'name', { get: () => reads++ >= 0 && name, enumerable: true }),
    );
    const document = { ...stored.document, properties: { ...properties, virtualMachines } };
    const counted = { ...stored, document };
    const part = compile({
      resource: (key) => (key === stored.key ? counted : all.resource(key)),
      linksInto: (key) => all.linksInto(key),
      everyOfType: (type) => all.everyOfType(type),
    });
    t.equal(part.frontends.length, 1 + capacity, 'a rule, and one port for each instance');
    return reads;
  };
  const [few, many] = [readsFor(40), readsFor(400)];
  t.ok(many <= 10 * few, `${few} for 40, ${many} for 400`);
});
