// A Postman collection out of the OpenAPI documents: walks that work in their order, each request with its test, and a
// folder of every operation. `newman run` fails when an answer is not what it should be.

const json = (value) => JSON.stringify(value, undefined, 2);

/** Values of examples that a user may want to change once for all. */
const variables = {
  subscriptionId: '00000000-0000-0000-0000-000000000001',
  resourceGroupName: 'demo',
};

/** `text` with variables in the place of their values. */
const withVariables = (text) =>
  text
    .replaceAll(variables.subscriptionId, '{{subscriptionId}}')
    .replaceAll(/(resource[Gg]roups\/)demo\b/g, '$1{{resourceGroupName}}');

/** Runs after an answer; `codes` are those that are right. */
const expectCodes = (codes) => [
  `pm.test('answers ${codes.join(' or ')}', () => pm.expect(pm.response.code).to.be.oneOf(${JSON.stringify(codes)}));`,
];

/** Where an answer of 202 sends its client: until the operation has ended. */
const followLocation = [
  "if (pm.response.code === 202 && pm.response.headers.has('Location')) {",
  "  pm.test('the operation at Location ends well', (done) => {",
  '    const look = () =>',
  "      pm.sendRequest(pm.response.headers.get('Location'), (error, answer) => {",
  '        if (error) return done(error);',
  "        if (answer.code === 202) return setTimeout(look, 1000 * Number(answer.headers.get('Retry-After') ?? 1));",
  '        done(answer.code < 300 ? null : new Error(answer.text()));',
  '      });',
  '    look();',
  '  });',
  '}',
];

/** The same for the classic API, whose operations are found by the id of their request. */
const followOperation = [
  'if (pm.response.code === 202) {',
  "  pm.test('the operation ends well', (done) => {",
  "    const operation = pm.response.headers.get('x-ms-request-id');",
  "    const url = pm.variables.replaceIn('{{baseUrl}}/{{subscriptionId}}/operations/') + operation;",
  '    const look = () =>',
  "      pm.sendRequest({ url, header: { 'x-ms-version': '2014-10-01' } }, (error, answer) => {",
  '        if (error) return done(error);',
  "        if (answer.text().includes('<Status>InProgress</Status>')) return setTimeout(look, 1000);",
  "        done(answer.text().includes('<Status>Succeeded</Status>') ? null : new Error(answer.text()));",
  '      });',
  '    look();',
  '  });',
  '}',
];

/** For a request that may be refused where nothing is: a refusal has a code, and nothing fails. */
const expectAnswer = [
  "pm.test('is answered or refused, and does not fail', () => {",
  '  pm.expect(pm.response.code).to.be.below(500);',
  '  const text = pm.response.text();',
  "  if (pm.response.code >= 400 && text !== '') pm.expect(text).to.match(/[Cc]ode/);",
  '});',
];

function request({ method, path, query = {}, headers = {}, body, name, test }) {
  const parameters = Object.entries(query).map(([key, value]) => ({ key, value }));
  const [plain, given] = withVariables(path).split('?');
  for (const [key, value] of new URLSearchParams(given ?? '')) parameters.unshift({ key, value });
  const search = parameters.map(({ key, value }) => `${key}=${value}`).join('&');
  const type = body?.startsWith('<') ? 'application/xml' : 'application/json';
  const header = Object.entries({ ...headers, ...(body && { 'Content-Type': type }) });
  return {
    name,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: test } }],
    request: {
      method,
      header: header.map(([key, value]) => ({ key, value })),
      ...(body && { body: { mode: 'raw', raw: withVariables(body) } }),
      url: {
        raw: `{{baseUrl}}${plain}${search && `?${search}`}`,
        host: ['{{baseUrl}}'],
        path: plain.slice(1).split('/'),
        ...(parameters.length > 0 && { query: parameters }),
      },
    },
  };
}

/** A request for the operation at `path` of an OpenAPI document, with the document's examples. */
function operationRequest({ document, path, method, name, test }) {
  const operation = (document.paths[path] ?? document['x-ms-paths']?.[path])?.[method];
  if (!operation) throw new Error(`${method} ${path} is not in the document`);
  const { parameters = [], requestBody, operationId, summary } = operation;
  const values = (where) =>
    Object.fromEntries(
      parameters.flatMap(({ in: place, name, schema }) =>
        place === where && schema.default !== undefined ? [[name, schema.default]] : [],
      ),
    );
  const inPath = values('path');
  const example = Object.values(requestBody?.content ?? {})[0]?.example;
  return request({
    method: method.toUpperCase(),
    path: path.replaceAll(/\{(\w+)\}/g, (_, parameter) => inPath[parameter] ?? parameter),
    query: values('query'),
    headers: values('header'),
    body: example === undefined || typeof example === 'string' ? example : json(example),
    name: name ?? `${summary} (${operationId})`,
    test: test ?? [...expectAnswer, ...followLocation],
  });
}

const group = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';

