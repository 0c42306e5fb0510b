import t from 'tap';
import { updateLoadBalancedSets } from '../../../src/resources/Microsoft.ClassicCompute/load-balanced-sets.js';
import type { InputEndpoint, InputEndpointRequest } from '../../../src/resources/Microsoft.ClassicCompute/types.js';
import { before, deployment, endpoint, refusal, rule, ssh } from './load-balanced-set.js';
import { deploymentWith } from './model.js';

const update = (...requests: InputEndpointRequest[]) => updateLoadBalancedSets(deployment, requests);

interface Row {
  readonly title: string;
  readonly request: InputEndpointRequest;
  readonly changes: Partial<InputEndpoint>;
}

/** What an element without anything but the set's name does; every row has it on top. */
const resets: Partial<InputEndpoint> = {
  EndpointAcl: undefined,
  IdleTimeoutInMinutes: undefined,
  LoadBalancerDistribution: undefined,
};

const rows: Row[] = [
  {
    title: 'only the name is required; absent ACL, idle timeout and distribution are their defaults',
    request: {},
    changes: {},
  },
  { title: 'Name and Vip mean nothing', request: { Name: 'Other', Vip: '1.2.3.4' }, changes: {} },
  { title: 'LocalPort 0 keeps each member’s own', request: { LocalPort: 0 }, changes: {} },
  { title: 'LocalPort goes to every member', request: { LocalPort: 9090 }, changes: { LocalPort: 9090 } },
  { title: 'Port is changed', request: { Port: 8000 }, changes: { Port: 8000 } },
  { title: 'Protocol is changed', request: { Protocol: 'udp' }, changes: { Protocol: 'udp' } },
  {
    title: 'a probe replaces the old one and gets Azure’s defaults',
    request: { LoadBalancerProbe: { Port: 81, Protocol: 'tcp' } },
    changes: {
      LoadBalancerProbe: { Path: undefined, Port: 81, Protocol: 'tcp', IntervalInSeconds: 15, TimeoutInSeconds: 31 },
    },
  },
  {
    title: 'direct server return is switched off',
    request: { EnableDirectServerReturn: false },
    changes: { EnableDirectServerReturn: false },
  },
  { title: 'an empty ACL removes all rules', request: { EndpointAcl: { Rules: [] } }, changes: {} },
  {
    title: 'an ACL replaces the old one, in order of evaluation',
    request: {
      EndpointAcl: {
        Rules: [
          { ...rule, Order: 2 },
          { ...rule, Order: 1, Action: 'deny' },
        ],
      },
    },
    changes: {
      EndpointAcl: {
        Rules: [
          { ...rule, Order: 1, Action: 'deny', Description: undefined },
          { ...rule, Order: 2, Description: undefined },
        ],
      },
    },
  },
  { title: 'the idle timeout is set', request: { IdleTimeoutInMinutes: 30 }, changes: { IdleTimeoutInMinutes: 30 } },
  {
    title: 'an idle timeout of four minutes, the default, is echoed when it is said',
    request: { IdleTimeoutInMinutes: 4 },
    changes: { IdleTimeoutInMinutes: 4 },
  },
  {
    title: 'distribution becomes 2-tuple',
    request: { LoadBalancerDistribution: 'sourceIP' },
    changes: { LoadBalancerDistribution: 'sourceIP' },
  },
  {
    title: 'distribution none is 5-tuple and stays said',
    request: { LoadBalancerDistribution: 'none' },
    changes: { LoadBalancerDistribution: 'none' },
  },
];

for (const { title, request, changes } of rows) {
  t.test(`UpdateLbSet: ${title}`, async (t) => {
    const after = update({ LoadBalancedEndpointSetName: 'lbset1', ...request });
    t.same(endpoint(after, 'vm1'), { ...before, ...resets, ...changes });
    t.same(endpoint(after, 'vm2'), { ...before, ...resets, LocalPort: 8081, ...changes }, 'on every machine');
    t.same(endpoint(after, 'vm1', 'SSH'), endpoint(deployment, 'vm1', 'SSH'), 'and on nothing else');
  });
}

