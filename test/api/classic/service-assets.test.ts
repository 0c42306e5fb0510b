/** Certificates and extensions of a hosted service, and the deployments that need them. */
import t from 'tap';
import { archives, certificateData, thumbprint } from '../../support/pkcs12-archives.js';
import { azureXmlns, createServiceXml } from './harness.js';
import { errorOf, services, start } from './my-service.js';

const certificates = `${services}/mySvc/certificates`;
const slot = `${services}/mySvc/deploymentslots/Production`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const file = (data: string, rest = '') =>
  `<CertificateFile ${azureXmlns}><Data>${data}</Data>${rest}</CertificateFile>`;
const pfx = ({ data, password }: { data: string; password: string }) =>
  file(data, `<CertificateFormat>pfx</CertificateFormat><Password>${password}</Password>`);

const csdef =
  '<ServiceDefinition name="s" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceDefinition"><WorkerRole name="w"><Endpoints><InputEndpoint name="e" protocol="tcp" port="80"/></Endpoints><Certificates><Certificate name="c" storeLocation="LocalMachine" storeName="My"/></Certificates></WorkerRole></ServiceDefinition>';
const cscfg = (certificate: string) =>
  `<ServiceConfiguration serviceName="s" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"><Role name="w"><Instances count="1"/><Certificates>${certificate}</Certificates></Role></ServiceConfiguration>`;
const named = (value: string) => `<Certificate name="c" thumbprint="${value}" thumbprintAlgorithm="sha1"/>`;
const create = (certificate: string, rest = '') =>
  `<CreateDeployment ${azureXmlns}><Name>d</Name><PackageUrl>http://store.example/app.cspkg</PackageUrl><Label>bA==</Label><Configuration>${base64(cscfg(certificate))}</Configuration>${rest}</CreateDeployment>`;
const configuration = (certificate: string, rest = '') =>
  `<ChangeConfiguration ${azureXmlns}><Configuration>${base64(cscfg(certificate))}</Configuration>${rest}</ChangeConfiguration>`;

async function startService(t: Parameters<typeof start>[0]) {
  const classic = await start(t, { packages: async () => Buffer.from(csdef) });
  await classic.post(services, createServiceXml('mySvc'));
  return classic;
}

t.test('certificates are added as .pfx and .cer, and their thumbprints are computed', async (t) => {
  for (const [name, archive] of Object.entries(archives)) {
    const classic = await startService(t);
    const added = await classic.post(certificates, pfx(archive));
    t.equal(added.statusCode, 202, `${name} ${added.body}`);
    t.match((await classic.get(certificates)).body, `<Thumbprint>${thumbprint}</Thumbprint>`, name);
  }
  const classic = await startService(t);
  const pem = `-----BEGIN CERTIFICATE-----\n${certificateData.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`;
  for (const data of [certificateData, base64(pem)]) {
    const added = await classic.post(certificates, file(data, '<CertificateFormat>cer</CertificateFormat>'));
    t.equal(added.statusCode, 202, added.body);
  }
  t.equal(
    (await classic.get(certificates)).body.replace(/ xmlns.*?>/, '>'),
    `<Certificates><Certificate><CertificateUrl>http://management.example/11111111-2222-3333-4444-555555555555/services/hostedservices/mySvc/certificates/sha1-${thumbprint}</CertificateUrl><Thumbprint>${thumbprint}</Thumbprint><ThumbprintAlgorithm>sha1</ThumbprintAlgorithm><Data>${certificateData}</Data></Certificate></Certificates>`,
    'the same one twice is one',
  );
  const one = `${certificates}/sha1-${thumbprint.toLowerCase()}`;
  t.match((await classic.get(one)).body, new RegExp(`^<Certificate [^>]*><Data>${certificateData.slice(0, 40)}`));
  t.equal((await classic.delete(one)).statusCode, 202);
  t.equal((await classic.get(one)).statusCode, 404);
  t.equal((await classic.delete(`${certificates}/md5-${thumbprint}`)).statusCode, 404);
});

