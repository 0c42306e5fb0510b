/** Microsoft's own identity library for JavaScript, unmodified, against this server over HTTPS. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ClientAssertionCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import { decodeJwt } from 'jose';
import { type Test, test } from 'tap';
import { loadCertificates } from '../../../src/api/identity/certificates.js';
import { createIdentity, type Identity } from '../../../src/api/identity/identity.js';
import { createServer } from '../../../src/http/server.js';
import { silentLog } from '../../../src/support/log.js';

const tenantId = '22222222-3333-4444-5555-666666666666';
const scope = 'https://management.azure.com/.default';

interface Instance {
  identity: Identity;
  url: string;
  httpUrl: string;
  caPem: string;
}

async function start(t: Test): Promise<Instance> {
  const certificates = await loadCertificates({ host: 'localhost', tlsNames: [], folder: undefined });
  const server = createServer({ tls: certificates, log: silentLog });
  const identity = createIdentity({ folder: undefined });
  server.app.register(identity.plugin);
  t.teardown(() => server.close());
  const { port } = await server.listen({ host: 'localhost', port: 0 });
  return { identity, url: `https://localhost:${port}`, httpUrl: `http://localhost:${port}`, caPem: certificates.caPem };
}

function setEnvironment(t: Test, variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

async function accepted(t: Test, { identity, url }: Instance, token: string): Promise<void> {
  t.equal((await identity.issuer.verify(token, url)).outcome, 'valid');
  t.equal(decodeJwt(token).aud, 'https://management.azure.com');
}

test('ClientSecretCredential signs in with a tenant GUID once instance discovery is off', async (t) => {
  const instance = await start(t);
  const { url: authorityHost, caPem: ca } = instance;
  const credential = new ClientSecretCredential(tenantId, 'client', 'secret', {
    authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  const { token, expiresOnTimestamp } = await credential.getToken(scope);
  await accepted(t, instance, token);
  t.equal(decodeJwt(token).tid, tenantId);
  t.ok(expiresOnTimestamp > Date.now());
});

test('the tenant adfs needs no option at all', async (t) => {
  const instance = await start(t);
  const { url: authorityHost, caPem: ca } = instance;
  const credential = new ClientSecretCredential('adfs', 'client', 'secret', { authorityHost, tlsOptions: { ca } });
  await accepted(t, instance, (await credential.getToken(scope)).token);
});

test('ClientAssertionCredential signs in with any assertion', async (t) => {
  const instance = await start(t);
  const { url: authorityHost, caPem: ca } = instance;
  const assertion = async (): Promise<string> => 'eyJhbGciOiJub25lIn0.e30.';
  const credential = new ClientAssertionCredential('adfs', 'client', assertion, { authorityHost, tlsOptions: { ca } });
  await accepted(t, instance, (await credential.getToken(scope)).token);
});

test('DefaultAzureCredential signs in from the environment alone', async (t) => {
  const instance = await start(t);
  setEnvironment(t, {
    AZURE_AUTHORITY_HOST: instance.url,
    AZURE_TENANT_ID: 'adfs',
    AZURE_CLIENT_ID: 'client',
    AZURE_CLIENT_SECRET: 'secret',
  });
  const credential = new DefaultAzureCredential({ tlsOptions: { ca: instance.caPem } });
  await accepted(t, instance, (await credential.getToken(scope)).token);
});

test('workload identity signs in with the token of a file', async (t) => {
  const instance = await start(t);
  const file = join(t.testdir(), 'token');
  writeFileSync(file, 'eyJhbGciOiJub25lIn0.e30.');
  setEnvironment(t, {
    AZURE_AUTHORITY_HOST: instance.url,
    AZURE_TENANT_ID: 'adfs',
    AZURE_CLIENT_ID: 'client',
    AZURE_FEDERATED_TOKEN_FILE: file,
  });
  const credential = new DefaultAzureCredential({ tlsOptions: { ca: instance.caPem } });
  await accepted(t, instance, (await credential.getToken(scope)).token);
});

test('ManagedIdentityCredential finds App Service, instance metadata and Cloud Shell', async (t) => {
  const instance = await start(t);
  const forms: Record<string, string>[] = [
    { IDENTITY_ENDPOINT: `${instance.httpUrl}/msi/token`, IDENTITY_HEADER: 'header' },
    { AZURE_POD_IDENTITY_AUTHORITY_HOST: instance.httpUrl },
    { MSI_ENDPOINT: `${instance.httpUrl}/msi/token` },
  ];
  for (const form of forms) {
    await t.test(Object.keys(form).join(' and '), async (t) => {
      setEnvironment(t, form);
      await accepted(t, instance, (await new ManagedIdentityCredential().getToken(scope)).token);
    });
  }
});