/** Steps `[method, path, name, codes, further lines of the test]`, numbered. */
const walk = (document, steps) =>
  steps.map(([method, path, title, codes, checks = []], index) =>
    operationRequest({
      ...{ document, method, path, name: `${index + 1} ${title}` },
      test: [...expectCodes(codes), ...checks, ...(document['x-ms-paths'] ? followOperation : followLocation)],
    }),
  );

const holds = (what, expression) => `pm.test('${what}', () => pm.expect(${expression}).to.eql(true));`;

/** A load balancer in an empty Lazurite, and everything deleted again. */
function balancerWalk({ arm, admin }) {
  const network = `${group}/providers/Microsoft.Network`;
  const one = (type) => `${network}/${type}/{name}`;
  const created = [200, 201];
  const find = (path) => {
    const wanted = path.replaceAll(/\{\w+\}/g, '{}').toLowerCase();
    return Object.keys(arm.paths).find((known) => known.replaceAll(/\{\w+\}/g, '{}').toLowerCase() === wanted) ?? path;
  };
  const steps = [
    ['put', group, 'Create a resource group', created],
    ['put', one('virtualNetworks'), 'Create a virtual network', created],
    ['put', one('publicIPAddresses'), 'Create a public IP address', created],
    ['put', one('loadBalancers'), 'Create a load balancer', created],
    ['put', one('networkInterfaces'), 'Create a network interface in its pool', created],
    [
      ...['get', one('loadBalancers'), 'Read the load balancer', [200]],
      [
        holds(
          'its rule distributes by SourceIP',
          "pm.response.json().properties.loadBalancingRules[0].properties.loadDistribution === 'SourceIP'",
        ),
      ],
    ],
    ['get', `${network}/loadBalancers/{name}/loadBalancingRules/{childName}`, 'Read its rule', [200]],
    [
      'post',
      `${network}/loadBalancers/{name}/loadBalancingRules/{rule}/health`,
      'Ask for the health of its rule',
      [202],
    ],
  ].map(([method, path, ...rest]) => [method, find(path), ...rest]);
  const seen = operationRequest({
    ...{ document: admin, method: 'get', path: '/_lazurite/frontends', name: '9 See where it listens' },
    test: [...expectCodes([200]), holds('its frontend is there', 'pm.response.json().value.length > 0')],
  });
  const gone = operationRequest({
    ...{ document: arm, method: 'delete', path: find(group), name: '10 Delete everything' },
    test: [...expectCodes([200, 202]), ...followLocation],
  });
  return [...walk(arm, steps), seen, gone];
}

/** A cloud service with a load-balanced set whose distribution changes. */
function classicWalk({ classic }) {
  const services = '/{subscriptionId}/services/hostedservices';
  const service = `${services}/{service}`;
  const deployment = `${service}/deployments/{deployment}`;
  const distributes = holds(
    'the set distributes by sourceIP',
    "pm.response.text().includes('<LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>')",
  );
  return walk(classic, [
    ['post', services, 'Create a cloud service', [201]],
    ['post', `${service}/deployments`, 'Create two virtual machines in a load-balanced set', [202]],
    ['post', `${deployment}?comp=UpdateLbSet`, 'Change the distribution of the set', [202]],
    ['get', deployment, 'Read the deployment', [200], [distributes]],
    ['delete', deployment, 'Delete the deployment', [202]],
    ['delete', service, 'Delete the cloud service', [200, 202]],
  ]);
}

/** What would end the emulator, or replace what it has, is for people to send. */
const isHarmless = (path, method) => !/\/_lazurite\/(stop|snapshot)$/.test(path) || method === 'get';

function folders(document) {
  const byTag = new Map();
  const all = [...Object.entries(document.paths), ...Object.entries(document['x-ms-paths'] ?? {})];
  for (const [path, operations] of all) {
    for (const method of Object.keys(operations)) {
      const [tag] = operations[method].tags;
      const test = isHarmless(path, method) ? undefined : [];
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationRequest({ document, path, method, test })]);
    }
  }
  return [...byTag].map(([name, item]) => ({ name, item }));
}

/** Postman's collection format 2.1, out of the documents `arm`, `classic` and `admin`. */
export function postmanCollection(documents) {
  const { arm, classic, admin } = documents;
  return {
    info: {
      name: 'Lazurite',
      description: `${arm.info.description} Trust the CA at {{baseUrl}}/_lazurite/ca.pem, or use http. The first two folders work in their order on an empty Lazurite.`,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable: Object.entries({ baseUrl: 'http://localhost:4567', ...variables, token: 'any' }).map(([key, value]) => ({
      key,
      value,
    })),
    item: [
      { name: 'A load balancer, step by step', item: balancerWalk(documents) },
      { name: 'A classic cloud service, step by step', item: classicWalk(documents) },
      { name: 'Azure Resource Manager', item: folders(arm) },
      { name: 'Service Management (classic)', item: folders(classic) },
      { name: 'Inspection and control', item: folders(admin) },
    ],
  };
}
