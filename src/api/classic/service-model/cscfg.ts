/** Reads instance counts and networking from a .cscfg. Imitates "Azure Cloud Services Config Schema (.cscfg File)". */
import { checkAcl, checkPublicIp } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type { PublicIp, ServiceConfiguration } from '../../../resources/Microsoft.ClassicCompute/types.js';
import {
  childElement,
  childElements,
  decodeXml,
  escapeAttribute,
  escapeText,
  readXml,
  type XmlElement,
} from '../xml/xml.js';
import { Attributes, readServiceModel, refuseUnknownWithin, within } from './attributes.js';

const attributesOf = (element: XmlElement): Attributes => new Attributes('configuration', element);

function readRule(element: XmlElement) {
  const attributes = attributesOf(element);
  return {
    Order: attributes.number('order', { min: 0, max: 65535 }),
    Action: attributes.oneOf('action', ['permit', 'deny']),
    RemoteSubnet: attributes.optional('remoteSubnet'),
    Description: attributes.optional('description'),
  };
}

function readAccessControl(element: XmlElement): ServiceConfiguration['accessControls'][number] {
  const name = attributesOf(element).required('name');
  return { name, rules: checkAcl({ Rules: childElements(element, 'Rule').map(readRule) }, name)?.Rules ?? [] };
}

function readPublicIp(element: XmlElement): PublicIp {
  const attributes = attributesOf(element);
  return checkPublicIp({
    Name: attributes.required('name'),
    IdleTimeoutInMinutes: attributes.number('idleTimeoutInMinutes', { min: 4, max: 30 }),
    DomainNameLabel: attributes.optional('domainNameLabel'),
  });
}

function readLoadBalancer(element: XmlElement): ServiceConfiguration['loadBalancers'][number] {
  const attributes = attributesOf(element);
  const frontend = childElement(element, 'FrontendIPConfiguration');
  if (!frontend) throw attributes.refuse('A LoadBalancer needs a FrontendIPConfiguration.');
  const settings = attributesOf(frontend);
  return {
    Name: attributes.required('name'),
    FrontendIpConfiguration: {
      Type: settings.oneOf('type', ['Private']) ?? 'Private',
      SubnetName: settings.optional('subnet'),
      StaticVirtualNetworkIPAddress: settings.optional('staticVirtualNetworkIPAddress'),
    },
  };
}

/** The children of each element of a .cscfg that has any. Those of a role's settings and certificates are not read. */
const children: ReadonlyMap<string, readonly string[]> = new Map([
  ['ServiceConfiguration', ['Role', 'NetworkConfiguration']],
  ['Role', ['OsImage', 'Instances', 'ConfigurationSettings', 'Certificates']],
  [
    'NetworkConfiguration',
    ['AccessControls', 'EndpointAcls', 'Dns', 'VirtualNetworkSite', 'AddressAssignments', 'LoadBalancers'],
  ],
  ['AccessControls', ['AccessControl']],
  ['AccessControl', ['Rule']],
  ['EndpointAcls', ['EndpointAcl']],
  ['Dns', ['DnsServers']],
  ['DnsServers', ['DnsServer']],
  ['AddressAssignments', ['InstanceAddress', 'ReservedIPs']],
  ['InstanceAddress', ['Subnets', 'PublicIPs']],
  ['Subnets', ['Subnet']],
  ['PublicIPs', ['PublicIP']],
  ['ReservedIPs', ['ReservedIP']],
  ['LoadBalancers', ['LoadBalancer']],
  ['LoadBalancer', ['FrontendIPConfiguration']],
]);

/** An element in lines as .NET writes them, without comments. */
function lines(element: XmlElement, indent = ''): string[] {
  const attributes = [...element.attributes].map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
  const start = `${indent}<${element.name}${attributes}`;
  const text = escapeText(element.text.trim());
  if (element.children.length === 0) return [text === '' ? `${start} />` : `${start}>${text}</${element.name}>`];
  const inner = element.children.flatMap((child) => lines(child, `${indent}  `));
  return [`${start}>`, ...inner, `${indent}</${element.name}>`];
}

/** `parent` with the child called `name` replaced by what `change` makes of it; an absent one comes in schema order. */
function withChild(
  parent: XmlElement,
  name: string,
  change: (child: XmlElement | undefined) => XmlElement | undefined,
): XmlElement {
  const order = children.get(parent.name) ?? [];
  const others = parent.children.filter((child) => child.name !== name);
  const changed = change(childElement(parent, name));
  const all = changed ? [...others, changed] : others;
  const rank = (child: XmlElement) => order.indexOf(child.name);
  return { ...parent, children: all.sort((a, b) => rank(a) - rank(b)) };
}

