/** A marker in every place of a request where a secret may stand, at every route, searched for in everything that can be read. */
import { type Test, test } from 'tap';
import { classicOperations } from '../../../src/api/classic/routes/index.js';
import { createLog } from '../../../src/support/log.js';
import { filled, type Route, routesOf } from '../../routes.js';
import { inTime } from '../../turns.js';
import { template } from '../arm/deployments/deployment-client.js';
import { ArmClient, type Json, newestApiVersion, subscriptionId } from '../arm/resources/arm-client.js';
import { azureXmlns, createServiceXml } from '../classic/harness.js';

/** What Azure's APIs call the secrets in their bodies. */
const secretMembers = (kind: string): Json =>
  Object.fromEntries(
    [
      'adminPassword',
      'administratorLoginPassword',
      'password',
      'sharedKey',
      'clientSecret',
      'secret',
      'protectedSettings',
    ].map((name) => [
      name,
      name === 'protectedSettings' ? { inner: `MARKER-${kind}-${name}` } : `MARKER-${kind}-${name}`,
    ]),
  );
const secure = {
  text: { type: 'secureString', defaultValue: 'MARKER-default' },
  object: { type: 'SECUREOBJECT', defaultValue: { inner: 'MARKER-object-default' } },
};
const values = { text: { value: 'MARKER-value' }, object: { value: { deep: [{ a: 'MARKER-deep' }] } } };
const deployment: Json = { mode: 'Incremental', template: template({ parameters: secure }), parameters: values };

const deep = (levels: number): string =>
  `{"properties": {"templateLink": {}, "parameters": {"text": {"value": "MARKER-deep"}}}, "deep": ${'['.repeat(levels)}${']'.repeat(levels)}}`;

/** Bodies that every route is sent: what is secret stands at its top, below `properties`, in lists, and as a wrong type. */
const bodies: Readonly<Record<string, string>> = {
  json: JSON.stringify({
    location: 'westeurope',
    ...secretMembers('top'),
    properties: {
      ...deployment,
      ...secretMembers('properties'),
      osProfile: secretMembers('profile'),
      list: [secretMembers('list')],
    },
  }),
  'a wrong type': JSON.stringify({
    location: 'westeurope',
    properties: {
      osProfile: { adminPassword: ['MARKER-array'] },
      adminPassword: { MARKERkey: 'MARKER-object' },
      template: 'MARKER-secureString',
    },
  }),
  'a linked template': JSON.stringify({
    properties: {
      mode: 'Incremental',
      templateLink: { uri: 'http://127.0.0.1:1/t.json?sv=1&sig=MARKER-signature&se=2' },
      parameters: values,
    },
  }),
  'lenient JSON': `{properties: {templateLink: {uri: 'http://127.0.0.1:1/t.json'}, parameters: {text: {value: 'MARKER-lenient'}}}}`,
  'a long body': JSON.stringify({
    properties: {
      parameters: values,
      template: template({ metadata: { filler: 'x'.repeat(70_000) }, parameters: secure }),
    },
  }),
  'a long body with letters as escapes': `{"properties":{"filler":"${'x'.repeat(70_000)}","admin\\u0050assword":"MARKER-escape"}}`,
  'a byte order mark': `\uFEFF${JSON.stringify({ properties: { templateLink: {}, parameters: values } })}`,
  'a deep body': deep(3000),
  'a body that is deep and long': deep(50_000),
  'broken JSON': JSON.stringify({ properties: { templateLink: {}, parameters: values } }).slice(0, -1),
  form: 'grant_type=client_credentials&client_id=c&client_secret=MARKER-form&client_assertion=MARKER-assertion&resource=r',
  'a package': `<CreateDeployment ${azureXmlns}><Name>d</Name><PackageUrl>http://127.0.0.1:1/a.cspkg?sv=1&amp;sig=MARKER-package</PackageUrl><Label>bA==</Label><Configuration>bA==</Configuration><StartDeployment>true</StartDeployment></CreateDeployment>`,
  'an extension': `<Extension ${azureXmlns}><PrivateConfiguration>MARKER-private</PrivateConfiguration></Extension>`,
  xml: `<Certificate ${azureXmlns}><Data>TUFSS0VS</Data><Password>MARKER-xml</Password><AdminPassword>MARKER-admin</AdminPassword></Certificate>`,
};

