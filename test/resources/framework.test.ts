import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { test } from 'tap';
import { filterTest } from '../../src/api/arm/resources/resource-filter.js';
import { AzureError } from '../../src/errors/index.js';
import { formatJsonPath, type JsonPath, positionInJson } from '../../src/resources/json-position.js';
import { resourceTypes } from '../../src/resources/registry.js';
import { formatResourceId, idKey, parseResourceId, rootKey, rootOf, typeOf } from '../../src/resources/resource-id.js';
import { canonicalise } from '../../src/resources/validation.js';
import { AzureInMemory, idOf, writeBack } from './azure-in-memory.js';

const name = fc.stringMatching(/^[a-z0-9]([\w.-]{0,20}\w)?$/);
const vnet = idOf('Microsoft.Network/virtualNetworks', 'vnet');
const lb = idOf('Microsoft.Network/loadBalancers', 'lb');
const frontend = { id: `${lb}/frontendIPConfigurations/frontend` };
const pool = { id: `${lb}/backendAddressPools/pool` };

test('a resource id is read and written without loss, and its key does not depend on casing', async () => {
  const id = fc.record({
    subscriptionId: fc.uuid(),
    resourceGroup: fc.option(name, { nil: undefined }),
    namespace: fc.constantFrom('Microsoft.Network', 'Microsoft.Compute', 'Contoso.Things'),
    steps: fc.array(fc.tuple(fc.stringMatching(/^[a-zA-Z]{1,20}$/), name), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(id, ({ steps, ...rest }) => {
      const types = steps.map(([type]) => type);
      const whole = { ...rest, types, names: steps.map(([, one]) => one) };
      const text = formatResourceId(whole);
      const parsed = parseResourceId(text);
      if (!parsed || formatResourceId(parsed) !== text) throw new Error(text);
      if (typeOf(parsed) !== [rest.namespace, ...types].join('/')) throw new Error(typeOf(parsed));
      const shouted = parseResourceId(text.toUpperCase());
      if (!shouted || idKey(formatResourceId(shouted)) !== idKey(text)) throw new Error('casing');
      if (rootKey(text) !== idKey(formatResourceId(rootOf(parsed)))) throw new Error(rootKey(text));
      if (parseResourceId(`${text}/more`) !== undefined) throw new Error('half a step');
    }),
  );
});

/** JSON whose members are those of a schema in any casing, and others. */
const anyBody = (names: readonly string[]) => {
  const key = fc.oneof(
    fc.constantFrom(...names, ...names.map((one) => one.toUpperCase())),
    fc.string({ maxLength: 5 }),
    fc.constant('__proto__'),
  );
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, true, 80, '80', 'sourceIp', 'TCP', 'West US', 'true', -1, 1.5),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
    ),
  })).value;
};

test('making a body canonical twice is the same as once, for every type and any body', async () => {
  for (const type of resourceTypes) {
    const properties = type.schema.properties?.properties?.properties ?? {};
    const names = ['properties', 'location', 'sku', 'tags', 'name', 'id', ...Object.keys(properties)];
    fc.assert(
      fc.property(anyBody(names), (body) => {
        const before = JSON.stringify(body);
        const once = canonicalise(body, type.schema);
        const twice = canonicalise(once, type.schema);
        if (JSON.stringify(twice) !== JSON.stringify(once)) throw new Error(`${type.type}: ${JSON.stringify(once)}`);
        if (JSON.stringify(body) !== before) throw new Error('the body was changed');
      }),
      { numRuns: 50 },
    );
  }
});

