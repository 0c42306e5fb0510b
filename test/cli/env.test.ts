import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { loadCertificates } from '../../src/api/identity/certificates.js';
import { render } from '../../src/cli/env.js';
import { fakeInstance, runLazurite } from './harness.js';

const run = promisify(execFile);
const files = { caFile: "/home/o'neill/a b/ca.pem", bundleFile: '/x/ca-bundle.pem' };
const url = new URL('https://localhost:4567');

const inJson = async (argv: string[], env: NodeJS.ProcessEnv = {}): Promise<Record<string, string>> =>
  JSON.parse((await runLazurite(['env', 'json', ...argv], env)).out);

test('JSON has every variable that Azure tools read, and the az command', async (t) => {
  const values = JSON.parse(render({ shellName: 'json', url, files }, {}));
  t.match(values, {
    NODE_EXTRA_CA_CERTS: files.caFile,
    REQUESTS_CA_BUNDLE: files.bundleFile,
    SSL_CERT_FILE: files.bundleFile,
    AZURE_AUTHORITY_HOST: 'https://localhost:4567',
    AZURE_TENANT_ID: 'adfs',
    AZURE_CLIENT_ID: /^[\d-]{36}$/,
    AZURE_CLIENT_SECRET: /./,
    AZURE_SUBSCRIPTION_ID: /^[\d-]{36}$/,
    ARM_METADATA_HOSTNAME: 'localhost:4567',
    ARM_TENANT_ID: /^[\d-]{36}$/,
    ARM_CLIENT_ID: /^[\d-]{36}$/,
    ARM_CLIENT_SECRET: /./,
    ARM_SUBSCRIPTION_ID: /^[\d-]{36}$/,
    AZ_CLOUD_REGISTER: 'az cloud register -n Lazurite --endpoint-resource-manager https://localhost:4567',
  });
});

