/** Reads what a .csdef says about networking. Imitates "Azure Cloud Services Definition Schema (.csdef File)". */
import { checkEndpointProbe } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  CloudServiceEndpoint,
  InstanceInputEndpoint,
  RoleDefinition,
  ServiceDefinition,
} from '../../../resources/Microsoft.ClassicCompute/types.js';
import { childElement, childElements, type XmlElement } from '../xml/xml.js';
import { Attributes, readServiceModel, refuseUnknown, refuseUnknownWithin } from './attributes.js';

const portNumber = { min: 1, max: 65535 };
const maxInputEndpoints = 25;

function readProbe(element: XmlElement): ServiceDefinition['probes'][number] {
  const attributes = new Attributes('definition', element);
  const port = attributes.number('port', portNumber);
  const probe = checkEndpointProbe({
    Protocol: attributes.oneOf('protocol', ['http', 'tcp']),
    Path: attributes.optional('path'),
    // Without a port, the endpoint's own is probed: 0 stands for it.
    Port: port ?? 1,
    IntervalInSeconds: attributes.number('intervalInSeconds', { min: 0, max: 2147483647 }),
    TimeoutInSeconds: attributes.number('timeoutInSeconds', { min: 0, max: 2147483647 }),
  });
  return { ...probe, Port: port ?? 0, name: attributes.required('name') };
}

function readInputEndpoint(element: XmlElement): CloudServiceEndpoint {
  const attributes = new Attributes('definition', element);
  const port = attributes.number('port', portNumber);
  const protocol = attributes.oneOf('protocol', ['http', 'https', 'tcp', 'udp']);
  if (port === undefined || protocol === undefined)
    throw attributes.refuse('An InputEndpoint needs port and protocol.');
  const anyPort = attributes.optional('localPort') === '*';
  return {
    name: attributes.required('name'),
    protocol,
    port,
    localPort: (anyPort ? undefined : attributes.number('localPort', portNumber)) ?? port,
    loadBalancerProbe: attributes.optional('loadBalancerProbe'),
    loadBalancer: attributes.optional('loadBalancer'),
    loadBalancerDistribution: attributes.oneOf('loadBalancerDistribution', ['sourceIP', 'sourceIPProtocol', 'none']),
    idleTimeoutInMinutes: attributes.number('idleTimeoutInMinutes', { min: 4, max: 30 }),
  };
}

function readInstanceInputEndpoint(element: XmlElement): InstanceInputEndpoint {
  const attributes = new Attributes('definition', element);
  const ports = childElement(element, 'AllocatePublicPortFrom');
  const range = ports && childElement(ports, 'FixedPortRange');
  if (!range) throw attributes.refuse('An InstanceInputEndpoint needs AllocatePublicPortFrom with a FixedPortRange.');
  const limits = new Attributes('definition', range);
  const localPort = attributes.number('localPort', portNumber);
  const [minPort, maxPort] = [limits.number('min', portNumber), limits.number('max', portNumber)];
  if (localPort === undefined || minPort === undefined || maxPort === undefined) {
    throw attributes.refuse('An InstanceInputEndpoint needs localPort, and its range min and max.');
  }
  const protocol = attributes.oneOf('protocol', ['tcp', 'udp']) ?? 'tcp';
  return { name: attributes.required('name'), protocol, localPort, minPort, maxPort };
}

/** Children that say nothing about load balancing: accepted, without effect. */
const withoutEffect = {
  root: ['WebRole', 'WorkerRole', 'LoadBalancerProbes', 'NetworkTrafficRules'],
  role: [
    'Endpoints',
    'InputEndpoints',
    'InternalEndpoint',
    'Imports',
    'Certificates',
    'ConfigurationSettings',
    'Contents',
    'LocalResources',
    'LocalStorage',
    'Runtime',
    'Sites',
    'Startup',
    'Task',
  ],
  endpoints: ['InputEndpoint', 'InternalEndpoint', 'InstanceInputEndpoint'],
};

/** The attributes of the elements that are about load balancing. */
const knownAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['LoadBalancerProbe', ['name', 'protocol', 'path', 'port', 'intervalInSeconds', 'timeoutInSeconds']],
  [
    'InputEndpoint',
    [
      'name',
      'protocol',
      'port',
      'localPort',
      'certificate',
      'ignoreRoleInstanceStatus',
      'loadBalancerProbe',
      'loadBalancer',
      'loadBalancerDistribution',
      'idleTimeoutInMinutes',
    ],
  ],
  ['InternalEndpoint', ['name', 'protocol', 'port']],
  ['InstanceInputEndpoint', ['name', 'localPort', 'protocol']],
  ['FixedPort', ['port']],
  ['FixedPortRange', ['min', 'max']],
]);

/** Their children. */
const knownChildren: ReadonlyMap<string, readonly string[]> = new Map([
  ['LoadBalancerProbes', ['LoadBalancerProbe']],
  ['LoadBalancerProbe', []],
  ['InputEndpoint', []],
  ['InternalEndpoint', ['FixedPort', 'FixedPortRange']],
  ['InstanceInputEndpoint', ['AllocatePublicPortFrom']],
  ['AllocatePublicPortFrom', ['FixedPortRange']],
]);

