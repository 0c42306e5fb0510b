import { test } from 'tap';
import * as arm from './arm-client.js';

/** A text with the place that Azure's reader reports marked by `¦`; answers the text without it, and the place. */
function marked(text: string): { text: string; line: number; position: number } {
  const end = text.indexOf('¦');
  const lines = text.slice(0, end).split('\n');
  return { text: text.replace('¦', ''), line: lines.length, position: (lines.at(-1) as string).length };
}

const contract = 'Microsoft.WindowsAzure.Networking.Nrp.Frontend.Contract.Csm.Public';
const probes = (members: string) =>
  `{"location":"westeurope","properties":{"probes":[{"name":"p","properties":{${members}}}]}}`;
const rules = (members: string) =>
  `{"location":"westeurope","properties":{"loadBalancingRules":[{"name":"r","properties":{${members}}}]}}`;

test('what a body cannot mean is told with its path, line and position', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const cases: [text: string, finding: string, path: string][] = [
    [
      probes('"protocol":"Tcp","intervalInSeconds":2147483650¦,"port":80'),
      'JSON integer 2147483650 is too large or small for an Int32.',
      'properties.probes[0].properties.intervalInSeconds',
    ],
    [
      '{"location":"westeurope","properties":{"probes":[{"name":"a"},{"name":"b","properties":{"name":¦"b"}}]}}',
      "Could not find member 'name' on object of type 'LoadBalancerProbeProperties'.",
      'properties.probes[1].properties.name',
    ],
    [
      '{"location": "westeurope",\n "properties": {\n  "probe" :¦ []\n }}',
      "Could not find member 'probe' on object of type 'LoadBalancerProperties'.",
      'properties.probe',
    ],
    [
      rules('"loadDistribution":"SourceIPs"¦'),
      `Error converting value "SourceIPs" to type '${contract}.LoadDistribution'.`,
      'properties.loadBalancingRules[0].properties.loadDistribution',
    ],
    [
      '{"Location":"westeurope","PROPERTIES":{"Probes":[{"name":"p","properties":{"Protocol":"Udp"¦}}]}}',
      `Error converting value "Udp" to type '${contract}.ProbeProtocol'.`,
      'PROPERTIES.Probes[0].properties.Protocol',
    ],
    [
      rules('"frontendPort":"eighty"¦'),
      'Could not convert string to integer: eighty.',
      'properties.loadBalancingRules[0].properties.frontendPort',
    ],
    [
      rules('"frontendPort":80.5¦'),
      "Input string '80.5' is not a valid integer.",
      'properties.loadBalancingRules[0].properties.frontendPort',
    ],
    [
      rules('"frontendPort":t¦rue'),
      'Unexpected character encountered while parsing value: t.',
      'properties.loadBalancingRules[0].properties.frontendPort',
    ],
    [
      rules('"frontendPort":[¦80]'),
      'Unexpected character encountered while parsing value: [.',
      'properties.loadBalancingRules[0].properties.frontendPort',
    ],
    [
      rules('"enableFloatingIP":"maybe"¦'),
      'Could not convert string to boolean: maybe.',
      'properties.loadBalancingRules[0].properties.enableFloatingIP',
    ],
    ['{"location":{¦"a":1}}', 'Unexpected character encountered while parsing value: {.', 'location'],
    [
      '{"location":"westeurope","properties":{"a b.c\'d":¦1}}',
      "Could not find member 'a b.c'd' on object of type 'LoadBalancerProperties'.",
      "properties['a b.c\\'d']",
    ],
  ];
  for (const [source, finding, path] of cases) {
    const { text, line, position } = marked(source);
    const answer = await azure.put(arm.balancerId, undefined, { text });
    t.equal(answer.status, 400);
    t.same(
      answer.body,
      {
        error: {
          code: 'InvalidRequestFormat',
          message: 'Cannot parse the request.',
          details: [{ code: 'InvalidJson', message: `${finding} Path '${path}', line ${line}, position ${position}.` }],
        },
      },
      text,
    );
  }
});

test('all findings are told, in the order in which they stand', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  const answer = await azure.put(arm.balancerId, undefined, { text: probes('"x":1,"port":"a","y":2') });
  const messages = (arm.at(answer.body, 'error.details') as { message: string }[]).map(
    ({ message }) => message.split('.')[0],
  );
  t.same(messages, [
    "Could not find member 'x' on object of type 'LoadBalancerProbeProperties'",
    'Could not convert string to integer: a',
    "Could not find member 'y' on object of type 'LoadBalancerProbeProperties'",
  ]);
});

