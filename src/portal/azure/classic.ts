/** The classic Service Management API as the portal uses it: XML in, XML out. */
import { useQuery } from '@tanstack/react-query';
import { type Answer, errorOf, type PlannedRequest, RequestError, send } from './http.js';
import { inAllSubscriptions } from './queries.js';

export const classicVersion = '2014-10-01';
const namespace = 'http://schemas.microsoft.com/windowsazure';

export interface ClassicService {
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
}

export interface ClassicEndpoint {
  readonly role: string;
  readonly name: string;
  readonly set: string;
  readonly localPort: string;
  readonly port: string;
  readonly protocol: string;
  readonly vip: string;
  readonly distribution: string;
  readonly idleTimeout: string;
  readonly probe: { readonly protocol: string; readonly port: string; readonly path: string } | undefined;
  readonly acl: readonly string[];
}

export interface ClassicDeployment {
  readonly name: string;
  readonly slot: string;
  readonly status: string;
  readonly roles: readonly string[];
  readonly instances: readonly {
    readonly name: string;
    readonly role: string;
    readonly status: string;
    readonly address: string;
  }[];
  readonly virtualIps: readonly string[];
  readonly endpoints: readonly ClassicEndpoint[];
}

const text = (element: Element | null | undefined, name: string): string => {
  for (const child of element?.children ?? []) if (child.localName === name) return child.textContent ?? '';
  return '';
};
const child = (element: Element | null | undefined, name: string): Element | undefined =>
  [...(element?.children ?? [])].find(({ localName }) => localName === name);
const all = (element: Element | Document, name: string): Element[] => [...element.getElementsByTagNameNS('*', name)];

async function getXml(url: string): Promise<Document> {
  const { body } = await send<string>({ method: 'GET', url, headers: { 'x-ms-version': classicVersion } });
  return new DOMParser().parseFromString(body, 'application/xml');
}

/** Classic services of all subscriptions. */
const classicServices = (): Promise<ClassicService[]> =>
  inAllSubscriptions(async (subscriptionId) => {
    const document = await getXml(`/${subscriptionId}/services/hostedservices`);
    return all(document, 'HostedService').map((service) => ({
      subscriptionId,
      name: text(service, 'ServiceName'),
      location: text(child(service, 'HostedServiceProperties'), 'Location'),
    }));
  });

function endpointOf(role: string, element: Element): ClassicEndpoint {
  const probe = child(element, 'LoadBalancerProbe');
  return {
    role,
    name: text(element, 'Name'),
    set: text(element, 'LoadBalancedEndpointSetName'),
    localPort: text(element, 'LocalPort'),
    port: text(element, 'Port'),
    protocol: text(element, 'Protocol'),
    vip: text(element, 'Vip'),
    distribution: text(element, 'LoadBalancerDistribution'),
    idleTimeout: text(element, 'IdleTimeoutInMinutes'),
    probe: probe && { protocol: text(probe, 'Protocol'), port: text(probe, 'Port'), path: text(probe, 'Path') },
    acl: all(element, 'Rule').map(
      (rule) => `${text(rule, 'Order')} ${text(rule, 'Action')} ${text(rule, 'RemoteSubnet')}`,
    ),
  };
}

function deploymentOf(element: Element): ClassicDeployment {
  const roles = [...(child(element, 'RoleList')?.children ?? [])];
  return {
    name: text(element, 'Name'),
    slot: text(element, 'DeploymentSlot'),
    status: text(element, 'Status'),
    roles: roles.map((role) => text(role, 'RoleName')),
    instances: all(element, 'RoleInstance').map((instance) => ({
      name: text(instance, 'InstanceName'),
      role: text(instance, 'RoleName'),
      status: text(instance, 'InstanceStatus'),
      address: text(instance, 'IpAddress'),
    })),
    virtualIps: all(element, 'VirtualIP').map((ip) => text(ip, 'Address')),
    endpoints: roles.flatMap((role) =>
      all(role, 'InputEndpoint').map((one) => endpointOf(text(role, 'RoleName'), one)),
    ),
  };
}

/** The deployments of one service. */
export async function classicDeployments({ subscriptionId, name }: { subscriptionId: string; name: string }) {
  const document = await getXml(`/${subscriptionId}/services/hostedservices/${name}?embed-detail=true`);
  const list = all(document, 'Deployments')[0];
  return [...(list?.children ?? [])].map(deploymentOf);
}

export const useClassicServices = () => useQuery({ queryKey: ['classic', 'services'], queryFn: classicServices });

export const useClassicDeployments = (service: { subscriptionId: string; name: string }) =>
  useQuery({
    queryKey: ['classic', 'deployments', service.subscriptionId, service.name],
    queryFn: () => classicDeployments(service),
    refetchInterval: 5000,
  });

export interface SetChange {
  readonly distribution: string;
  readonly idleTimeout: string;
  readonly probe: { readonly protocol: string; readonly port: string; readonly path: string } | undefined;
}

const escapeXml = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const tag = (name: string, value: string): string => (value === '' ? '' : `<${name}>${escapeXml(value)}</${name}>`);

/** UpdateLbSet for one load-balanced set: the elements in the order that the schema asks for. */
export function updateLbSet(
  { subscriptionId, service, deployment }: { subscriptionId: string; service: string; deployment: string },
  { set, localPort, port, protocol }: ClassicEndpoint,
  change: SetChange,
): PlannedRequest {
  const probe =
    change.probe &&
    `<LoadBalancerProbe>${tag('Path', change.probe.path)}${tag('Port', change.probe.port)}${tag('Protocol', change.probe.protocol)}</LoadBalancerProbe>`;
  return {
    method: 'POST',
    url: `/${subscriptionId}/services/hostedservices/${service}/deployments/${deployment}?comp=UpdateLbSet`,
    headers: { 'x-ms-version': classicVersion, 'content-type': 'application/xml' },
    body: `<LoadBalancedEndpointList xmlns="${namespace}"><InputEndpoint>${tag('LoadBalancedEndpointSetName', set)}${tag('LocalPort', localPort)}${tag('Port', port)}${probe ?? ''}${tag('Protocol', protocol)}${tag('IdleTimeoutInMinutes', change.idleTimeout)}${tag('LoadBalancerDistribution', change.distribution)}</InputEndpoint></LoadBalancedEndpointList>`,
  };
}

/** Sends a classic write and waits for its operation. Throws `RequestError` when it failed. */
export const writeClassic =
  (subscriptionId: string) =>
  async (request: PlannedRequest): Promise<Answer> => {
    const answer = await send(request);
    const url = `/${subscriptionId}/operations/${answer.headers.get('x-ms-request-id')}`;
    for (;;) {
      const { status, body } = await send<string>({ method: 'GET', url, headers: { 'x-ms-version': classicVersion } });
      if (/<Status>Succeeded</.test(body)) return answer;
      if (/<Status>Failed</.test(body)) throw new RequestError(status, errorOf(status, body, body), request, body);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
