/** What the crash campaign writes: things that have a version, can be read back, and show when only half of one is there. */
import { readXml } from '../../src/api/classic/xml/xml.js';
import * as armKit from '../api/arm/resources/arm-client.js';
import * as classicKit from '../api/classic/harness.js';
import type { Answer } from '../built-emulator.js';

/** Sends a request; rejects when the connection ends without an answer. Objects are sent as JSON, texts as XML. */
export type Send = (method: string, path: string, body?: armKit.Json | string) => Promise<Answer>;

/** What is there: nothing, a version, or what a deployment left that was interrupted. */
export type State = number | 'interrupted' | undefined;

export interface Thing {
  readonly name: string;
  /** Versions that differ by a multiple of it look alike. */
  readonly modulus?: number;
  /** Writes a version as a whole; rejects unless it is acknowledged. */
  write(version: number): Promise<void>;
  remove?(): Promise<void>;
  /** Throws `Half`; so does a reading of several resources while they are written. */
  read(): Promise<State>;
}

/** What is there is no whole version. */
export class Half extends Error {}

const accepted = ({ status, text }: Answer, ...also: number[]): void => {
  if (status >= 300 && !also.includes(status)) throw new Error(`refused with ${status}: ${text}`);
};

const versioned = (path: string): string => `${path}?api-version=2024-05-01`;
const newest = (path: string): string => `${path}?api-version=2022-09-01`;

/** A load balancer whose version is its tag and the number of its probes and pools. */
function balancer(send: Send, owner: number): Thing {
  const path = versioned(`${armKit.network}/loadBalancers/lb${owner}`);
  const children = (version: number): number => 1 + (version % 10);
  return {
    name: `balancer ${owner}`,
    async write(version) {
      const several = Array.from({ length: children(version) }, (_, index) => index);
      const properties = {
        frontendIPConfigurations: [armKit.internalFrontend()],
        backendAddressPools: several.map((index) => ({ name: `pool${index}` })),
        probes: several.map((index) => armKit.probe(`probe${index}`, { port: index + 1 })),
      };
      accepted(
        await send('PUT', path, {
          location: 'westeurope',
          sku: { name: 'Standard' },
          tags: { v: String(version) },
          properties,
        }),
      );
    },
    remove: async () => accepted(await send('DELETE', path)),
    async read() {
      const { status, text } = await send('GET', path);
      if (status === 404) return undefined;
      const body = JSON.parse(text) as armKit.Json;
      const version = Number(armKit.at(body, 'tags.v'));
      const { probes, backendAddressPools, provisioningState } = body.properties as Record<string, armKit.Json[]>;
      const whole = probes?.length === children(version) && backendAddressPools?.length === children(version);
      if (!whole || String(provisioningState) !== 'Succeeded') throw new Half(text);
      return version;
    },
  };
}

const services = `/${classicKit.subscription}/services/hostedservices`;

/** A hosted service whose version is its label. */
function service(send: Send, owner: number): Thing {
  const name = `service${owner}`;
  return {
    name: `hosted service ${owner}`,
    async write(version) {
      const label = Buffer.from(String(version)).toString('base64');
      const created = await send(
        'POST',
        services,
        classicKit.createServiceXml(name).replace(/<Label>.*<\/Label>/, `<Label>${label}</Label>`),
      );
      if (created.status !== 409) return accepted(created);
      accepted(
        await send(
          'PUT',
          `${services}/${name}`,
          `<UpdateHostedService ${classicKit.azureXmlns}><Label>${label}</Label></UpdateHostedService>`,
        ),
      );
    },
    remove: async () => accepted(await send('DELETE', `${services}/${name}`), 404),
    async read() {
      const { status, text } = await send('GET', `${services}/${name}`);
      if (status === 404) return undefined;
      return Number(Buffer.from(classicKit.textOf(readXml(text), 'Label') ?? '', 'base64').toString());
    },
  };
}