/** The SDK's modules, with the input endpoints that they add to a role. */
const modules: ReadonlyMap<string, readonly CloudServiceEndpoint[]> = new Map<string, readonly CloudServiceEndpoint[]>([
  ['caching', []],
  ['connect', []],
  ['diagnostics', []],
  ['remoteaccess', []],
  [
    'remoteforwarder',
    [
      {
        name: 'Microsoft.WindowsAzure.Plugins.RemoteForwarder.RdpInput',
        protocol: 'tcp',
        port: 3389,
        localPort: 20000,
      },
    ],
  ],
  [
    'webdeploy',
    [
      {
        name: 'Microsoft.WindowsAzure.Plugins.WebDeploy.InputEndpointForWebDeploy',
        protocol: 'tcp',
        port: 8172,
        localPort: 8172,
      },
    ],
  ],
]);

function importedEndpoints(role: XmlElement): readonly CloudServiceEndpoint[] {
  const imports = childElement(role, 'Imports');
  return (imports ? childElements(imports, 'Import') : []).flatMap((element) => {
    const attributes = new Attributes('definition', element);
    const name = attributes.required('moduleName');
    const endpoints = modules.get(name.toLowerCase());
    if (!endpoints) throw attributes.refuse(`The module ${name} is unknown, and so are the endpoints that it adds.`);
    return endpoints;
  });
}

function checkEndpointNames(
  root: Attributes,
  { name: roleName, inputEndpoints, instanceInputEndpoints }: RoleDefinition,
) {
  const names = new Set<string>();
  for (const { name } of [...inputEndpoints, ...instanceInputEndpoints]) {
    if (names.has(name.toLowerCase())) throw root.refuse(`Role ${roleName} has two endpoints called ${name}.`);
    names.add(name.toLowerCase());
  }
}

/** A certificate that an endpoint names is one of the role's. */
function checkCertificates(role: XmlElement, endpoints: readonly XmlElement[]): void {
  const list = childElement(role, 'Certificates');
  const known = (list ? childElements(list, 'Certificate') : []).map((certificate) =>
    new Attributes('definition', certificate).required('name').toLowerCase(),
  );
  for (const endpoint of endpoints) {
    const attributes = new Attributes('definition', endpoint);
    const name = attributes.optional('certificate');
    if (name !== undefined && !known.includes(name.toLowerCase()))
      throw attributes.refuse(
        `InputEndpoint ${attributes.required('name')} names the certificate ${name}, which its role does not have.`,
      );
  }
}

function readRole(element: XmlElement): RoleDefinition {
  const attributes = new Attributes('definition', element);
  refuseUnknown('definition', element, withoutEffect.role);
  // SDK 1.x had the endpoints in InputEndpoints, right in the role.
  const endpoints = ['Endpoints', 'InputEndpoints'].flatMap((name) => childElements(element, name));
  for (const one of endpoints) refuseUnknown('definition', one, withoutEffect.endpoints);
  const named = (name: string) => endpoints.flatMap((one) => childElements(one, name));
  checkCertificates(element, named('InputEndpoint'));
  return {
    name: attributes.required('name'),
    type: element.name === 'WebRole' ? 'WebRole' : 'WorkerRole',
    vmsize: attributes.optional('vmsize') ?? 'Small',
    inputEndpoints: [...named('InputEndpoint').map(readInputEndpoint), ...importedEndpoints(element)],
    instanceInputEndpoints: named('InstanceInputEndpoint').map(readInstanceInputEndpoint),
  };
}

/** The networking part of a .csdef. */
export function readServiceDefinition(text: string): ServiceDefinition {
  const root = readServiceModel('definition', text);
  refuseUnknownWithin('definition', root, { attributes: knownAttributes, children: knownChildren });
  const attributes = new Attributes('definition', root);
  const probes = childElement(root, 'LoadBalancerProbes');
  const definition: ServiceDefinition = {
    name: attributes.required('name'),
    upgradeDomainCount: attributes.number('upgradeDomainCount', { min: 1, max: 20 }) ?? 5,
    probes: probes ? childElements(probes, 'LoadBalancerProbe').map(readProbe) : [],
    roles: root.children.filter(({ name }) => name === 'WebRole' || name === 'WorkerRole').map(readRole),
  };
  refuseUnknown('definition', root, withoutEffect.root);
  const names = definition.roles.map(({ name }) => name.toLowerCase());
  const twice = definition.roles.find(({ name }, index) => names.indexOf(name.toLowerCase()) < index);
  if (twice) throw attributes.refuse(`There are two roles called ${twice.name}.`);
  if (definition.roles.length === 0) throw attributes.refuse('There is no WebRole and no WorkerRole.');
  const endpoints = definition.roles.flatMap(({ inputEndpoints }) => inputEndpoints);
  if (endpoints.length > maxInputEndpoints) throw attributes.refuse(`More than ${maxInputEndpoints} input endpoints.`);
  for (const role of definition.roles) checkEndpointNames(attributes, role);
  for (const { name, loadBalancerProbe: wanted } of endpoints) {
    const known = definition.probes.some((probe) => probe.name.toLowerCase() === wanted?.toLowerCase());
    if (wanted !== undefined && !known) {
      throw attributes.refuse(`InputEndpoint ${name} names the LoadBalancerProbe ${wanted}, which is not defined.`);
    }
  }
  return definition;
}
