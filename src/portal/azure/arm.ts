/** Azure Resource Manager as the portal uses it: ids, reads, writes with If-Match, long-running operations. */
import { type Answer, type AzureErrorBody, getJson, type PlannedRequest, RequestError, send } from './http.js';

/** The api-versions that the portal speaks. */
export const networkVersion = '2024-05-01';
export const computeVersion = '2024-07-01';
export const resourcesVersion = '2021-04-01';

export interface Reference {
  readonly id: string;
}

export interface ArmResource<P = Record<string, unknown>> {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly etag?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku?: { readonly name: string; readonly tier?: string };
  readonly zones?: readonly string[];
  readonly properties: P;
}

export interface Child<P> {
  name: string;
  id?: string;
  etag?: string;
  type?: string;
  zones?: string[];
  properties: P;
}

export interface FrontendIPConfiguration {
  privateIPAddress?: string;
  privateIPAllocationMethod?: string;
  privateIPAddressVersion?: string;
  subnet?: Reference;
  publicIPAddress?: Reference;
  publicIPPrefix?: Reference;
  loadBalancingRules?: Reference[];
  inboundNatRules?: Reference[];
  outboundRules?: Reference[];
}

export interface BackendAddress {
  name: string;
  properties: {
    ipAddress?: string;
    virtualNetwork?: Reference;
    subnet?: Reference;
    networkInterfaceIPConfiguration?: Reference;
    adminState?: 'None' | 'Up' | 'Down';
    inboundNatRulesPortMapping?: {
      inboundNatRuleName: string;
      frontendPort: number;
      backendPort: number;
    }[];
  };
}

export interface BackendAddressPool {
  loadBalancerBackendAddresses?: BackendAddress[];
  backendIPConfigurations?: Reference[];
  loadBalancingRules?: Reference[];
  outboundRules?: Reference[];
  inboundNatRules?: Reference[];
  syncMode?: string;
  virtualNetwork?: Reference;
}

export interface Probe {
  protocol: 'Tcp' | 'Http' | 'Https';
  port: number;
  requestPath?: string;
  intervalInSeconds?: number;
  numberOfProbes?: number;
  probeThreshold?: number;
  loadBalancingRules?: Reference[];
}

export type LoadDistribution = 'Default' | 'SourceIP' | 'SourceIPProtocol';

export interface LoadBalancingRule {
  frontendIPConfiguration?: Reference;
  backendAddressPool?: Reference;
  backendAddressPools?: Reference[];
  probe?: Reference;
  protocol: 'Tcp' | 'Udp' | 'All';
  loadDistribution?: LoadDistribution;
  frontendPort: number;
  backendPort?: number;
  idleTimeoutInMinutes?: number;
  enableFloatingIP?: boolean;
  enableTcpReset?: boolean;
  disableOutboundSnat?: boolean;
}

export interface InboundNatRule {
  frontendIPConfiguration?: Reference;
  backendAddressPool?: Reference;
  backendIPConfiguration?: Reference;
  protocol: 'Tcp' | 'Udp' | 'All';
  frontendPort?: number;
  frontendPortRangeStart?: number;
  frontendPortRangeEnd?: number;
  backendPort: number;
  idleTimeoutInMinutes?: number;
  enableFloatingIP?: boolean;
  enableTcpReset?: boolean;
}

export interface OutboundRule {
  frontendIPConfigurations: Reference[];
  backendAddressPool: Reference;
  protocol: 'Tcp' | 'Udp' | 'All';
  allocatedOutboundPorts?: number;
  idleTimeoutInMinutes?: number;
  enableTcpReset?: boolean;
}

export interface LoadBalancerProperties {
  provisioningState?: string;
  resourceGuid?: string;
  frontendIPConfigurations: Child<FrontendIPConfiguration>[];
  backendAddressPools: Child<BackendAddressPool>[];
  loadBalancingRules: Child<LoadBalancingRule>[];
  probes: Child<Probe>[];
  inboundNatRules: Child<InboundNatRule>[];
  outboundRules: Child<OutboundRule>[];
  inboundNatPools?: Child<Record<string, unknown>>[];
}

