/** Templates and parameters that deployments link to, served by a server of this machine. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { ArmClient, at, group, type Json, network, refusal } from '../resources/arm-client.js';
import { deploy, deployments, names, publicIp, template } from './deployment-client.js';

interface Served {
  readonly origin: string;
  /** Every path and query that was asked for. */
  readonly asked: string[];
}

/** Serves `files` by path; what is a string goes out as it is, a number is a status. */
async function serve(t: Test, files: Readonly<Record<string, Json | string | number>>): Promise<Served> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, reply) => {
    asked.push(url);
    const file = files[url.split('?')[0] as string] ?? 404;
    if (typeof file === 'number') reply.writeHead(file, { location: '/template.json' }).end();
    else if (typeof file === 'string' && file.startsWith('http')) reply.writeHead(302, { location: file }).end();
    else reply.end(typeof file === 'string' ? file : JSON.stringify(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const start = async (test: Test, argv: readonly string[] = []) => {
  const azure = await ArmClient.start(test, { argv });
  await azure.makeGroup();
  return azure;
};

const linking = (properties: Json): Json => ({ properties: { mode: 'Incremental', ...properties } });
const linked = (uri: string, more: Json = {}): Json => linking({ templateLink: { uri, ...more } });

const inner = (name: string, properties: Json): Json => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name,
  properties: { mode: 'Incremental', ...properties },
});

const named = template({ parameters: { name: { type: 'string' } }, resources: [publicIp("[parameters('name')]")] });
const nameIs = (name: string): Json => ({ name: { value: name } });

t.test('A template and its parameters may lie elsewhere', async (t) => {
  const azure = await start(t);
  const { origin, asked } = await serve(t, {
    '/template.json': `\uFEFF// comments are read as well\n${JSON.stringify(named)}`,
    '/parameters.json': { $schema: 'x', contentVersion: '1.0.0.0', parameters: nameIs('ip') },
  });
  const body = linking({
    templateLink: { uri: `${origin}/template.json`, contentVersion: '1.0.0.0', queryString: 'sig=secret' },
    parametersLink: { uri: `${origin}/parameters.json`, contentVersion: '1.0.0.0' },
  });
  t.equal((await azure.post(`${deployments}/d1/validate`, body)).status, 200);
  t.match((await azure.post(`${deployments}/d1/whatIf`, body)).body, { properties: { changes: [{}] } });
  const deployed = await deploy(azure, `${deployments}/d1`, body);
  t.match(deployed, {
    properties: {
      provisioningState: 'Succeeded',
      templateLink: { uri: `${origin}/template.json`, contentVersion: '1.0.0.0' },
      parametersLink: { uri: `${origin}/parameters.json` },
      parameters: { name: { value: 'ip' } },
    },
  });
  t.notMatch(JSON.stringify(deployed), 'secret');
  t.same(await names(azure, 'publicIPAddresses'), ['ip']);
  t.same((await azure.post(`${deployments}/d1/exportTemplate`)).body, { template: named }, 'the template is kept');
  t.same(asked.slice(0, 2).sort(), ['/parameters.json', '/template.json?sig=secret'], 'each is asked for once');
});

t.test('A linked template links to others by their URI, or by a path from where it lies itself', async (t) => {
  const azure = await start(t);
  const byUri = inner('by-uri', {
    templateLink: { uri: "[uri(deployment().properties.templateLink.uri, 'nested/leaf.json')]" },
    parameters: nameIs('a'),
  });
  const byPath = inner('by-path', {
    templateLink: { relativePath: 'nested/middle.json' },
    parameters: { name: { value: "[concat('b', '')]" } },
  });
  const middle = template({
    parameters: { name: { type: 'string' } },
    resources: [
      inner('leaf', {
        templateLink: { relativePath: './leaf.json' },
        parameters: nameIs("[parameters('name')]"),
      }),
    ],
  });
  const { origin, asked } = await serve(t, {
    '/deep/main.json': template({ resources: [byUri, byPath] }),
    '/deep/nested/middle.json': middle,
    '/deep/nested/leaf.json': named,
  });
  const body = linked(`${origin}/deep/main.json`, { queryString: 'sig=x' });
  const changes = at((await azure.post(`${deployments}/d1/whatIf`, body)).body, 'properties.changes') as Json[];
  t.same(
    changes.map(({ resourceId, changeType }) => [resourceId, changeType]),
    ['a', 'b'].map((name) => [`${network}/publicIPAddresses/${name}`, 'Create']),
    'what-if follows links',
  );
  t.ok(asked.includes('/deep/nested/middle.json?sig=x'), 'the token of the parent opens what lies beside it');
  t.match(await deploy(azure, `${deployments}/d1`, body), { properties: { provisioningState: 'Succeeded' } });
  t.same(await names(azure, 'publicIPAddresses'), ['a', 'b']);
  t.match((await azure.get(`${deployments}/by-path`)).body, {
    properties: { templateLink: { relativePath: 'nested/middle.json', uri: `${origin}/deep/nested/middle.json` } },
  });
});

t.test('A link that only a running deployment knows is followed while it runs', async (t) => {
  const azure = await start(t);
  const { origin } = await serve(t, { '/leaf.json': named, '/broken.json': template({ resources: [{}] }) });
  const tagged = publicIp('ip', { tags: { name: 'late', file: 'leaf' } });
  const late = (file: string) =>
    inner('late', {
      templateLink: { uri: `[concat('${origin}/', ${file}, '.json')]` },
      parameters: nameIs("[reference('ip', '2023-09-01', 'Full').tags.name]"),
    });
  const run = async (nested: Json) => {
    const body = linking({ template: template({ resources: [tagged, nested] }) });
    return azure.put(`${deployments}/d1`, body);
  };
  await azure.poll(await run(late("reference('ip', '2023-09-01', 'Full').tags.file")));
  t.same(await names(azure, 'publicIPAddresses'), ['ip', 'late']);
  t.match(refusal(await run(late("'broken'"))), /^400 InvalidTemplate/, 'what is known beforehand is read beforehand');
  t.match(refusal(await run(late("'missing'"))), /^400 InvalidContentLink/);
});

t.test('What cannot be downloaded is refused before anything is touched', async (t) => {
  const azure = await start(t);
  const { origin, asked } = await serve(t, {
    '/template.json': named,
    '/moved.json': 'http://169.254.169.254/template.json',
    '/text.json': 'no JSON',
    '/long.json': `"${'x'.repeat(4 * 1024 * 1024)}"`,
  });
  const validate = async (body: Json): Promise<string> => refusal(await azure.post(`${deployments}/d1/validate`, body));
  for (const uri of [
    'https://example.com/template.json',
    origin.replace('127.0.0.1', '0.0.0.0'),
    'file:///etc/hostname',
    'nonsense',
    `${origin}/none.json`,
    `${origin}/moved.json`,
    `${origin}/long.json`,
    'http://127.0.0.1:1/template.json',
  ]) {
    const answer = await azure.put(`${deployments}/d1`, linked(uri));
    t.equal(
      refusal(answer),
      `400 InvalidContentLink: Unable to download deployment content from '${uri}'. The tracking Id is '${answer.headers['x-ms-correlation-request-id']}'. Please see https://aka.ms/arm-deploy for usage details.`,
    );
  }
  t.equal((await azure.head(`${deployments}/d1`)).status, 404);
  t.equal(asked.includes('/template.json'), false);
  t.match(await validate(linked(`${origin}/text.json`)), /^400 InvalidTemplate: Deployment template parse failed/);
  t.equal(
    await validate(linked(`${origin}/template.json`, { contentVersion: '2.0.0.0' })),
    `400 InvalidTemplate: The content version '1.0.0.0' of '${origin}/template.json' does not match the content version '2.0.0.0' of the link to it.`,
  );
  const required =
    "400 InvalidTemplate: The deployment 'd1' must have either the TemplateLink or Template property set. Please see https://aka.ms/arm-deploy for usage details.";
  t.equal(await validate(linking({ template: named, templateLink: { uri: `${origin}/template.json` } })), required);
  t.equal(await validate(linking({})), required);
  const file = { uri: `${origin}/parameters.json` };
  t.equal(
    await validate(linking({ template: named, parameters: nameIs('ip'), parametersLink: file })),
    "400 InvalidDeployment: The deployment 'd1' cannot have both the ParameterLink and Parameter property set. Please use one or the other.",
  );
  const spec = `${group}/providers/Microsoft.Resources/templateSpecs/spec/versions/1`;
  t.equal(
    await validate(linking({ templateLink: { id: spec } })),
    `400 InvalidContentLink: The template spec '${spec}' cannot be deployed: template specs are not emulated.`,
  );
  t.match(await validate(linking({ templateLink: { relativePath: 'x.json' } })), /was not linked by a URI/);
  t.match(await validate(linking({ templateLink: {} })), /neither 'uri' nor 'id' nor 'relativePath'/);
});

t.test('A redirection is followed to where the template itself may lie', async (t) => {
  const azure = await start(t);
  const { origin } = await serve(t, { '/template.json': named, '/moved.json': 302 });
  const body = linking({ templateLink: { uri: `${origin}/moved.json` }, parameters: nameIs('ip') });
  t.equal((await azure.post(`${deployments}/d1/validate`, body)).status, 200);
});

t.test('--template-links says where templates may be downloaded from', async (t) => {
  const { origin } = await serve(t, { '/template.json': template({}) });
  const elsewhere = `${origin.replace('127.0.0.1', '0.0.0.0')}/template.json`;
  const status = async (argv: readonly string[], uri: string): Promise<number> =>
    (await (await start(t, argv)).post(`${deployments}/d1/validate`, linked(uri))).status;
  t.equal(await status(['--template-links', 'any'], elsewhere), 200);
  t.equal(await status(['--template-links', 'none'], `${origin}/template.json`), 400);
  t.equal(await status([], `${origin.replace('127.0.0.1', 'localhost')}/template.json`), 200);
});
