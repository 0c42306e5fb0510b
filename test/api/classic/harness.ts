/** A classic API over a store in memory, with a clock that only tests move, and shorthand for talking to it. */
import type { LightMyRequestResponse } from 'fastify';
import { type ClassicPluginOptions, classicPlugin } from '../../../src/api/classic/plugin.js';
import { readXml, type XmlElement } from '../../../src/api/classic/xml/xml.js';
import { createServer } from '../../../src/http/server.js';
import { lowestFreeAddress } from '../../../src/resources/Microsoft.ClassicCompute/addresses.js';
import { Store } from '../../../src/store/store.js';
import { Clock } from '../../../src/support/clock.js';
import { newGuid } from '../../../src/support/ids.js';
import { manualTime } from '../../manual-time.js';
import { planOf } from './model.js';

export const subscription = '11111111-2222-3333-4444-555555555555';
export const azureXmlns = 'xmlns="http://schemas.microsoft.com/windowsazure"';

/** An empty store that lives in memory. */
export const inMemoryStore = (): Store =>
  new Store({ publicPrefix: { IPv4: '127.255.0.0/16', IPv6: 'fd7f:1a2b::/48' } });

export interface HarnessOptions extends Partial<Omit<ClassicPluginOptions, 'store'>> {
  readonly startMs?: number;
  readonly store?: Store;
}

export interface CallOptions {
  readonly version?: string | undefined;
  readonly body?: string | undefined;
  readonly subscriptionId?: string;
}

/** A running classic API. */
export function startClassic({ startMs, ...options }: HarnessOptions = {}) {
  const clock = options.clock ?? new Clock({ source: manualTime(startMs) });
  const store = options.store ?? inMemoryStore();
  const server = createServer({ clock, tlsNames: ['management.example'] });
  server.app.register(classicPlugin, {
    clock,
    store,
    newGuid,
    publicAddresses: { allocate: (taken) => lowestFreeAddress('127.255.0.0/16', taken) },
    privateAddressPool: '10.64.0.0/16',
    packages: async () => {
      throw new Error('no package in this test');
    },
    config: { operationDelayMs: 0 },
    dataPlane: { classicChanged: async () => {} },
    ...options,
  });

  async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, request: CallOptions = {}) {
    const { version = '2015-04-01', body, subscriptionId = subscription } = request;
    const headers: Record<string, string> = { host: 'management.example', ...(version && { 'x-ms-version': version }) };
    if (body !== undefined) headers['content-type'] = 'application/xml';
    return server.app.inject({
      method,
      url: `/${subscriptionId}${path}`,
      headers,
      ...(body !== undefined && { payload: body }),
    });
  }

  return {
    clock,
    store,
    app: server.app,
    call,
    get: (path: string, request?: CallOptions) => call('GET', path, request),
    post: (path: string, body: string, request?: CallOptions) => call('POST', path, { ...request, body }),
    put: (path: string, body: string, request?: CallOptions) => call('PUT', path, { ...request, body }),
    delete: (path: string, request?: CallOptions) => call('DELETE', path, request),
    /** The operation that `response` started, as its status document. */
    async operation(response: LightMyRequestResponse): Promise<XmlElement> {
      const polled = await call('GET', `/operations/${String(response.headers['x-ms-request-id'])}`);
      return readXml(polled.body);
    },
    plan: () => planOf(...store.classic.list('hostedService')),
    close: () => server.close(),
  };
}

export type Classic = ReturnType<typeof startClassic>;

/** The text of the first element called `name` anywhere in `element`. */
export function textOf(element: XmlElement, name: string): string | undefined {
  if (element.name === name) return element.text;
  for (const child of element.children) {
    const found = textOf(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An InputEndpoint from its parts, in the order given. */
export const endpointXml = (parts: Readonly<Record<string, string | number>>): string => {
  const members = Object.entries(parts).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<InputEndpoint>${members.join('')}</InputEndpoint>`;
};

/** A role with endpoints, named `Role` or `PersistentVMRole`. */
export const roleXml = (
  element: 'Role' | 'PersistentVMRole',
  { name, endpoints = '', network = '' }: { name: string; endpoints?: string; network?: string },
): string => {
  const xmlns = element === 'Role' ? '' : ` ${azureXmlns}`;
  const set = `<ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>${endpoints}</InputEndpoints>${network}</ConfigurationSet>`;
  return `<${element}${xmlns}><RoleName>${name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets>${set}</ConfigurationSets><RoleSize>Small</RoleSize></${element}>`;
};

/** A body of Create Virtual Machine Deployment. */
export const deploymentXml = ({ name, roles, rest = '' }: { name: string; roles: string; rest?: string }): string =>
  `<Deployment ${azureXmlns}><Name>${name}</Name><DeploymentSlot>Production</DeploymentSlot><Label>${name}</Label><RoleList>${roles}</RoleList>${rest}</Deployment>`;

export const createServiceXml = (name: string): string =>
  `<CreateHostedService ${azureXmlns}><ServiceName>${name}</ServiceName><Label>bXlTdmM=</Label><Location>West US</Location></CreateHostedService>`;

/** A body of UpdateLbSet. */
export const setsXml = (...endpoints: string[]): string =>
  `<LoadBalancedEndpointList ${azureXmlns}>${endpoints.join('')}</LoadBalancedEndpointList>`;