test('numbers and booleans may be written as text', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  await azure.makePublicIPAddress('ip');
  const asText = arm.rule('rule', {
    frontendPort: '80',
    backendPort: ' 8080 ',
    enableFloatingIP: 'True',
    idleTimeoutInMinutes: '5',
  });
  const made = await azure.put(arm.balancerId, arm.loadBalancer({ loadBalancingRules: [asText] }));
  t.equal(made.status, 201, arm.refusal(made));
  t.match(arm.at(made.body, 'properties.loadBalancingRules.0.properties'), {
    frontendPort: 80,
    backendPort: 8080,
    enableFloatingIP: true,
    idleTimeoutInMinutes: 5,
  });
});

test('what is no JSON, or no object, is refused by the front door', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeGroup();
  for (const text of ['', '{', '[]', '5', 'null', '"x"', '{"location":"westeurope",}', '\u0000']) {
    const answer = await azure.put(arm.balancerId, undefined, { text });
    t.match(
      arm.refusal(answer),
      /^400 InvalidRequestContent: The request content was invalid and could not be deserialized: '.+'\.$/,
      JSON.stringify(text),
    );
    t.equal(answer.headers['x-ms-failure-cause'], 'gateway');
  }
  for (const path of [arm.group, arm.childId('backendAddressPools', 'x')]) {
    t.match(
      arm.refusal(await azure.put(path, undefined, { text: '{' })),
      /^4\d\d (InvalidRequestContent|ResourceNotFound): /,
    );
  }
});

test('references are checked: their form, their type, and that what they name is there', async (t) => {
  const azure = await arm.ArmClient.start(t);
  await azure.makeNetwork();
  const put = async (properties: arm.Json) =>
    arm.refusal(
      await azure.put(
        arm.balancerId,
        arm.loadBalancer({ frontendIPConfigurations: [{ name: 'frontend', properties }] }),
      ),
    );
  const path = 'properties.frontendIPConfigurations[0].properties';
  const format = '400 InvalidRequestFormat: Cannot parse the request.\n';
  t.equal(
    await put({ subnet: {} }),
    `${format}  MissingJsonReferenceId: Value for reference id is missing. Path ${path}.subnet.`,
  );
  for (const id of ['', 'ip', '[resourceId()]']) {
    t.equal(
      await put({ publicIPAddress: { id } }),
      `400 LinkedInvalidPropertyId: Property id '${id}' at path '${path}.publicIPAddress.id' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.`,
      'the front door looks at it first',
    );
  }
  t.equal(
    await put({ publicIPAddress: { id: '/subscriptions/ip' } }),
    `${format}  InvalidJsonReferenceFormat: Reference Id /subscriptions/ip is not formatted correctly. The Id is expected to start with /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/. Path ${path}.publicIPAddress.`,
  );
  const wrong = `${arm.network}/virtualNetworks/vnet`;
  t.equal(
    await put({ publicIPAddress: { id: wrong } }),
    `${format}  InvalidJsonReferenceWrongType: Reference Id ${wrong} is referencing resource of a wrong type. The Id is expected to reference resources of types Microsoft.Network/publicIPAddresses. Path ${path}.publicIPAddress.`,
  );
  const missing = (referenced: string, id: string) =>
    `400 InvalidResourceReference: Resource ${referenced} referenced by resource ${id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`;
  const frontend = arm.childId('frontendIPConfigurations', 'frontend');
  t.equal(
    await put({ publicIPAddress: { id: arm.publicIPAddressId('none') } }),
    `${missing(arm.publicIPAddressId('none'), frontend)}\n  NotFound: Resource ${arm.publicIPAddressId('none')} not found.`,
  );
  t.equal(
    await put({ subnet: { id: `${wrong}/subnets/none` } }),
    missing(`${wrong}/subnets/none`, frontend),
    'a child that its parent does not have',
  );
  await azure.makePublicIPAddress('ip');
  const other = arm.rule('rule', { probe: { id: arm.childId('probes', 'none') } });
  t.equal(
    arm.refusal(await azure.put(arm.balancerId, arm.loadBalancer({ loadBalancingRules: [other] }))),
    missing(arm.childId('probes', 'none'), arm.childId('loadBalancingRules', 'rule')),
  );
});