/** A resource of any type is shown as it was given, a template in it too, but without what every provider hides. */
const resourceBody = JSON.stringify({
  location: 'westeurope',
  properties: { ...secretMembers('resource'), osProfile: secretMembers('inner'), list: [secretMembers('list')] },
});

/** Where such bodies differ from plain JSON: where templates and tokens are read. */
const everyBody = /^\/providers\/.*template|resourcegroupname\/.*deployment|token/;

const headers = {
  'x-ms-version': '2015-04-01',
  authorization: 'Bearer MARKER-token',
  secret: 'MARKER-msi',
  'x-identity-header': 'MARKER-identity',
};

/** These empty what is searched, or are no reading at all. */
const isLeftOut = ({ method, path }: Route): boolean =>
  path.startsWith('/_lazurite/') && /^(DELETE|POST \/_lazurite\/reset)/.test(`${method} ${path}`);

/** Reads the stream of events as it comes; the result is everything up to a move of the clock that it makes. */
async function listen(t: Test, azure: ArmClient): Promise<() => Promise<string>> {
  const ended = new AbortController();
  t.teardown(() => ended.abort());
  const answer = await fetch(`${azure.origin}/_lazurite/events`, {
    headers: { accept: 'text/event-stream' },
    signal: ended.signal,
  });
  const parts = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    const from = text.length;
    await azure.post('/_lazurite/clock', { advanceSeconds: 1 });
    while (!text.includes('event: clock', from)) {
      const { value, done } = await inTime('the event of a moved clock', parts.read());
      if (done) throw new Error(`The stream of events ended after: ${text.slice(from)}`);
      text += value;
    }
    return text.slice(from);
  };
}

const views = ['requests', 'snapshot', 'events', 'faults', 'metrics', 'counters'];

test('a secret in a request is in no journal, snapshot, event, log line or error', async (t) => {
  const lines: string[] = [];
  const azure = await ArmClient.start(t, { log: createLog((line) => lines.push(line)) });
  const eventsUntilNow = await listen(t, azure);
  const routes = routesOf(azure.emulator.server.app).filter((route) => !isLeftOut(route) && !route.path.includes('^'));
  const classic = classicOperations.map(({ method, path, comp }) => ({
    method,
    path: `/${subscriptionId}/${path.replace('{slot}', 'staging').replace(/\{\w+\}/g, 'x')}${comp ? `?comp=${comp}` : ''}`,
  }));
  t.ok(routes.length > 200 && classic.length > 50, `${routes.length} routes and ${classic.length} classic operations`);
  for (const [kind, body] of Object.entries(bodies)) {
    await azure.makeGroup();
    const service = { headers, text: createServiceXml('x') };
    await azure.send('POST', `/${subscriptionId}/services/hostedservices`, undefined, service);
    const leaks = new Set<string>();
    for (const { method, path } of [...routes, ...classic].sort(
      (a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'),
    )) {
      const isRead = ['GET', 'HEAD'].includes(method);
      if (kind !== 'json' && (isRead || path.endsWith('*') || (!body.startsWith('<') && !everyBody.test(path))))
        continue;
      const { status, text } = await azure.send(method, filled(path, subscriptionId), undefined, {
        headers,
        apiVersion: newestApiVersion,
        ...(isRead ? {} : { text: path.endsWith('*') ? resourceBody : body }),
      });
      if (status === 500) t.fail(`${method} ${path}: ${text}`);
      // The template that is minified there is the caller's own.
      if (text.includes('MARKER') && !path.endsWith('calculatetemplatehash')) leaks.add(`${method} ${path}: ${text}`);
    }
    t.strictSame([...leaks], [], `answers to ${kind}`);
    const read: Record<string, string> = { log: lines.join(''), stream: await eventsUntilNow() };
    for (const path of views) {
      const { status, text } = await azure.get(`/_lazurite/${path}`);
      t.equal(status, 200, `${path} after ${kind}`);
      read[path] = text;
    }
    for (const [where, text] of Object.entries(read)) {
      t.strictSame(
        [...new Set(text.match(/(?:.{80})?(?:MARKER|TUFSS0VS)[\w-]*/g) ?? [])],
        [],
        `${where} after ${kind}`,
      );
    }
    await azure.delete('/_lazurite/requests');
  }
});