const refusals: [title: string, requests: InputEndpointRequest[], text: string][] = [
  [
    'a set’s name is required',
    [{ Port: 80 }],
    '400 BadRequest: InputEndpoint has a missing, misspelled or out of order element.',
  ],
  [
    'a set nobody belongs to',
    [{ LoadBalancedEndpointSetName: 'other' }],
    "400 BadRequest: No endpoint of the deployment belongs to LB set 'other'.",
  ],
  [
    'a port out of range',
    [{ LoadBalancedEndpointSetName: 'LBSet1', Port: 65536 }],
    "400 BadRequest: Value '65536' specified for parameter 'Port' is invalid. Allowed values are 'a number between 1 to 65535'.",
  ],
  [
    'probe port 0',
    [{ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerProbe: { Port: 0, Protocol: 'tcp' } }],
    "400 BadRequest: Value '0' specified for parameter 'LoadBalancerProbe.Port' is invalid. Allowed values are 'a number between 1 to 65535'.",
  ],
  [
    'an HTTP probe without a path',
    [{ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerProbe: { Port: 80, Protocol: 'http' } }],
    "400 BadRequest: The value for parameter 'LoadBalancerProbe.Path' is required for protocol 'http' and not allowed for 'tcp'.",
  ],
  [
    'an idle timeout of three minutes',
    [{ LoadBalancedEndpointSetName: 'LBSet1', IdleTimeoutInMinutes: 3 }],
    "400 BadRequest: Value '3' specified for parameter 'IdleTimeoutInMinutes' is invalid. Allowed values are 'a number between 4 to 30'.",
  ],
  [
    'an ACL rule without an order',
    [
      {
        LoadBalancedEndpointSetName: 'LBSet1',
        EndpointAcl: { Rules: [{ Action: 'deny', RemoteSubnet: '10.0.0.0/8' }] },
      },
    ],
    "400 BadRequest: The value for parameter 'EndpointAcl.Rules.Rule.Order' is null or empty.",
  ],
  [
    'a local port that another endpoint of the machine has',
    [{ LoadBalancedEndpointSetName: 'LBSet1', LocalPort: 22 }],
    "400 BadRequest: Local port 22 is already in use by endpoint 'SSH' of role 'vm1'.",
  ],
  [
    'an internal load balancer that is not there',
    [{ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerName: 'ilb9' }],
    "400 BadRequest: Endpoint 'LBSet1' names the load balancer 'ilb9', which the deployment does not have.",
  ],
  [
    'two sets on one port',
    [{ LoadBalancedEndpointSetName: 'LBSet1' }, { LoadBalancedEndpointSetName: 'LBSet1' }],
    "400 BadRequest: The request has more than one endpoint with port '80' and protocol 'tcp'.",
  ],
];

for (const [title, requests, text] of refusals) {
  t.test(`UpdateLbSet refuses ${title}`, async (t) =>
    t.equal(
      refusal(() => update(...requests)),
      text,
    ),
  );
}

t.test('UpdateLbSet refuses the public port of another endpoint', async (t) => {
  const open = deploymentWith({
    roles: {
      vm1: [
        { ...ssh, LoadBalancedEndpointSetName: 'a' },
        { ...ssh, Name: 'web', Port: 80, LocalPort: 80 },
      ],
    },
  });
  t.match(
    refusal(() => updateLoadBalancedSets(open, [{ LoadBalancedEndpointSetName: 'a', Port: 80 }])),
    /Port 80 is already in use/,
  );
});

t.test('several sets change together or not at all', async (t) => {
  const sets = deploymentWith({
    roles: {
      vm1: [
        { ...ssh, LoadBalancedEndpointSetName: 'a' },
        { ...ssh, Name: 'web', Port: 80, LocalPort: 80, LoadBalancedEndpointSetName: 'b' },
      ],
    },
  });
  const swapped = updateLoadBalancedSets(sets, [
    { LoadBalancedEndpointSetName: 'a', Port: 80 },
    { LoadBalancedEndpointSetName: 'b', Port: 22 },
  ]);
  t.same(
    swapped.roles[0]?.InputEndpoints.map(({ Name, Port }) => [Name, Port]),
    [
      ['SSH', 80],
      ['web', 22],
    ],
  );
  const half = [{ LoadBalancedEndpointSetName: 'a', Port: 81 }, { LoadBalancedEndpointSetName: 'c' }];
  t.match(
    refusal(() => updateLoadBalancedSets(sets, half)),
    /LB set 'c'/,
  );
  t.equal(updateLoadBalancedSets(sets, []).roles[0]?.InputEndpoints[0]?.Port, 22, 'an empty list changes nothing');
});
