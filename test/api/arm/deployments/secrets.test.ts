/** Secure values of deployments: put into everything that takes them, searched for in everything that can be read. */
import t from 'tap';
import { ArmClient, group, type Json } from '../resources/arm-client.js';
import { deployments, publicIp, template } from './deployment-client.js';

const secure = {
  text: { type: 'securestring' },
  preset: { type: 'SecureString', defaultValue: 'MARKER-default' },
  object: { type: 'secureObject', defaultValue: { inner: 'MARKER-object-default' } },
};
const parameters = { text: { value: 'MARKER-text' }, object: { value: { deep: [{ a: 'MARKER-object' }] } } };
const body = (sections: Json): Json => ({
  properties: {
    mode: 'Incremental',
    template: template({ parameters: secure, ...sections }),
    parameters,
    debugSetting: { detailLevel: 'requestContent, responseContent' },
  },
});
const nested = (sections: Json): Json => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name: 'nested',
  properties: {
    mode: 'Incremental',
    expressionEvaluationOptions: { scope: 'inner' },
    parameters: { text: { value: "[parameters('text')]" }, object: { value: "[parameters('object')]" } },
    template: template({ parameters: secure, ...sections }),
  },
});
const outputs = {
  text: { type: 'securestring', value: "[parameters('text')]" },
  object: { type: 'secureObject', value: "[parameters('object')]" },
};
const failing = { text: { type: 'int', value: "[int(parameters('text'))]" } };
const opaque = (properties: Json): Json => ({
  type: 'Microsoft.Sql/servers',
  apiVersion: '2023-02-01-preview',
  name: 'sql',
  location: 'westeurope',
  properties,
});

t.test('Secure values are in no answer, no stored deployment, no error, no journal and no snapshot', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  const check = (title: string, { text }: { text: string }) => t.notMatch(text, 'MARKER', title);
  const bodies: Readonly<Record<string, Json>> = {
    works: body({
      resources: [nested({ outputs }), opaque({ login: 'a', loginPassword: "[parameters('text')]" })],
      outputs,
    }),
    'fails in an output': body({ outputs: failing }),
    'fails inside': body({ resources: [nested({ outputs: failing })] }),
    'is no name': body({ resources: [publicIp("[parameters('text')]", { location: "[parameters('text')]" })] }),
    'is no number': body({
      resources: [publicIp('ip', { properties: { idleTimeoutInMinutes: "[parameters('text')]" } })],
    }),
    'is not allowed': body({ parameters: { ...secure, text: { type: 'securestring', allowedValues: ['a'] } } }),
    'is too long': body({ parameters: { ...secure, preset: { ...secure.preset, maxLength: 1 } } }),
    'is no expression': body({ parameters: { ...secure, preset: { ...secure.preset, defaultValue: '[MARKER(]' } } }),
    'is sent as text': { properties: { template: JSON.stringify(template({ parameters: secure })), parameters } },
    'is at a link': { properties: { templateLink: { uri: 'http://127.0.0.1:1/' }, parameters } },
  };
  for (const [title, wanted] of Object.entries(bodies)) {
    const one = `${deployments}/d`;
    for (const action of ['validate', 'whatIf']) check(title, await azure.post(`${one}/${action}`, wanted));
    const answer = await azure.put(one, wanted);
    check(title, answer);
    if (answer.status < 300) await azure.poll(answer);
    for (const path of [one, `${deployments}/nested`]) {
      check(title, await azure.get(path));
      check(title, await azure.get(`${path}/operations`));
      check(title, await azure.post(`${path}/exportTemplate`));
    }
  }
  const lenient = `{properties: {template: ${JSON.stringify(template({ parameters: secure }))}, parameters: ${JSON.stringify(parameters)}}}`;
  check('lenient', await azure.put(`${deployments}/d`, {}, { text: lenient }));
  check('export', await azure.post(`${group}/exportTemplate`, { resources: ['*'] }));
  check('list', await azure.get(deployments));
  check('password', await azure.put(`${group}/providers/Microsoft.Sql/servers/s`, opaque({ loginPassword: 'MARKER' })));
  for (const path of ['requests', 'snapshot', 'events']) check(path, await azure.get(`/_lazurite/${path}`));
});