test('what bash evaluates are the values, whatever the path looks like', async (t) => {
  const script = render({ shellName: 'bash', url, files }, {});
  const { stdout } = await run('bash', ['-c', 'eval "$1"; env -0', 'bash', script]);
  const set = Object.fromEntries(stdout.split('\0').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  const { AZ_CLOUD_REGISTER: _register, ...expected } = JSON.parse(render({ shellName: 'json', url, files }, {}));
  for (const [name, value] of Object.entries(expected)) t.equal(set[name], value, name);
  t.match(script, "#   az cloud register -n Lazurite --endpoint-resource-manager 'https://localhost:4567'");
});

test('PowerShell gets literal strings in which every kind of single quote is doubled', async (t) => {
  const script = render({ shellName: 'powershell', url, files: { ...files, caFile: "/o'n’e/ca.pem" } }, {});
  t.match(script, "$env:NODE_EXTRA_CA_CERTS = '/o''n’’e/ca.pem'\n");
  t.match(script, "$env:AZURE_TENANT_ID = 'adfs'\n");
});

test('behind a proxy, this machine is reached without it', async (t) => {
  const values = JSON.parse(
    render({ shellName: 'json', url, files }, { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.test' }),
  );
  t.match(values.NO_PROXY, /^a\.test,localhost,/);
  t.equal(values.no_proxy, values.NO_PROXY);
  t.notOk('NO_PROXY' in JSON.parse(render({ shellName: 'json', url, files }, {})));
});

test('the CA of a running emulator is that of its data folder', async (t) => {
  const folder = t.testdir();
  const { url } = await fakeInstance(t, { folder });
  const values = await inJson(['--url', url], { LAZURITE_DATA: folder });
  t.equal(values.NODE_EXTRA_CA_CERTS, join(folder, 'ca.pem'));
  t.equal(values.AZURE_AUTHORITY_HOST, url);
});

test('the CA of an emulator in memory is fetched and kept, and fetched again when it is another one', async (t) => {
  const folder = join(t.testdir(), 'data');
  for (let start = 0; start < 2; start++) {
    const { url, caPem } = await fakeInstance(t);
    const { NODE_EXTRA_CA_CERTS = '', SSL_CERT_FILE = '' } = await inJson(['--url', url, '--data', folder]);
    t.equal(NODE_EXTRA_CA_CERTS, join(folder, 'ca.pem'));
    t.equal(readFileSync(NODE_EXTRA_CA_CERTS, 'utf8'), caPem);
    t.ok(readFileSync(SSL_CERT_FILE, 'utf8').endsWith(caPem));
  }
});

test('the CA of another instance is never written over one that has its key there', async (t) => {
  const folder = t.testdir();
  const { caPem } = await loadCertificates({ host: 'localhost', tlsNames: [], folder });
  const other = await fakeInstance(t);
  const { NODE_EXTRA_CA_CERTS = '' } = await inJson(['--url', other.url, '--data', folder]);
  t.equal(NODE_EXTRA_CA_CERTS, join(folder, `ca-localhost-${new URL(other.url).port}.pem`));
  t.equal(readFileSync(NODE_EXTRA_CA_CERTS, 'utf8'), other.caPem);
  t.equal(readFileSync(join(folder, 'ca.pem'), 'utf8'), caPem);
});

test('with nothing running, the CA of the data folder will do; without one, it is said what to do', async (t) => {
  const folder = t.testdir();
  const argv = ['env', 'bash', '--url', 'https://localhost:1', '--data', folder];
  await t.rejects(runLazurite(argv), { name: 'UsageError', message: /start one with `lazurite start`/ });
  await loadCertificates({ host: 'localhost', tlsNames: [], folder });
  t.match((await runLazurite(argv)).out, `export NODE_EXTRA_CA_CERTS='${join(folder, 'ca.pem')}'`);
});

test('the bundle keeps the roots that tools trusted before, and does not grow by itself', async (t) => {
  const folder = t.testdir();
  const { url, caPem } = await fakeInstance(t, { folder });
  const own = join(folder, 'corporate.pem');
  writeFileSync(own, '# the roots of a company\n');
  const first = await inJson(['--url', url, '--data', folder], { SSL_CERT_FILE: own });
  t.match(readFileSync(first.SSL_CERT_FILE ?? '', 'utf8'), /^# the roots of a company\n[\s\S]+BEGIN CERTIFICATE/);
  const again = await inJson(['--url', url, '--data', folder], first);
  const bundle = readFileSync(again.SSL_CERT_FILE ?? '', 'utf8');
  t.match(bundle, /^# the roots of a company\n/, 'also when the variables are ours by now');
  t.equal(bundle.split(caPem).length, 2, 'our CA is there once');
  const plain = await inJson(['--url', url, '--data', folder]);
  const roots = readFileSync(plain.SSL_CERT_FILE ?? '', 'utf8');
  t.ok(roots.split('BEGIN CERTIFICATE').length > 20, 'without a choice, the roots of the machine or of Node');
});

test('what Node was given before is not lost either', async (t) => {
  const folder = t.testdir();
  const { url } = await fakeInstance(t, { folder });
  const own = join(folder, 'corporate.pem');
  writeFileSync(own, '# the roots of a company\n');
  const { NODE_EXTRA_CA_CERTS = '' } = await inJson(['--url', url, '--data', folder], { NODE_EXTRA_CA_CERTS: own });
  t.equal(NODE_EXTRA_CA_CERTS, join(folder, 'ca-bundle.pem'));
  t.match(readFileSync(NODE_EXTRA_CA_CERTS, 'utf8'), '# the roots of a company');
});

test('a shell that nobody taught it is refused', async (t) => {
  await t.rejects(runLazurite(['env', 'fish']), {
    name: 'UsageError',
    message: "env knows bash, powershell, github, dotenv and json, not 'fish'",
  });
  await t.rejects(runLazurite(['env', 'bash', 'more']), { name: 'UsageError' });
});

test('curl trusts the emulator by the variables alone', async (t) => {
  const folder = join(t.testdir(), 'made');
  mkdirSync(folder);
  const { url } = await fakeInstance(t);
  const { PATH = '' } = process.env;
  for (const name of ['SSL_CERT_FILE', 'CURL_CA_BUNDLE']) {
    const { [name]: file = '' } = await inJson(['--url', url, '--data', folder]);
    const { stdout } = await run('curl', ['-sS', `${url}/_lazurite/ca.pem`], { env: { PATH, [name]: file } });
    t.match(stdout, 'BEGIN CERTIFICATE', name);
  }
});

test('github and dotenv print one variable per line, as the readers of such files want it', (t) => {
  const paths = { caFile: '/a b/ca.pem', bundleFile: '/x/bundle.pem' };
  const github = render({ shellName: 'github', url, files: paths }, {}).split('\n');
  t.ok(github.includes('NODE_EXTRA_CA_CERTS=/a b/ca.pem'));
  t.ok(github.includes('AZURE_AUTHORITY_HOST=https://localhost:4567'));
  const dotenv = render({ shellName: 'dotenv', url, files: paths }, {}).split('\n');
  t.ok(dotenv.includes("NODE_EXTRA_CA_CERTS='/a b/ca.pem'"));
  t.ok(dotenv.includes('SSL_CERT_FILE=/x/bundle.pem'));
  t.equal(dotenv.length, github.length);
  const quoted = { caFile: "/a b'c/ca.pem", bundleFile: '/x' };
  t.match(render({ shellName: 'dotenv', url, files: quoted }, {}), /^NODE_EXTRA_CA_CERTS="\/a b'c\/ca\.pem"$/m);
  t.end();
});
