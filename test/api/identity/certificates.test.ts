import { execFile, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Test, test } from 'tap';
import { type Certificates, loadCertificates } from '../../../src/api/identity/certificates.js';
import { type Issued, issueLeaf } from '../../../src/api/identity/issue-certificates.js';
import { encodePermittedName, isAlwaysPermitted } from '../../../src/api/identity/name-constraints.js';
import { nextEvent } from '../../turns.js';

const run = promisify(execFile);
const defaults = { host: 'localhost', tlsNames: [] as string[] };
const dayMs = 86_400_000;
const modeOf = (path: string): number => statSync(path).mode & 0o777;

async function serve(t: Test, { certificatePem, keyPem }: { certificatePem: string; keyPem: string }): Promise<number> {
  const server = https.createServer({ cert: certificatePem, key: keyPem }, (_request, response) =>
    response.end('hello'),
  );
  server.listen(0, '127.0.0.1');
  await nextEvent(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const get = (options: https.RequestOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = https.get({ agent: false, lookup: toLoopback, ...options }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.on('error', reject);
  });

// Any name leads to this machine, so that what refuses a certificate is its name alone.
const toLoopback: LookupFunction = (_host, { all }, callback) =>
  all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

async function foreignLeaf(t: Test, name: string): Promise<{ ca: Certificates; leaf: Issued; folder: string }> {
  const folder = t.testdir();
  const ca = await loadCertificates({ ...defaults, folder });
  const caKeyPem = readFileSync(join(folder, 'ca-key.pem'), 'utf8');
  const issued = { certificatePem: ca.caPem, keyPem: caKeyPem };
  return { ca, folder, leaf: await issueLeaf({ ca: issued, names: [name], nowMs: Date.now() }) };
}

test('the certificate is good for this machine and its containers, for at most 825 days', async (t) => {
  const { certificatePem, caPem } = await loadCertificates({ ...defaults, folder: undefined });
  const leaf = new X509Certificate(certificatePem);
  for (const name of ['localhost', 'lazurite', 'host.docker.internal']) t.equal(leaf.checkHost(name), name);
  for (const address of ['127.0.0.1', '::1']) t.equal(leaf.checkIP(address), address);
  t.ok(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom) <= 825 * dayMs);
  t.notOk(leaf.ca);
  const ca = new X509Certificate(caPem);
  t.ok(ca.ca);
  t.ok(leaf.verify(ca.publicKey));
});

test('keys are readable by their owner only, and so is the folder that is made for them', async (t) => {
  const folder = join(t.testdir(), 'data', 'lazurite');
  const { caFile, caPem } = await loadCertificates({ ...defaults, folder });
  t.equal(caFile, join(folder, 'ca.pem'));
  t.equal(readFileSync(join(folder, 'ca.pem'), 'utf8'), caPem);
  t.equal(modeOf(folder), 0o700);
  for (const file of ['ca-key.pem', 'server-key.pem']) t.equal(modeOf(join(folder, file)), 0o600, file);
});

test('a folder that was there before keeps its mode', async (t) => {
  const folder = join(t.testdir(), 'own');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  await loadCertificates({ ...defaults, folder });
  t.equal(modeOf(folder), 0o755);
  t.equal(modeOf(join(folder, 'ca-key.pem')), 0o600);
});

test('certificates are made once, and a second start does not load the X.509 library', async (t) => {
  const folder = t.testdir();
  const first = await loadCertificates({ ...defaults, folder });
  const second = await loadCertificates({ ...defaults, folder });
  t.strictSame(second, first);
  const module = new URL('../../../src/api/identity/certificates.js', import.meta.url).href;
  const script = `const { loadCertificates } = await import(${JSON.stringify(module)});
    await loadCertificates(${JSON.stringify({ ...defaults, folder })});
    console.log(typeof Reflect.getMetadata)`;
  const { stdout } = await run(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    env: process.env,
  });
  t.equal(stdout.trim(), 'undefined', 'reflect-metadata comes with the library');
});

test('another name gets another certificate, and another CA only when this one may not certify it', async (t) => {
  const folder = t.testdir();
  const first = await loadCertificates({ ...defaults, folder });
  const private_ = await loadCertificates({ host: '192.168.1.5', tlsNames: ['api.localhost'], folder });
  t.equal(private_.caPem, first.caPem);
  t.notOk(private_.caReplaced);
  t.equal(new X509Certificate(private_.certificatePem).checkIP('192.168.1.5'), '192.168.1.5');
  const foreign = await loadCertificates({ host: 'localhost', tlsNames: ['azure.test', '*.azure.test'], folder });
  t.not(foreign.caPem, first.caPem);
  t.ok(foreign.caReplaced);
  t.equal(new X509Certificate(foreign.certificatePem).checkHost('azure.test'), 'azure.test');
  const fewer = await loadCertificates({ ...defaults, folder });
  t.equal(fewer.caPem, foreign.caPem, 'a CA that may certify more is kept');
  t.equal(new X509Certificate(fewer.certificatePem).checkHost('azure.test'), undefined);
});

