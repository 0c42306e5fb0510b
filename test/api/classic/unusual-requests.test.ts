/** Requests as only people and broken programs write them, with the answers that Azure documents for such. */
import t from 'tap';
import { classicOperations } from '../../../src/api/classic/routes/index.js';
import { azureXmlns, createServiceXml, deploymentXml, endpointXml, roleXml, setsXml, subscription } from './harness.js';
import { dep, errorOf, http, services, startWithSet } from './my-service.js';

const malformed = (type: string) => `400 BadRequest: ${type} has a missing, misspelled or out of order element.`;
const invalidXml = '400 InvalidXmlRequest: The request body’s XML was invalid or not correctly specified.';
const incorrect = '400 BadRequest: A parameter was incorrect';
const invalid = (value: string, parameter: string, allowed: string) =>
  `400 BadRequest: Value '${value}' specified for parameter '${parameter}' is invalid. Allowed values are '${allowed}'.`;
const wrongVersion =
  '400 MissingOrIncorrectVersionHeader: The versioning header is not specified or was specified incorrectly.';
const wrongQuery =
  '400 MissingOrInvalidRequiredQueryParameter: A required query parameter was not specified for this request or was specified incorrectly.';
const wrongVerb =
  '400 InvalidHttpVerb: The HTTP verb specified was not recognized by the server or isn’t valid for this resource.';
const notFound = '404 ResourceNotFound: The specified resource does not exist.';
const invalidName = '400 BadRequest: The hosted service name is invalid.';

interface Unusual {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'TRACE' | 'PROPFIND' | 'MERGE';
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Status, and for refusals `Code: Message`. */
  readonly answer: string;
}

const lb = `${dep}?comp=UpdateLbSet`;
/** UpdateLbSet of an endpoint given as XML, or of a whole body. */
const set = (endpoint: string, answer: string): Unusual => ({
  path: lb,
  body: setsXml(`<InputEndpoint>${endpoint}</InputEndpoint>`),
  answer,
});
const named = '<LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName>';
const body = (text: string | Buffer, answer: string): Unusual => ({ path: lb, body: text, answer });
const good = setsXml(endpointXml({ LoadBalancedEndpointSetName: 'LBSet1' }));
const service = (text: string, answer: string): Unusual => ({ path: services, body: text, answer });
const role = (text: string, answer: string): Unusual => ({
  method: 'PUT',
  path: `${dep}/roles/vm1`,
  body: text,
  answer,
});
const versioned = (version: string, answer: string): Unusual => ({
  ...body(good, answer),
  headers: { 'x-ms-version': version },
});
const get = (path: string, answer: string): Unusual => ({ method: 'GET', path, answer });
const createReserved = (inner: string, answer: string): Unusual => ({
  path: '/services/networking/reservedips',
  body: `<ReservedIP ${azureXmlns}>${inner}</ReservedIP>`,
  answer,
});