t.test('a file that is no certificate, or whose password is wrong, is refused', async (t) => {
  const classic = await startService(t);
  const [archive = { data: '', password: '' }] = Object.values(archives);
  const refusal = async (body: string) => {
    const answer = await classic.post(certificates, body);
    return `${answer.statusCode} ${errorOf(answer.body)}`;
  };
  t.match(await refusal(pfx({ ...archive, password: 'x' })), /^400 BadRequest: .*the password is wrong/);
  t.match(await refusal(file(certificateData)), /^400 BadRequest: .*no PKCS #12 archive/, 'pfx is the default');
  t.match(await refusal(file(base64('x'), '<CertificateFormat>cer</CertificateFormat>')), /no X.509 certificate/);
  t.equal(await refusal(file('%%%')), '400 BadRequest: A parameter was incorrect');
  t.match(await refusal(file(certificateData, '<CertificateFormat>p7b</CertificateFormat>')), /Allowed values are/);
  t.match(await refusal(''), '400 InvalidXmlRequest');
});

t.test('a deployment names certificates that its service has, and keeps them from being deleted', async (t) => {
  const classic = await startService(t);
  const absent = 'A'.repeat(40);
  const missing = `BadRequest: The certificate with thumbprint ${absent} was not found.`;
  t.equal(errorOf((await classic.post(slot, create(named(absent)))).body), missing);
  await classic.post(certificates, file(certificateData, '<CertificateFormat>cer</CertificateFormat>'));
  t.equal((await classic.post(slot, create(named(thumbprint.toLowerCase())))).statusCode, 202);
  const change = (certificate: string) => classic.post(`${slot}?comp=config`, configuration(certificate));
  t.equal(errorOf((await change(named(absent))).body), missing);
  const one = `${certificates}/sha1-${thumbprint}`;
  t.equal(
    errorOf((await classic.delete(one)).body),
    `ConflictError: The certificate ${thumbprint} is in use by deployment d.`,
  );
  t.equal((await change('')).statusCode, 202);
  t.equal((await classic.delete(one)).statusCode, 202);
});

t.test('extensions belong to a service, and deployments use them by their ids', async (t) => {
  const classic = await startService(t);
  const extensions = `${services}/mySvc/extensions`;
  const rdp = `<Extension ${azureXmlns}><ProviderNameSpace>Microsoft.Windows.Azure.Extensions</ProviderNameSpace><Type>RDP</Type><Id>Rdp1</Id><PublicConfiguration>cA==</PublicConfiguration><PrivateConfiguration>U0VDUkVU</PrivateConfiguration><Version>*</Version></Extension>`;
  t.equal((await classic.post(extensions, rdp)).statusCode, 202);
  t.equal((await classic.post(extensions, rdp)).statusCode, 409);
  const shown =
    '<ProviderNameSpace>Microsoft.Windows.Azure.Extensions</ProviderNameSpace><Type>RDP</Type><Id>Rdp1</Id><Version>*</Version><PublicConfiguration>cA==</PublicConfiguration>';
  t.match((await classic.get(extensions)).body, `<Extension>${shown}</Extension></Extensions>`);
  t.match((await classic.get(`${extensions}/rdp1`)).body, shown, 'without what is private');
  const use = (id: string, state = '') =>
    `<ExtensionConfiguration><AllRoles><Extension><Id>${id}</Id>${state}</Extension></AllRoles><NamedRoles/></ExtensionConfiguration>`;
  t.equal(
    errorOf((await classic.post(slot, create('', use('other')))).body),
    'BadRequest: The extension other does not exist.',
  );
  t.equal((await classic.post(slot, create('', use('Rdp1')))).statusCode, 202);
  const inDeployment = async () =>
    /<ExtensionConfiguration>.*(?=<VirtualIPs>)/.exec((await classic.get(slot)).body)?.[0];
  t.equal(await inDeployment(), use('Rdp1', '<State>enable</State>'));
  t.equal(
    errorOf((await classic.delete(`${extensions}/Rdp1`)).body),
    'ConflictError: The extension Rdp1 is in use by deployment d.',
  );
  const uninstall = use('Rdp1', '<State>Uninstall</State>');
  t.equal((await classic.post(`${slot}?comp=config`, configuration('', uninstall))).statusCode, 202);
  t.equal(await inDeployment(), uninstall);
  t.equal((await classic.delete(`${extensions}/Rdp1`)).statusCode, 202);
  t.match((await classic.get(extensions)).body, /^<Extensions [^>]*\/>$/);
});

t.test(
  'a package in Azure’s Blob service that may not be downloaded leaves the roles of the configuration',
  async (t) => {
    let definition: Buffer | undefined;
    const classic = await start(t, { packages: async () => definition });
    await classic.post(services, createServiceXml('mySvc'));
    const strict = '<StartDeployment>true</StartDeployment><TreatWarningsAsError>true</TreatWarningsAsError>';
    const refused = errorOf((await classic.post(slot, create('', strict))).body);
    t.match(
      refused,
      /^BadRequest: The package http:\/\/store\.example\/app\.cspkg could not be read\. .*`--template-links any`/,
    );
    const created = await classic.post(slot, create('', '<StartDeployment>true</StartDeployment>'));
    t.equal(created.statusCode, 202, created.body);
    t.match(
      created.headers.warning,
      /^299 lazurite "The package .* could not be read\. .* The roles have no endpoints\."$/,
    );
    const { body } = await classic.get(slot);
    t.match(body, /<InstanceName>w_IN_0<.*<RoleName>w<\/RoleName><OsVersion>.*<Name>__PseudoBackEndContractVip</);
    t.notMatch(body, /Endpoint>/);
    const upgrade = `<UpgradeDeployment ${azureXmlns}><Mode>Auto</Mode><PackageUrl>u</PackageUrl><Configuration>${base64(cscfg(''))}</Configuration><Label>bA==</Label></UpgradeDeployment>`;
    t.match((await classic.post(`${slot}?comp=upgrade`, upgrade)).headers.warning, /^299 /);
    definition = Buffer.from(csdef);
    t.equal((await classic.post(`${slot}?comp=upgrade`, upgrade)).headers.warning, undefined);
    t.match((await classic.get(slot)).body, /<Port>80<.*<Name>sContractContract</);
    definition = undefined;
    t.equal((await classic.post(`${slot}?comp=upgrade`, upgrade)).statusCode, 400, 'known endpoints do not vanish');
  },
);