const emptyElement = (name: string): XmlElement => ({
  name,
  namespace: '',
  attributes: new Map(),
  children: [],
  text: '',
  line: 0,
  column: 0,
});

/**
 * A .cscfg in base64 that names the reserved IP, or none. Recorded: after an association the configuration of a deployment
 * names the address, written anew.
 */
export function withReservedIp(Configuration: string, reservedIp: string | undefined): string {
  const root = readXml(decodeXml(Buffer.from(Configuration, 'base64')));
  const named = reservedIp && { ...emptyElement('ReservedIP'), attributes: new Map([['name', reservedIp]]) };
  const list = named && { ...emptyElement('ReservedIPs'), children: [named] };
  const orNothing = (element: XmlElement) => (element.children.length > 0 ? element : undefined);
  const changed = withChild(root, 'NetworkConfiguration', (network = emptyElement('NetworkConfiguration')) =>
    orNothing(
      withChild(network, 'AddressAssignments', (assignments = emptyElement('AddressAssignments')) =>
        orNothing(withChild(assignments, 'ReservedIPs', () => list || undefined)),
      ),
    ),
  );
  return Buffer.from(lines(changed).join('\r\n')).toString('base64');
}

/** The attributes of the elements that are about networking. */
const attributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['Instances', ['count']],
  ['AccessControl', ['name']],
  ['Rule', ['order', 'action', 'remoteSubnet', 'description']],
  ['EndpointAcl', ['role', 'endPoint', 'accessControl']],
  ['DnsServer', ['name', 'IPAddress']],
  ['VirtualNetworkSite', ['name']],
  ['InstanceAddress', ['roleName']],
  ['Subnet', ['name']],
  ['PublicIP', ['name', 'idleTimeoutInMinutes', 'domainNameLabel']],
  ['ReservedIP', ['name']],
  ['LoadBalancer', ['name']],
  ['FrontendIPConfiguration', ['type', 'subnet', 'staticVirtualNetworkIPAddress']],
]);

/** What a .cscfg says about instances and networking; its other settings are none of a load balancer's business. */
export function readServiceConfiguration(text: string): ServiceConfiguration {
  const root = readServiceModel('configuration', text);
  refuseUnknownWithin('configuration', root, { children, attributes });
  const ofRoot = attributesOf(root);
  const network = childElement(root, 'NetworkConfiguration');
  const site = network && childElement(network, 'VirtualNetworkSite');
  const assignments = network && childElement(network, 'AddressAssignments');
  const name = (element: XmlElement) => attributesOf(element).required('name');
  const reservedIps = within(assignments, 'ReservedIPs', 'ReservedIP').map(name);
  if (reservedIps.length > 1) throw ofRoot.refuse('A deployment has one ReservedIP at most.');
  return {
    serviceName: ofRoot.optional('serviceName') ?? '',
    osFamily: ofRoot.optional('osFamily') ?? '1',
    roles: childElements(root, 'Role').map((role) => {
      const instances = childElement(role, 'Instances');
      const count = instances && attributesOf(instances).number('count', { min: 0, max: 1000 });
      return { name: name(role), instances: count ?? 1 };
    }),
    thumbprints: childElements(root, 'Role').flatMap((role) =>
      within(role, 'Certificates', 'Certificate').map((element) => attributesOf(element).required('thumbprint')),
    ),
    accessControls: within(network, 'AccessControls', 'AccessControl').map(readAccessControl),
    endpointAcls: within(network, 'EndpointAcls', 'EndpointAcl').map((element) => {
      const entry = attributesOf(element);
      const endpoint = entry.optional('endPoint') ?? entry.required('endpoint');
      return { role: entry.required('role'), endpoint, accessControl: entry.required('accessControl') };
    }),
    virtualNetworkSite: site && name(site),
    instanceAddresses: (assignments ? childElements(assignments, 'InstanceAddress') : []).map((element) => ({
      roleName: attributesOf(element).required('roleName'),
      subnets: within(element, 'Subnets', 'Subnet').map(name),
      publicIps: within(element, 'PublicIPs', 'PublicIP').map(readPublicIp),
    })),
    reservedIps,
    loadBalancers: within(network, 'LoadBalancers', 'LoadBalancer').map(readLoadBalancer),
  };
}