/** A load-balanced set of two machines, whose version is its idle timeout on both. */
function set(send: Send, owner: number): Thing {
  const name = `set${owner}`;
  const idle = (version: number): number => 5 + (version % 25);
  const endpoint = (version: number): string =>
    classicKit.endpointXml({
      LoadBalancedEndpointSetName: 'LBSet1',
      LocalPort: 8080,
      Name: 'In',
      Port: 80,
      Protocol: 'tcp',
      IdleTimeoutInMinutes: idle(version),
    });
  const update = (version: number): string => classicKit.setsXml(endpoint(version).replace('<Name>In</Name>', ''));
  return {
    name: `load-balanced set ${owner}`,
    modulus: 25,
    async write(version) {
      const updated = await send('POST', `${services}/${name}/deployments/${name}?comp=UpdateLbSet`, update(version));
      if (updated.status !== 404) return accepted(updated);
      accepted(await send('POST', services, classicKit.createServiceXml(name)), 409);
      const roles = ['vm1', 'vm2']
        .map((role) => classicKit.roleXml('Role', { name: role, endpoints: endpoint(version) }))
        .join('');
      accepted(await send('POST', `${services}/${name}/deployments`, classicKit.deploymentXml({ name, roles })));
    },
    async read() {
      const { status, text } = await send('GET', `${services}/${name}/deployments/${name}`);
      if (status === 404) return undefined;
      const minutes = [...text.matchAll(/<IdleTimeoutInMinutes>(\d+)</g)].map(([, minute]) => Number(minute));
      const roles = /<RoleList>.*<\/RoleList>/s.exec(text)?.[0].match(/<RoleName>/g)?.length;
      if (roles !== 2 || new Set(minutes).size !== 1) throw new Half(text);
      return (minutes[0] as number) - 5;
    },
  };
}

const resourcesPerDeployment = 12;
const template = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: { name: { type: 'string' }, version: { type: 'string' } },
  resources: [
    {
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2024-05-01',
      name: "[concat(parameters('name'), copyIndex())]",
      copy: { name: 'all', count: resourcesPerDeployment },
      ...armKit.publicIPAddress(),
      tags: { v: "[parameters('version')]" },
    },
  ],
};

/** A deployment of twelve addresses. Interrupted, it says so; succeeded, all of them are there. */
function deployment(send: Send, owner: number): Thing {
  const name = `deployment${owner}`;
  const path = newest(`${armKit.group}/providers/Microsoft.Resources/deployments/${name}`);
  const state = async (): Promise<armKit.Json | undefined> => {
    for (;;) {
      const { status, text } = await send('GET', path);
      if (status === 404) return undefined;
      const { properties } = JSON.parse(text) as { properties: armKit.Json };
      if (['Succeeded', 'Failed', 'Canceled'].includes(String(properties.provisioningState))) return properties;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return {
    name,
    async write(version) {
      const parameters = { name: { value: `d${owner}-` }, version: { value: String(version) } };
      accepted(await send('PUT', path, { properties: { mode: 'Incremental', template, parameters } }));
      const { provisioningState, error } = (await state()) ?? {};
      if (provisioningState !== 'Succeeded')
        throw new Error(`refused: the deployment ${provisioningState}: ${JSON.stringify(error)}`);
    },
    async read() {
      const properties = await state();
      if (properties === undefined) return undefined;
      if (properties.provisioningState !== 'Succeeded') return 'interrupted';
      const version = armKit.at(properties, 'parameters.version.value');
      for (let index = 0; index < resourcesPerDeployment; index++) {
        const { text } = await send('GET', versioned(`${armKit.network}/publicIPAddresses/d${owner}-${index}`));
        if (armKit.at(JSON.parse(text), 'tags.v') !== version) throw new Half(`${name} ${version}: ${text}`);
      }
      return Number(version);
    },
  };
}

/** What one client writes; nobody else writes it, so the order of its versions is known. */
export const thingsOf = (send: Send, owner: number): readonly Thing[] =>
  [balancer, service, set, deployment].map((make) => make(send, owner));