export type LoadBalancer = ArmResource<LoadBalancerProperties>;

/** The collections of a load balancer that the portal edits. */
export type Collection =
  | 'frontendIPConfigurations'
  | 'backendAddressPools'
  | 'loadBalancingRules'
  | 'probes'
  | 'inboundNatRules'
  | 'outboundRules';

export interface Subscription {
  readonly subscriptionId: string;
  readonly displayName: string;
}

/** The parts of an id that people read. */
export function readId(id: string) {
  const parts = id.split('/');
  const lower = parts.map((part) => part.toLowerCase());
  const after = (word: string): string => parts[lower.indexOf(word) + 1] ?? '';
  const provider = lower.lastIndexOf('providers');
  const types = parts.slice(provider + 2).filter((_, index) => index % 2 === 0);
  return {
    subscriptionId: lower.includes('subscriptions') ? after('subscriptions') : '',
    resourceGroup: lower.includes('resourcegroups') ? after('resourcegroups') : '',
    type: provider < 0 ? '' : `${parts[provider + 1]}/${types.join('/')}`,
    name: parts.at(-1) ?? '',
    /** The id of the top-level resource. */
    root: provider < 0 ? id : parts.slice(0, provider + 4).join('/'),
    rootName: provider < 0 ? '' : (parts[provider + 3] ?? ''),
  };
}

export const sameId = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && one.toLowerCase() === other?.toLowerCase();

/** The name at the end of a referenced id. */
export const nameOf = (reference: Reference | undefined): string => (reference ? readId(reference.id).name : '');

/** The api-version for a resource's type. */
export function versionFor(id: string): string {
  const { type } = readId(id);
  if (/^microsoft\.network\//i.test(type)) return networkVersion;
  if (/^microsoft\.compute\//i.test(type)) return computeVersion;
  return resourcesVersion;
}

export const armUrl = (id: string, apiVersion = versionFor(id), more = ''): string =>
  `${id}?api-version=${apiVersion}${more}`;

interface Page<T> {
  readonly value: T[];
  readonly nextLink?: string;
}

/** Every page of a list. */
export async function listAll<T>(url: string): Promise<T[]> {
  const all: T[] = [];
  for (let next: string | undefined = url; next; ) {
    const page: Page<T> = await getJson<Page<T>>(next);
    all.push(...page.value);
    const link: string | undefined = page.nextLink;
    next = link === undefined ? undefined : new URL(link).pathname + new URL(link).search;
  }
  return all;
}

/** A PUT that only succeeds while the resource is as it was read. */
export const putRequest = (resource: ArmResource<unknown>): PlannedRequest => ({
  method: 'PUT',
  url: armUrl(resource.id),
  body: resource,
  ...(resource.etag === undefined ? {} : { headers: { 'if-match': resource.etag } }),
});

interface OperationStatus {
  readonly status: string;
  readonly error?: AzureErrorBody;
}

/** Milliseconds between two questions about a long operation. */
const pollMs = 500;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pollMs));
const pathOf = (url: string): string => new URL(url).pathname + new URL(url).search;

/** Waits for the operation that an answer names. Throws `RequestError` when it fails. */
async function settled(operation: string, request: PlannedRequest): Promise<void> {
  for (;;) {
    const body = await getJson<OperationStatus>(pathOf(operation));
    const { status, error } = body;
    if (status === 'Succeeded') return;
    if (status === 'Failed' || status === 'Canceled') {
      throw new RequestError(200, error ?? { code: status, message: `The operation is ${status}.` }, request, body);
    }
    await pause();
  }
}

/** Sends a write and waits until Azure would call it done. The answer is the request's own; of a POST its result. */
export async function write(request: PlannedRequest): Promise<Answer> {
  const answer = await send(request);
  const operation = answer.headers.get('azure-asyncoperation');
  if (operation !== null) await settled(operation, request);
  const result = answer.headers.get('location');
  if (request.method !== 'POST' || answer.status !== 202 || result === null) return answer;
  for (;;) {
    const next = await send({ method: 'GET', url: pathOf(result) });
    if (next.status !== 202) return next;
    await pause();
  }
}