test('a certificate is renewed a month before its end, by the same CA', async (t) => {
  const folder = t.testdir();
  const first = await loadCertificates({ ...defaults, folder });
  const nowMs = Date.parse(new X509Certificate(first.certificatePem).validTo) - 29 * dayMs;
  const renewed = await loadCertificates({ ...defaults, folder, nowMs });
  t.equal(renewed.caPem, first.caPem);
  t.not(renewed.certificatePem, first.certificatePem);
});

test('a damaged or foreign key is replaced instead of failing the start', async (t) => {
  const folder = t.testdir();
  const first = await loadCertificates({ ...defaults, folder });
  writeFileSync(join(folder, 'server-key.pem'), 'nonsense');
  const second = await loadCertificates({ ...defaults, folder });
  t.equal(second.caPem, first.caPem);
  t.not(second.keyPem, first.keyPem);
  t.equal(modeOf(join(folder, 'server-key.pem')), 0o600);
});

test('in memory nothing is written', async (t) => {
  const certificates = await loadCertificates({ ...defaults, folder: undefined });
  t.equal(certificates.caFile, undefined);
});

test('Node and curl trust the certificate once they are given the CA', async (t) => {
  const folder = t.testdir();
  const certificates = await loadCertificates({ ...defaults, tlsNames: ['azure.test'], folder });
  const port = await serve(t, certificates);
  const caFile = join(folder, 'ca.pem');
  for (const host of ['localhost', 'lazurite', 'azure.test']) {
    t.equal(await get({ host, port, ca: certificates.caPem }), 'hello', `node: ${host}`);
    const { stdout } = await run('curl', [
      '-sS',
      '--cacert',
      caFile,
      '--resolve',
      `${host}:${port}:127.0.0.1`,
      `https://${host}:${port}/`,
    ]);
    t.equal(stdout, 'hello', `curl: ${host}`);
  }
  await t.rejects(get({ host: 'localhost', port }), 'without the CA nobody trusts it');
});

test('a certificate for example.com issued by this CA is refused by Node, curl and openssl', async (t) => {
  const { ca, leaf, folder } = await foreignLeaf(t, 'example.com');
  const port = await serve(t, leaf);
  await t.rejects(get({ host: 'example.com', port, ca: ca.caPem }), { message: /permitted subtree violation/ });
  const curl = spawn('curl', [
    '-sS',
    '--cacert',
    join(folder, 'ca.pem'),
    '--resolve',
    `example.com:${port}:127.0.0.1`,
    `https://example.com:${port}/`,
  ]);
  const [exitCode] = await nextEvent(curl, 'exit');
  t.equal(exitCode, 60, 'curl: peer certificate cannot be authenticated');
  writeFileSync(join(folder, 'foreign.pem'), leaf.certificatePem);
  await t.rejects(
    run('openssl', ['verify', '-CAfile', join(folder, 'ca.pem'), join(folder, 'foreign.pem')]),
    /permitted subtree violation/,
  );
  await t.resolves(
    run('openssl', ['verify', '-x509_strict', '-CAfile', join(folder, 'ca.pem'), join(folder, 'server.pem')]),
  );
});

test('a certificate for a public address issued by this CA is refused', async (t) => {
  const { ca, leaf } = await foreignLeaf(t, '8.8.8.8');
  const port = await serve(t, leaf);
  await t.rejects(get({ host: '127.0.0.1', servername: '', port, ca: ca.caPem }), {
    message: /permitted subtree violation/,
  });
});

test('name constraints are encoded as RFC 5280 says', async (t) => {
  const hex = (name: string): string => encodePermittedName(name).toString('hex');
  t.equal(hex('a.b'), '30058203612e62');
  t.equal(hex('*.a.b'), hex('a.b'));
  t.equal(hex('172.16.0.0/12'), '300a8708ac100000fff00000');
  t.equal(hex('10.0.0.1'), '300a87080a000001ffffffff');
  t.equal(hex('fd00::/8'), `30228720${'fd'.padEnd(32, '0')}${'ff'.padEnd(32, '0')}`);
  t.equal(hex('::1'), `30228720${'1'.padStart(32, '0')}${'f'.repeat(32)}`);
  t.ok(isAlwaysPermitted('172.31.255.255'));
  t.notOk(isAlwaysPermitted('172.32.0.0'));
  t.ok(isAlwaysPermitted('fd7f:1a2b::1'));
  t.notOk(isAlwaysPermitted('notlocalhost'));
});
