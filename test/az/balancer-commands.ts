/** The commands with which az makes, changes and shows load balancers and what belongs to them. */
import type { Test } from 'tap';
import type { AzureCli } from './azure-cli.js';

/** What a command is about, the command, and what its JSON has to contain. */
type Step = readonly [title: string, command: string, expected?: unknown];

const g = '-g tour';
const lb = `${g} --lb-name lb`;

const surroundings: readonly Step[] = [
  [
    'the signed-in account',
    'account show',
    { environmentName: 'Lazurite', state: 'Enabled', user: { type: 'servicePrincipal' } },
  ],
  ['locations', 'account list-locations --query "[?name==\'westeurope\']"', [{ displayName: 'West Europe' }]],
  [
    'a group',
    'group create -n tour -l westeurope --tags a=b',
    { name: 'tour', properties: { provisioningState: 'Succeeded' } },
  ],
  ['whether a group exists', 'group exists -n nowhere', false],
  [
    'a zonal address',
    `network public-ip create ${g} -n zonal --sku Standard --zone 1`,
    { publicIp: { zones: ['1'], ipAddress: /^127\./ } },
  ],
  [
    'a network',
    `network vnet create ${g} -n vnet --address-prefix 10.21.0.0/16 --subnet-name one --subnet-prefix 10.21.1.0/24`,
    { newVNet: { subnets: [{ name: 'one' }] } },
  ],
  [
    'a subnet',
    `network vnet subnet create ${g} --vnet-name vnet -n two --address-prefixes 10.21.2.0/24`,
    { addressPrefix: '10.21.2.0/24' },
  ],
];

const balancer: readonly Step[] = [
  [
    'a balancer with an address of its own',
    `network lb create ${g} -n lb --sku Standard --public-ip-address fresh --frontend-ip-name fe --backend-pool-name be`,
    { loadBalancer: { frontendIPConfigurations: [{ name: 'fe' }], provisioningState: 'Succeeded' } },
  ],
  [
    'an internal balancer',
    `network lb create ${g} -n inner --sku Standard --vnet-name vnet --subnet one --frontend-ip-name fe --backend-pool-name be`,
    { loadBalancer: { frontendIPConfigurations: [{ properties: { privateIPAddress: '10.21.1.4' } }] } },
  ],
  ['balancers of the subscription', 'network lb list --query "[].name | sort(@)"', ['inner', 'lb']],
  [
    'a TCP probe',
    `network lb probe create ${lb} -n tcp --protocol tcp --port 81 --interval 15`,
    { protocol: 'Tcp', intervalInSeconds: 15 },
  ],
  [
    'an HTTP probe',
    `network lb probe create ${lb} -n http --protocol http --port 81 --path /up --interval 5 --threshold 3`,
    { requestPath: '/up' },
  ],
  [
    'a rule',
    `network lb rule create ${lb} -n web --protocol Tcp --frontend-port 9080 --backend-port 81 --frontend-ip-name fe --backend-pool-name be --probe-name http --idle-timeout 10 --enable-tcp-reset true`,
    { idleTimeoutInMinutes: 10, enableTcpReset: true, loadDistribution: 'Default' },
  ],
  [
    'session persistence',
    `network lb rule update ${lb} -n web --load-distribution SourceIPProtocol`,
    { loadDistribution: 'SourceIPProtocol', idleTimeoutInMinutes: 10 },
  ],
  [
    'any property by its path',
    `network lb rule update ${lb} -n web --set idleTimeoutInMinutes=12`,
    { idleTimeoutInMinutes: 12, loadDistribution: 'SourceIPProtocol' },
  ],
  ['rules', `network lb rule list ${lb} --query [].name`, ['web']],
];

