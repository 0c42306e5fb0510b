/** The cloud service `mySvc` that tests over HTTP talk about, with two machines in one set. */
import type { Test } from 'tap';
import { readXml } from '../../../src/api/classic/xml/xml.js';
import {
  type Classic,
  createServiceXml,
  deploymentXml,
  endpointXml,
  type HarnessOptions,
  roleXml,
  startClassic,
  textOf,
} from './harness.js';

/** Paths of the hosted services, and of the deployment that `startWithSet` makes. */
export const services = '/services/hostedservices';
export const dep = `${services}/mySvc/deployments/mySvc`;

/** Endpoints of its machines. */
export const http = (LocalPort = 8080) =>
  endpointXml({ LoadBalancedEndpointSetName: 'LBSet1', LocalPort, Name: 'HttpIn', Port: 80, Protocol: 'tcp' });
export const ssh = (port: number) => endpointXml({ LocalPort: 22, Name: 'SSH', Port: port, Protocol: 'TCP' });

/** A classic API that ends with the test. */
export async function start(t: Test, options: HarnessOptions = {}): Promise<Classic> {
  const classic = startClassic(options);
  t.teardown(() => classic.close());
  return classic;
}

/** A classic API with two machines in one set. */
export async function startWithSet(t: Test, options: HarnessOptions = {}): Promise<Classic> {
  const classic = await start(t, options);
  await classic.post(services, createServiceXml('mySvc'));
  const roles =
    roleXml('Role', { name: 'vm1', endpoints: http() + ssh(22) }) +
    roleXml('Role', { name: 'vm2', endpoints: http(8081) });
  const created = await classic.post(`${services}/mySvc/deployments`, deploymentXml({ name: 'mySvc', roles }));
  t.equal(created.statusCode, 202, created.body);
  return classic;
}

/** `Code: Message` of an error's body. */
export const errorOf = (body: string): string => {
  const root = readXml(body);
  return `${textOf(root, 'Code')}: ${textOf(root, 'Message')}`;
};