const table: Readonly<Record<string, Unusual>> = {
  // XML
  'a document type declaration': body(`<!DOCTYPE x [<!ENTITY a "LBSet1">]>${good}`, invalidXml),
  'an entity that is not declared': set('<LoadBalancedEndpointSetName>&set;</LoadBalancedEndpointSetName>', invalidXml),
  'an entity for every character': set(
    '<LoadBalancedEndpointSetName>&#x4C;&#66;Set1</LoadBalancedEndpointSetName>',
    '202',
  ),
  CDATA: set('<LoadBalancedEndpointSetName><![CDATA[LBSet1]]></LoadBalancedEndpointSetName>', '202'),
  'a comment within a value': set('<LoadBalancedEndpointSetName>LB<!-- x -->Set1</LoadBalancedEndpointSetName>', '202'),
  'a processing instruction': body(`<?xml version="1.0"?><?x y?>${good}`, '202'),
  'a declaration after white space': body(` <?xml version="1.0"?>${good}`, invalidXml),
  'two roots': body(good + good, invalidXml),
  'text after the root': body(`${good}x`, invalidXml),
  'no root': body('<?xml version="1.0"?>', invalidXml),
  'an empty body': body('', invalidXml),
  JSON: body('{"LoadBalancedEndpointList":[]}', invalidXml),
  'a tag that is not closed': body(good.replace('</InputEndpoint>', ''), invalidXml),
  'a control character': set('<LoadBalancedEndpointSetName>LB\u0001</LoadBalancedEndpointSetName>', invalidXml),
  'a reference to a control character': set(
    '<LoadBalancedEndpointSetName>LB&#1;</LoadBalancedEndpointSetName>',
    invalidXml,
  ),
  'bytes that are no UTF-8': body(
    Buffer.concat([
      Buffer.from(good.replace('LBSet1</', 'LB')),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('</LoadBalancedEndpointSetName></InputEndpoint></LoadBalancedEndpointList>'),
    ]),
    invalidXml,
  ),
  'half a character of UTF-16': body(Buffer.from(`\uFEFF${good}`, 'utf16le').subarray(0, -1), invalidXml),
  'a namespace that is not Azure’s': body(good.replace('windowsazure', 'other'), malformed('LoadBalancedEndpointList')),
  'no namespace': body(good.replace(` ${azureXmlns}`, ''), '202'),
  'a prefix for the namespace': body(good.replace('xmlns=', 'xmlns:a=').replace(/<(\/?)(?=\w)/g, '<$1a:'), '202'),
  'a prefix that is not declared': set(
    '<a:LoadBalancedEndpointSetName>LBSet1</a:LoadBalancedEndpointSetName>',
    invalidXml,
  ),
  'an element of another namespace': set(`${named}<Port xmlns="urn:x">80</Port>`, malformed('InputEndpoint')),
  'the same attribute twice': body(good.replace('<InputEndpoint>', '<InputEndpoint a="1" a="2">'), invalidXml),
  'an unknown attribute': body(good.replace('<InputEndpoint>', '<InputEndpoint a="1">'), '202'),
  'a body of five million characters': body(good.replace('LBSet1', 'x'.repeat(5_000_000)), invalidXml),
  'a body beyond every limit': body(good.replace('LBSet1', 'x'.repeat(9_000_000)), invalidXml),
  'a thousand levels': body('<a>'.repeat(1000) + '</a>'.repeat(1000), invalidXml),
  'ISO 8859-1, as declared': body(
    Buffer.from(`<?xml version="1.0" encoding="iso-8859-1"?>${good.replace('LBSet1', 'grün')}`, 'latin1'),
    "400 BadRequest: No endpoint of the deployment belongs to LB set 'grün'.",
  ),
  'an encoding that nobody knows': body(`<?xml version="1.0" encoding="x-nothing"?>${good}`, invalidXml),
  'a UTF-8 declaration in UTF-16': body(
    Buffer.from(`\uFEFF<?xml version="1.0" encoding="utf-8"?>${good}`, 'utf16le'),
    '202',
  ),

  // Elements
  'a root of another name': body(
    good.replaceAll('LoadBalancedEndpointList', 'EndpointList'),
    malformed('LoadBalancedEndpointList'),
  ),
  'a root in another casing': body(
    good.replaceAll('LoadBalancedEndpointList', 'loadBalancedEndpointList'),
    malformed('LoadBalancedEndpointList'),
  ),
  'a list of other items': body(good.replaceAll('InputEndpoint', 'Endpoint'), malformed('LoadBalancedEndpointList')),
  'an element in another casing': set(
    '<loadBalancedEndpointSetName>LBSet1</loadBalancedEndpointSetName>',
    malformed('InputEndpoint'),
  ),
  'an element twice': set(`${named}${named}`, malformed('InputEndpoint')),
  'a required element that is empty': set('<LoadBalancedEndpointSetName/>', malformed('InputEndpoint')),
  'a required element that is nil': set(
    '<LoadBalancedEndpointSetName xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>',
    malformed('InputEndpoint'),
  ),
  'Port before LocalPort': set(`${named}<Port>80</Port><LocalPort>80</LocalPort>`, malformed('InputEndpoint')),
  'an unknown element': set(`${named}<Weight>3</Weight>`, malformed('InputEndpoint')),
  'text between elements': set(`${named} and more`, '202'),
  'an element within a number': set(`${named}<Port><x/>80</Port>`, incorrect),
  'the set’s name in another casing': set('<LoadBalancedEndpointSetName>LBSET1</LoadBalancedEndpointSetName>', '202'),
  'a set of another script': set(
    '<LoadBalancedEndpointSetName>負荷分散</LoadBalancedEndpointSetName>',
    "400 BadRequest: No endpoint of the deployment belongs to LB set '負荷分散'.",
  ),
  'one set twice': body(
    setsXml(
      endpointXml({ LoadBalancedEndpointSetName: 'LBSet1' }),
      endpointXml({ LoadBalancedEndpointSetName: 'lbset1' }),
    ),
    "400 BadRequest: The request has more than one endpoint with port '80' and protocol 'tcp'.",
  ),

  // Values
  'port 0': set(`${named}<Port>0</Port>`, invalid('0', 'Port', 'a number between 1 to 65535')),
  'port 65536': set(`${named}<Port>65536</Port>`, invalid('65536', 'Port', 'a number between 1 to 65535')),
  'a negative port': set(`${named}<Port>-1</Port>`, invalid('-1', 'Port', 'a number between 1 to 65535')),
  'a port in hexadecimal': set(`${named}<Port>0x50</Port>`, incorrect),
  'a port with a fraction': set(`${named}<Port>80.0</Port>`, incorrect),
  'a port that is the largest integer': set(
    `${named}<Port>2147483647</Port>`,
    invalid('2147483647', 'Port', 'a number between 1 to 65535'),
  ),
  'a port of 33 bits': set(`${named}<Port>4294967376</Port>`, incorrect),
  'a port beyond an integer': set(`${named}<Port>99999999999999999999</Port>`, incorrect),
  'a port in other digits': set(`${named}<Port>８０</Port>`, incorrect),
  'a port in white space': set(`${named}<Port>\n 80\t</Port>`, '202'),
  'a boolean in words': set(`${named}<EnableDirectServerReturn>yes</EnableDirectServerReturn>`, incorrect),
  'a boolean as a number': set(`${named}<EnableDirectServerReturn>0</EnableDirectServerReturn>`, '202'),
  'protocol icmp': set(`${named}<Protocol>icmp</Protocol>`, invalid('icmp', 'Protocol', 'tcp, udp')),
  'an unknown distribution': set(
    `${named}<LoadBalancerDistribution>sourcePort</LoadBalancerDistribution>`,
    invalid('sourcePort', 'LoadBalancerDistribution', 'sourceIP, sourceIPProtocol, none'),
  ),
  'an idle timeout of 3': set(
    `${named}<IdleTimeoutInMinutes>3</IdleTimeoutInMinutes>`,
    invalid('3', 'IdleTimeoutInMinutes', 'a number between 4 to 30'),
  ),
  'an idle timeout of 31': set(
    `${named}<IdleTimeoutInMinutes>31</IdleTimeoutInMinutes>`,
    invalid('31', 'IdleTimeoutInMinutes', 'a number between 4 to 30'),
  ),
  'a probe without a port': set(
    `${named}<LoadBalancerProbe><Protocol>tcp</Protocol></LoadBalancerProbe>`,
    "400 BadRequest: The value for parameter 'LoadBalancerProbe.Port' is null or empty.",
  ),
  'an empty probe': set(
    `${named}<LoadBalancerProbe/>`,
    "400 BadRequest: The value for parameter 'LoadBalancerProbe.Protocol' is null or empty.",
  ),
  'a rule without an order': set(
    `${named}<EndpointAcl><Rules><Rule><Action>permit</Action><RemoteSubnet>10.0.0.0/8</RemoteSubnet></Rule></Rules></EndpointAcl>`,
    "400 BadRequest: The value for parameter 'EndpointAcl.Rules.Rule.Order' is null or empty.",
  ),
  'a rule for IPv6': set(
    `${named}<EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action><RemoteSubnet>::/0</RemoteSubnet></Rule></Rules></EndpointAcl>`,
    invalid('::/0', 'EndpointAcl.Rules.Rule.RemoteSubnet', 'an IPv4 CIDR'),
  ),

  // Headers, verbs and queries
  'a version of tomorrow': versioned('2030-01-01', wrongVersion),
  'a version in white space': versioned(' 2015-04-01 ', '202'),
  'a version without dashes': versioned('20150401', wrongVersion),
  'two versions': versioned('2015-04-01,2015-04-01', wrongVersion),
  'an atom content type': {
    ...body(good, '202'),
    headers: { 'content-type': 'application/atom+xml;type=entry;charset=utf-8' },
  },
  'a form content type': { ...body(good, '202'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  'a content type that is none': { ...body(good, '202'), headers: { 'content-type': 'xml' } },
  PATCH: { method: 'PATCH', path: dep, body: good, answer: wrongVerb },
  OPTIONS: { method: 'OPTIONS', path: dep, answer: wrongVerb },
  TRACE: { method: 'TRACE', path: dep, answer: wrongVerb },
  PROPFIND: { method: 'PROPFIND', path: dep, answer: wrongVerb },
  'a verb of data services': { method: 'MERGE', path: dep, body: good, answer: wrongVerb },
  'a verb of data services where nothing is': { method: 'MERGE', path: '/nothing/here', body: good, answer: notFound },
  'PUT of a deployment': { method: 'PUT', path: dep, body: good, answer: wrongVerb },
  'comp without a value': { ...body(good, wrongQuery), path: `${dep}?comp=` },
  'comp twice': { ...body(good, wrongQuery), path: `${dep}?comp=UpdateLbSet&comp=config` },
  'comp of another verb': { method: 'DELETE', path: `${dep}?comp=UpdateLbSet`, answer: wrongQuery },
  'DELETE with an empty comp': { method: 'DELETE', path: `${dep}?comp=`, answer: wrongQuery },
  'COMP in capitals': { ...body(good, '202'), path: `${dep}?COMP=UPDATELBSET` },
  'a slash at the end': { ...body(good, '202'), path: `${dep}/?comp=UpdateLbSet` },
  'a query that is not encoded': get(`${dep}?comp=%zz`, wrongQuery),
  'a path that is not encoded': get(`${services}/%zz`, notFound),
  'a path that is no UTF-8': { method: 'DELETE', path: `${services}/%E0%A4`, answer: notFound },
  'a subscription that is followed by nothing readable': get('/%', notFound),
  'a name of 3000 letters': get(
    `${services}/${'a'.repeat(3000)}`,
    '404 ResourceNotFound: The hosted service does not exist.',
  ),
  'a path with a null': get(`${services}/my%00Svc`, '404 ResourceNotFound: The hosted service does not exist.'),
  'an unknown path': get('/services/nothing', notFound),
  'an operation that is no id': get('/operations/x', '404 ResourceNotFound: The operation x does not exist.'),
  'a period that ends before it begins': get('/operations?StartTime=2015-02-01&EndTime=2015-01-01', '200'),
  'a period without an end': get('/operations?StartTime=2015-02-01', wrongQuery),

  // Names
  'a service called by another script': service(createServiceXml('dienst-ü'), invalidName),
  'a service whose name ends in a hyphen': service(createServiceXml('svc-'), invalidName),
  'a service with a dot': service(createServiceXml('my.svc'), invalidName),
  'a service of 64 letters': service(createServiceXml('a'.repeat(64)), invalidName),
  'a service that differs in casing only': service(
    createServiceXml('MYSVC'),
    '409 ConflictError: The specified DNS name is already taken.',
  ),
  'a label that is no base64': service(createServiceXml('other').replace('bXlTdmM=', 'my label'), incorrect),
  'a service without a place': service(
    createServiceXml('other').replace('<Location>West US</Location>', ''),
    malformed('CreateHostedService'),
  ),
  'a second deployment in the slot': {
    path: `${services}/mySvc/deployments`,
    body: deploymentXml({ name: 'other', roles: roleXml('Role', { name: 'vm1' }) }),
    answer: '409 ConflictError: The specified deployment slot Production is occupied.',
  },
  'a deployment in Staging': {
    path: `${services}/mySvc/deployments`,
    body: deploymentXml({ name: 'other', roles: roleXml('Role', { name: 'vm1' }) }).replace('Production', 'Staging'),
    answer: invalid('Staging', 'DeploymentSlot', 'Production'),
  },
  'a slot that is none': get(
    `${services}/mySvc/deploymentslots/Canary`,
    invalid('Canary', 'DeploymentSlot', 'Production, Staging'),
  ),
  'a label of an instance’s address with a space': role(
    roleXml('PersistentVMRole', {
      name: 'vm1',
      endpoints: http(),
      network: '<PublicIPs><PublicIP><Name>p</Name><DomainNameLabel>my label</DomainNameLabel></PublicIP></PublicIPs>',
    }),
    invalid('my label', 'DomainNameLabel', 'letters, digits and hyphens'),
  ),
  'an endpoint without a name': role(
    roleXml('PersistentVMRole', { name: 'vm1', endpoints: endpointXml({ LocalPort: 1, Port: 1, Protocol: 'tcp' }) }),
    malformed('InputEndpoint'),
  ),
  'a reserved IP without a name': createReserved('<Location>West US</Location>', malformed('ReservedIP')),
  'a reserved IP for a deployment that is not there': createReserved(
    '<Name>r</Name><ServiceName>mySvc</ServiceName><DeploymentName>x</DeploymentName>',
    "404 ResourceNotFound: The deployment name 'x' does not exist.",
  ),
};

t.test('unusual requests get the answers that Azure documents', async (t) => {
  for (const [name, { method = 'POST', path = '', body, headers, answer }] of Object.entries(table)) {
    const classic = await startWithSet(t);
    const response = await classic.app.inject({
      method,
      url: `/${subscription}${path}`,
      headers: {
        host: 'management.example',
        'x-ms-version': '2015-04-01',
        ...(body !== undefined && { 'content-type': 'application/xml' }),
        ...headers,
      },
      ...(body !== undefined && { payload: body }),
    });
    const { statusCode } = response;
    t.equal(statusCode < 400 ? `${statusCode}` : `${statusCode} ${errorOf(response.body)}`, answer, name);
    if (statusCode >= 400 && method !== 'GET')
      t.match((await classic.get(dep)).body, /vm1.*vm2/, `${name}: nothing has changed`);
    await classic.close();
  }
});

t.test('no comp, on no verb of no path, is taken for another operation than its own', async (t) => {
  const classic = await startWithSet(t);
  const state = async () => (await classic.get(dep)).body + (await classic.get(services)).body;
  const before = await state();
  const parameters: Readonly<Record<string, string>> = { slot: 'Production', role: 'vm1', instance: 'vm1' };
  const comps = new Set(classicOperations.flatMap(({ comp }) => comp ?? []));
  const wrong: string[] = [];
  for (const path of new Set(classicOperations.map((operation) => operation.path))) {
    const url = path.replace(/\{(\w+)\}/g, (_, name) => parameters[name] ?? 'mySvc');
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      const own = classicOperations.filter((operation) => operation.path === path && operation.method === method);
      for (const comp of [...comps, 'media', 'other']) {
        if (own.some((operation) => operation.comp === comp || (operation.mediaOption && comp === 'media'))) continue;
        const { statusCode, body } = await classic.call(method, `/${url}?comp=${comp}`, { body: good });
        const code = own.length > 0 ? 'MissingOrInvalidRequiredQueryParameter' : 'InvalidHttpVerb';
        if (statusCode !== 400 || !body.includes(`<Code>${code}<`))
          wrong.push(`${method} ${url}?comp=${comp}: ${body}`);
      }
    }
  }
  t.strictSame(wrong, []);
  t.equal(await state(), before);
});