const members: readonly Step[] = [
  [
    'a pool of addresses',
    `network lb address-pool create ${lb} -n addresses --vnet vnet --backend-address name=a ip-address=10.21.2.4 --backend-address name=b ip-address=10.21.2.5`,
    { loadBalancerBackendAddresses: [{ ipAddress: '10.21.2.4' }, { ipAddress: '10.21.2.5' }] },
  ],
  [
    'one more address',
    `network lb address-pool address add ${lb} --pool-name addresses -n c --vnet vnet --ip-address 10.21.2.6`,
    { loadBalancerBackendAddresses: [{}, {}, { ipAddress: '10.21.2.6' }] },
  ],
  ['a pool', `network lb address-pool show ${lb} -n be`, { name: 'be', loadBalancingRules: [{ id: /web$/ }] }],
  ['pools', `network lb address-pool list ${lb} --query "[].name | sort(@)"`, ['addresses', 'be']],
  ['the end of a pool', `network lb address-pool delete ${lb} -n addresses`],
  [
    'an interface in a pool',
    `network nic create ${g} -n nic --vnet-name vnet --subnet one --lb-name lb --lb-address-pools be`,
    { NewNIC: { ipConfigurations: [{ privateIpAddress: '10.21.1.5' }] } },
  ],
  [
    'an interface that joins a pool later',
    `network nic ip-config address-pool add ${g} --nic-name nic --ip-config-name ipconfig1 --lb-name inner --address-pool be`,
    { loadBalancerBackendAddressPools: [{}, {}] },
  ],
  ['an interface', `network nic show ${g} -n nic`, { name: 'nic', primary: null, provisioningState: 'Succeeded' }],
];

const further: readonly Step[] = [
  ['a second frontend', `network lb frontend-ip create ${lb} -n fe2 --public-ip-address zonal`, { name: 'fe2' }],
  [
    'an inbound NAT rule',
    `network lb inbound-nat-rule create ${lb} -n ssh --protocol Tcp --frontend-port 9022 --backend-port 22 --frontend-ip fe`,
    { frontendPort: 9022, backendPort: 22 },
  ],
  [
    'an outbound rule',
    `network lb outbound-rule create ${lb} -n out --protocol All --frontend-ip-configs fe2 --address-pool be --outbound-ports 1024`,
    { allocatedOutboundPorts: 1024 },
  ],
  [
    'a security group',
    `network nsg create ${g} -n nsg`,
    { NewNSG: { defaultSecurityRules: [{}, {}, {}, {}, {}, {}] } },
  ],
  [
    'a security rule',
    `network nsg rule create ${g} --nsg-name nsg -n web --priority 100 --destination-port-ranges 80 443 --access Allow --protocol Tcp`,
    { priority: 100 },
  ],
  ['tags', `network lb update ${g} -n lb --set tags.team=net`, { tags: { team: 'net' } }],
  [
    'any request',
    `rest --method get --url "/subscriptions/{subscriptionId}/resourceGroups/tour?api-version=2021-04-01"`,
    { tags: { a: 'b' } },
  ],
  [
    'resources of a group',
    `resource list ${g} --query "[?type=='Microsoft.Network/loadBalancers'].name"`,
    ['inner', 'lb'],
  ],
  ['a provider', 'provider show -n Microsoft.Network --query registrationState', 'Registered'],
  ['the end of a balancer', `network lb delete ${g} -n inner`],
];

/** Runs each command and looks at what it prints. */
export async function balancerCommands(t: Test, cli: AzureCli): Promise<void> {
  for (const [title, command, expected] of [...surroundings, ...balancer, ...members, ...further]) {
    const [, ...words] = /^(\S+ (?:[a-z-]+ )*)/.exec(`${command} `) ?? [];
    const name = `${words[0]?.trim()}: ${title}`;
    const printed = await cli.json(command);
    if (expected === undefined) t.equal(printed, undefined, name);
    else t.match(printed, expected, name);
  }
  const missing = await cli.shell(`az network lb show ${g} -n nowhere`);
  t.match(missing, { code: 3, stderr: /ResourceNotFound/ }, 'network lb show: what is not there is exit code 3');
}