function network(): AzureInMemory {
  const azure = new AzureInMemory();
  azure.putNetwork({ name: 'default', location: 'westeurope' });
  return azure;
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyRule = fc.record({
  protocol: fc.constantFrom('Tcp', 'Udp', 'tcp', 'UDP'),
  frontendPort: fc.integer({ min: 1, max: 65534 }),
  backendPort: fc.integer({ min: 1, max: 65535 }),
  enableFloatingIP: maybe(fc.boolean()),
  enableTcpReset: maybe(fc.boolean()),
  disableOutboundSnat: maybe(fc.boolean()),
  idleTimeoutInMinutes: maybe(fc.integer({ min: 4, max: 100 })),
  loadDistribution: maybe(fc.constantFrom('Default', 'sourceIp', 'SourceIPProtocol')),
  backendAddressPool: maybe(fc.constant(pool)),
  frontendIPConfiguration: fc.constant(frontend),
});
const anyProbe = fc.record({
  protocol: fc.constant('Http'),
  requestPath: fc.constantFrom('/', '/health?x=1'),
  port: fc.integer({ min: 1, max: 65535 }),
  intervalInSeconds: maybe(fc.integer({ min: 5, max: 3600 })),
  probeThreshold: maybe(fc.integer({ min: 1, max: 100 })),
});
const named = <T>(properties: fc.Arbitrary<T>, maxLength: number) =>
  fc.uniqueArray(fc.record({ name, properties }), { selector: (one) => one.name.toLowerCase(), maxLength });

test('any load balancer may be written back as it is shown: nothing changes', async () => {
  const body = fc.record({
    probes: named(anyProbe, 4),
    loadBalancingRules: named(anyRule, 4),
    backendAddressPools: fc.constant([{ name: 'pool' }]),
    frontendIPConfigurations: fc.constant([
      { name: 'frontend', properties: { subnet: { id: `${vnet}/subnets/default` } } },
    ]),
  });
  // Versions that know every member written here: others would show, and write back, less.
  const versions = fc.constantFrom('2026-01-01', '2025-05-01', '2024-01-01', '2022-05-01');
  let written = 0;
  fc.assert(
    fc.property(body, versions, (properties, apiVersion) => {
      const azure = network();
      const clean = JSON.parse(JSON.stringify(properties)) as object;
      try {
        azure.put(lb, { location: 'West Europe', sku: { name: 'standard' }, properties: clean }, { apiVersion });
      } catch (error) {
        // Rules that share a port are refused; that is another test's matter.
        if (error instanceof AzureError) return;
        throw error;
      }
      written++;
      const [before, after] = writeBack(azure, lb, apiVersion);
      if (!isDeepStrictEqual(before, after)) {
        throw new Error(`${JSON.stringify(before)}\n${JSON.stringify(after)}`);
      }
    }),
    { numRuns: 60 },
  );
  if (written < 20) throw new Error(`only ${written} balancers were good ones`);
});

test('an instance keeps its frontend port for as long as it stays in the pool', async () => {
  const step = fc.record({ nic: fc.integer({ min: 0, max: 5 }), joins: fc.boolean() });
  const portsOf = (azure: AzureInMemory): Map<string, number> => {
    const ports = new Map<string, number>();
    const members = azure.at(lb, 'properties.backendAddressPools.0.properties.loadBalancerBackendAddresses');
    interface Member {
      properties: {
        networkInterfaceIPConfiguration: { id: string };
        inboundNatRulesPortMapping: { frontendPort: number }[];
      };
    }
    for (const { properties } of members as Member[]) {
      const port = properties.inboundNatRulesPortMapping[0]?.frontendPort;
      if (port !== undefined) ports.set(properties.networkInterfaceIPConfiguration.id, port);
    }
    return ports;
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const azure = network();
      const range = { frontendPortRangeStart: 5000, frontendPortRangeEnd: 5005, backendPort: 22 };
      azure.put(lb, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: {
          frontendIPConfigurations: [{ name: 'frontend', properties: { subnet: { id: `${vnet}/subnets/default` } } }],
          backendAddressPools: [{ name: 'pool' }],
          inboundNatRules: [
            { name: 'ssh', properties: { ...range, frontendIPConfiguration: frontend, backendAddressPool: pool } },
          ],
        },
      });
      let before = portsOf(azure);
      for (const { nic, joins } of steps) {
        const subnet = { id: `${vnet}/subnets/default` };
        const loadBalancerBackendAddressPools = joins ? [pool] : [];
        azure.put(idOf('Microsoft.Network/networkInterfaces', `nic${nic}`), {
          location: 'westeurope',
          properties: { ipConfigurations: [{ name: 'ip', properties: { subnet, loadBalancerBackendAddressPools } }] },
        });
        const after = portsOf(azure);
        for (const [member, port] of after) {
          if (before.has(member) && before.get(member) !== port) throw new Error(`${member} moved`);
          if (port < 5000 || port > 5005) throw new Error(`${port} is not of the range`);
        }
        if (new Set(after.values()).size !== after.size) throw new Error('two members share a port');
        before = after;
      }
    }),
    { numRuns: 50 },
  );
});

test('a filter is understood or refused, never more than that', async (t) => {
  const word = fc.constantFrom(
    'name',
    'tagName',
    'tagValue',
    'location',
    'resourceType',
    'eq',
    'ne',
    'and',
    'or',
    '(',
    ')',
    ',',
    "'x'",
    "'o''b'",
    "'",
    'startswith',
    'substringof',
    'toString',
    '5',
  );
  const filter = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 30 }),
    fc.integer({ min: 1, max: 20_000 }).map((depth) => `${'('.repeat(depth)}name eq 'x'${')'.repeat(depth)}`),
  );
  const one = { name: 'x', type: 'a/b', resourceGroup: 'g', location: undefined, tags: { a: 'b' } };
  fc.assert(
    fc.property(filter, (text) => {
      try {
        filterTest(text)(one);
      } catch (error) {
        if (!(error instanceof AzureError) || error.code !== 'InvalidFilterInQueryString') throw error;
      }
    }),
    { numRuns: 500 },
  );
  const tagged = { ...one, tags: { env: 'test', owner: 'prod' } };
  t.notOk(filterTest("tagName eq 'env' and tagValue eq 'prod'")(tagged), 'name and value of one and the same tag');
  t.ok(filterTest("tagName eq 'owner' and tagValue eq 'prod'")(tagged));
});

test('a position in JSON is where its value or name ends, however the text is laid out', async () => {
  const key = fc.stringMatching(/^[a-z"\\:{}[\], ]{1,8}$/);
  const value = fc.oneof(
    fc.integer(),
    fc.string({ maxLength: 10 }),
    fc.boolean(),
    fc.constantFrom<unknown>(null, '}{"\\', ':,'),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(key, value), { selector: ([one]) => one.toLowerCase(), minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 1, 4, '\t'),
      fc.nat(),
      (members, indent, pick) => {
        const [member, wanted] = members[pick % members.length] as [string, unknown];
        const path: JsonPath = ['list', 1, member];
        const text = JSON.stringify(
          { before: members, list: [{}, Object.fromEntries(members)], after: 1 },
          null,
          indent,
        );
        const characters = text.split('\n');
        const upTo = ({ line, position }: { line: number; position: number }): string =>
          [...characters.slice(0, line - 1), (characters[line - 1] as string).slice(0, position)].join('\n');
        const atValue = upTo(positionInJson(text, path));
        if (!atValue.endsWith(JSON.stringify(wanted))) throw new Error(`${text}\n${atValue}`);
        const atName = upTo(positionInJson(text, path, 'name'));
        if (!atName.endsWith(`${JSON.stringify(member)}:`)) throw new Error(`${text}\n${atName}`);
      },
    ),
  );
  if (formatJsonPath(['properties', 'probes', 0, 'name']) !== 'properties.probes[0].name') throw new Error('path');
});
