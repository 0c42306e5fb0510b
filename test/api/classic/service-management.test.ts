import { EventEmitter } from 'node:events';
import t from 'tap';
import { nextEvent } from '../../turns.js';
import * as classicKit from './harness.js';
import { dep, errorOf, services, ssh, start, startWithSet } from './my-service.js';

t.test('x-ms-version is required, must exist, and must know the operation', async (t) => {
  const classic = await startWithSet(t);
  const wrong = 'MissingOrIncorrectVersionHeader: The versioning header is not specified or was specified incorrectly.';
  for (const version of ['', '2015-04-02', 'latest', '2014-09-01, 2014-10-01']) {
    const answer = await classic.get(services, { version });
    t.same([answer.statusCode, errorOf(answer.body)], [400, wrong], version);
  }
  const body = classicKit.setsXml(classicKit.endpointXml({ LoadBalancedEndpointSetName: 'LBSet1' }));
  t.equal((await classic.post(`${dep}?comp=UpdateLbSet`, body, { version: '2013-03-01' })).statusCode, 400);
  t.equal((await classic.post(`${dep}?comp=UpdateLbSet`, body, { version: '2013-06-01' })).statusCode, 202);
});

t.test('LoadBalancerDistribution is unknown before 2014-09-01, in requests and in answers', async (t) => {
  const classic = await startWithSet(t);
  const body = classicKit.setsXml(
    classicKit.endpointXml({ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerDistribution: 'sourceIP' }),
  );
  const old = await classic.post(`${dep}?comp=UpdateLbSet`, body, { version: '2014-08-01' });
  t.equal(errorOf(old.body), 'BadRequest: InputEndpoint has a missing, misspelled or out of order element.');
  t.equal((await classic.post(`${dep}?comp=UpdateLbSet`, body, { version: '2014-09-01' })).statusCode, 202);
  t.match(
    (await classic.get(`${dep}/roles/vm1`, { version: '2014-09-01' })).body,
    /<LoadBalancerDistribution>sourceIP</,
  );
  t.notMatch((await classic.get(`${dep}/roles/vm1`, { version: '2014-08-01' })).body, /LoadBalancerDistribution/);
});

t.test('UpdateLbSet answers 202 with exactly the headers of Azure’s example', async (t) => {
  const classic = await startWithSet(t);
  const padded = `<LoadBalancedEndpointList xmlns="https://schemas.microsoft.com/windowsazure">
    <InputEndpoint>
      <LoadBalancedEndpointSetName> LBSet1 </LoadBalancedEndpointSetName>
      <LocalPort> 0 </LocalPort>
      <Port> 8000 </Port>
      <LoadBalancerProbe><Port> 8080 </Port><Protocol> TCP </Protocol></LoadBalancerProbe>
      <Protocol> tcp </Protocol>
      <EnableDirectServerReturn> False </EnableDirectServerReturn>
      <IdleTimeoutInMinutes>15</IdleTimeoutInMinutes>
      <LoadBalancerDistribution>SOURCEIP</LoadBalancerDistribution>
    </InputEndpoint>
  </LoadBalancedEndpointList>`;
  const answer = await classic.post(`${dep.toUpperCase().replace('MYSVC', 'mysvc')}/?comp=updatelbset`, padded, {
    version: '2014-09-01',
  });
  t.equal(answer.statusCode, 202, answer.body);
  t.equal(answer.body, '');
  const { connection, ...headers } = answer.headers;
  t.same(Object.keys(headers).sort(), [
    'cache-control',
    'content-length',
    'date',
    'server',
    'x-ms-request-id',
    'x-ms-servedbyregion',
  ]);
  t.match(headers, { 'cache-control': 'no-cache', 'content-length': '0', 'x-ms-request-id': /^[0-9a-f]{32}$/ });
  const role = await classic.get(`${dep}/roles/vm2`);
  t.match(
    role.body,
    '<InputEndpoint><LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName><LocalPort>8081</LocalPort><Name>HttpIn</Name><Port>8000</Port><LoadBalancerProbe><Port>8080</Port><Protocol>tcp</Protocol><IntervalInSeconds>15</IntervalInSeconds><TimeoutInSeconds>31</TimeoutInSeconds></LoadBalancerProbe><Protocol>tcp</Protocol><EnableDirectServerReturn>false</EnableDirectServerReturn><IdleTimeoutInMinutes>15</IdleTimeoutInMinutes><LoadBalancerDistribution>sourceIP</LoadBalancerDistribution></InputEndpoint>',
  );
  const operation = await classic.operation(answer);
  t.equal(classicKit.textOf(operation, 'ID')?.replaceAll('-', ''), headers['x-ms-request-id']);
  t.same(
    [classicKit.textOf(operation, 'Status'), classicKit.textOf(operation, 'HttpStatusCode')],
    ['Succeeded', '200'],
  );
});

t.test('the empty list that azure-cli sends changes nothing and is accepted', async (t) => {
  const classic = await startWithSet(t);
  const before = await classic.get(`${dep}/roles/vm1`);
  t.equal((await classic.post(`${dep}?comp=UpdateLbSet`, classicKit.setsXml())).statusCode, 202);
  t.equal((await classic.get(`${dep}/roles/vm1`)).body, before.body);
  t.equal((await classic.post(`${dep}?comp=other`, classicKit.setsXml())).statusCode, 400);
});

t.test('one operation runs on a deployment at a time; a second one gets ConflictError', async (t) => {
  const config = { operationDelayMs: 0 };
  const classic = await startWithSet(t, { config });
  config.operationDelayMs = 30_000;
  const body = classicKit.setsXml(
    classicKit.endpointXml({ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerDistribution: 'none' }),
  );
  const first = await classic.post(`${dep}?comp=UpdateLbSet`, body);
  t.equal(classicKit.textOf(await classic.operation(first), 'Status'), 'InProgress');
  const second = await classic.delete(dep);
  t.equal(second.statusCode, 409);
  t.equal(
    errorOf(second.body),
    `ConflictError: Windows Azure is currently performing an operation with x-ms-requestid ${first.headers['x-ms-request-id']} on this deployment that requires exclusive access.`,
  );
  classic.clock.advance(30_000);
  t.equal(classicKit.textOf(await classic.operation(first), 'Status'), 'Succeeded');
  t.equal((await classic.delete(dep)).statusCode, 202);
});

t.test('an operation is in progress until the data plane has it', async (t) => {
  const dataPlane = new EventEmitter();
  let onChange = async () => {};
  const classic = await startWithSet(t, { dataPlane: { classicChanged: () => onChange() } });
  const asked = nextEvent(dataPlane, 'asked');
  onChange = async () => {
    dataPlane.emit('asked');
    await nextEvent(dataPlane, 'done');
  };
  const slow = classic.post(
    `${dep}?comp=UpdateLbSet`,
    classicKit.setsXml(classicKit.endpointXml({ LoadBalancedEndpointSetName: 'LBSet1' })),
  );
  await asked;
  t.equal((await classic.delete(dep)).statusCode, 409);
  dataPlane.emit('done');
  t.equal(classicKit.textOf(await classic.operation(await slow), 'Status'), 'Succeeded');
});

t.test('a public port that is taken: the request is accepted, then its operation fails', async (t) => {
  const classic = await startWithSet(t);
  const role = classicKit.roleXml('PersistentVMRole', { name: 'vm3', endpoints: ssh(22) });
  const answer = await classic.post(`${dep}/roles`, role);
  t.equal(answer.statusCode, 202);
  const operation = await classic.operation(answer);
  t.same(
    [
      classicKit.textOf(operation, 'Status'),
      classicKit.textOf(operation, 'HttpStatusCode'),
      classicKit.textOf(operation, 'Code'),
    ],
    ['Failed', '400', 'BadRequest'],
  );
  t.equal(
    classicKit.textOf(operation, 'Message'),
    'Port 22 is already in use by one of the endpoints in this deployment. Ensure that the port numbers are unique across endpoints within a deployment.',
  );
  t.equal((await classic.get(`${dep}/roles/vm3`)).statusCode, 404, 'and nothing has changed');
});

t.test('hosted services are created once, under a DNS name', async (t) => {
  const classic = await start(t);
  const created = await classic.post(services, classicKit.createServiceXml('mySvc'));
  t.equal(created.statusCode, 201);
  t.equal(created.headers.location, `http://management.example/subscriptions/${classicKit.subscription}/compute/mySvc`);
  t.equal(
    classicKit.textOf(await classic.operation(created), 'Status'),
    'Succeeded',
    'a finished request has an operation too',
  );
  const again = await classic.post(services, classicKit.createServiceXml('MYSVC'), {
    subscriptionId: classicKit.subscription.replace('1', '9'),
  });
  t.same([again.statusCode, errorOf(again.body)], [409, 'ConflictError: The specified DNS name is already taken.']);
  const wrong = await classic.post(services, classicKit.createServiceXml('my_svc'));
  t.same([wrong.statusCode, errorOf(wrong.body)], [400, 'BadRequest: The hosted service name is invalid.']);
  const nowhere = `<CreateHostedService ${classicKit.azureXmlns}><ServiceName>a</ServiceName><Label>YQ==</Label></CreateHostedService>`;
  t.equal((await classic.post(services, nowhere)).statusCode, 400);
  t.match(
    (await classic.get(`${services}/operations/isavailable/mySvc`)).body,
    /<Result>false<\/Result><Reason>A hosted service with the specified name already exists\./,
  );
  t.match(
    (await classic.get(`${services}/operations/isavailable/free`)).body,
    /<Result>true<\/Result><Reason i:nil="true"\/>/,
  );
  t.match(
    (await classic.get(services)).body,
    /<HostedServices .*<ServiceName>mySvc<\/ServiceName>.*<ComputeCapabilities>/,
  );
  t.equal((await classic.delete(`${services}/mysvc`)).statusCode, 200);
  const gone = await classic.get(`${services}/mySvc`);
  t.same([gone.statusCode, errorOf(gone.body)], [404, 'ResourceNotFound: The hosted service does not exist.']);
});

t.test('a comp that the operation does not have is refused and changes nothing', async (t) => {
  const classic = await startWithSet(t);
  const wrong = /MissingOrInvalidRequiredQueryParameter/;
  const slot = `${services}/mySvc/deploymentslots/Production`;
  const calls = [
    ['DELETE', `${dep}?comp=UpdateLbSet`],
    ['DELETE', `${dep}?comp=anything`],
    ['DELETE', `${slot}?comp=config`],
    ['DELETE', `${dep}/roles/vm2?comp=delete`],
    ['DELETE', `${services}/mySvc?comp=other`],
    ['GET', `${dep}?comp=UpdateLbSet`],
    ['GET', `${services}?comp=list`],
    ['POST', `${dep}?comp=media`],
    ['POST', `${services}/mySvc/deployments?comp=UpdateLbSet`],
    ['PUT', `${dep}/roles/vm1?comp=media`],
  ] as const;
  for (const [method, path] of calls) {
    const answer = await classic.call(method, path, { body: '' });
    t.equal(answer.statusCode, 400, `${method} ${path}`);
    t.match(answer.body, wrong, `${method} ${path}`);
  }
  t.match((await classic.get(dep)).body, /<RoleName>vm1<.*<RoleName>vm2</);
  t.equal((await classic.get(`${dep}?comp=`)).statusCode, 200);
  const options = await classic.app.inject({
    method: 'OPTIONS',
    url: `/${classicKit.subscription}${dep}?comp=UpdateLbSet`,
  });
  t.match(errorOf(options.body), /^InvalidHttpVerb:/, 'in XML');
  t.equal((await classic.delete(`${dep}?COMP=Media`)).statusCode, 202);
});

t.test('bodies may be UTF-16 or begin with a byte order mark, as .NET and PowerShell write them', async (t) => {
  const classic = await startWithSet(t);
  const set = classicKit.setsXml(
    classicKit.endpointXml({ LoadBalancedEndpointSetName: 'LBSet1', LoadBalancerDistribution: 'sourceIP' }),
  );
  const declared = `<?xml version="1.0" encoding="utf-16"?>${set}`;
  const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();
  const bodies: [string, Buffer][] = [
    ['UTF-16LE with a mark', Buffer.from(`\uFEFF${declared}`, 'utf16le')],
    ['UTF-16LE without', Buffer.from(declared, 'utf16le')],
    ['UTF-16BE with a mark', bigEndian(`\uFEFF${declared}`)],
    ['UTF-16BE without', bigEndian(declared)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${set}`)],
  ];
  for (const [title, payload] of bodies) {
    const headers = { 'x-ms-version': '2015-04-01', 'content-type': 'application/xml' };
    const url = `/${classicKit.subscription}${dep}?comp=UpdateLbSet`;
    const answer = await classic.app.inject({ method: 'POST', url, headers, payload });
    t.equal(answer.statusCode, 202, `${title}: ${answer.body}`);
  }
  const networks =
    '<?xml version="1.0" encoding="utf-16"?><NetworkConfiguration><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="Bücher" Location="West US"/></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>';
  const url = `/${classicKit.subscription}/services/networking/media`;
  const headers = { 'x-ms-version': '2015-04-01', 'content-type': 'text/plain' };
  const payload = Buffer.from(`\uFEFF${networks}`, 'utf16le');
  t.equal((await classic.app.inject({ method: 'PUT', url, headers, payload })).statusCode, 202);
  t.equal((await classic.get('/services/networking/media')).body, networks.replace('utf-16', 'utf-8'));
});

t.test('a service with deployments is deleted with comp=media only', async (t) => {
  const classic = await startWithSet(t);
  t.match((await classic.get(`${services}/mySvc?embed-detail=true`)).body, /<Deployments><Deployment><Name>mySvc</);
  t.equal((await classic.delete(`${services}/mySvc`)).statusCode, 409);
  t.equal((await classic.delete(`${services}/mySvc?comp=media`)).statusCode, 202);
  t.equal((await classic.get(`${services}/mySvc`)).statusCode, 404);
});

t.test('what is not there is not found, in Azure’s words', async (t) => {
  const classic = await startWithSet(t);
  await classic.post(services, classicKit.createServiceXml('empty'));
  const table: [string, string][] = [
    [`${services}/other/deployments/x`, 'The hosted service does not exist.'],
    [`${services}/other/deploymentslots/Production`, 'No deployments were found.'],
    [`${services}/empty/deployments/x`, 'No deployments were found.'],
    [`${dep}/roles/vm9`, 'Role vm9 was not found in the currently deployed service.'],
    [`${services}/mySvc/deployments/123`, "The deployment name '123' does not exist."],
    [`${services}/mySvc/deploymentslots/Staging`, 'No deployments were found.'],
    ['/services/networking/media', 'Network configuration does not exist.'],
    ['/services/networking/reservedips/x', 'The specified resource does not exist.'],
    ['/operations/0123456789abcdef0123456789abcdef', 'The operation 0123456789abcdef0123456789abcdef does not exist.'],
    ['/no/such/thing', 'The specified resource does not exist.'],
  ];
  for (const [path, text] of table) {
    const answer = await classic.get(path);
    t.same([answer.statusCode, errorOf(answer.body)], [404, `ResourceNotFound: ${text}`], path);
    t.equal(answer.headers['content-type'], 'application/xml; charset=utf-8');
  }
  t.match((await classic.delete('/locations')).body, /InvalidHttpVerb/);
  t.match((await classic.get(`${services}/mySvc/deploymentslots/Other`)).body, /Production, Staging/);
});

t.test('a slot holds one deployment, and the last role stays', async (t) => {
  const classic = await startWithSet(t);
  const again = await classic.post(
    `${services}/mySvc/deployments`,
    classicKit.deploymentXml({ name: 'b', roles: classicKit.roleXml('Role', { name: 'x' }) }),
  );
  t.equal(again.statusCode, 409);
  const staging = classicKit
    .deploymentXml({ name: 'b', roles: classicKit.roleXml('Role', { name: 'x' }) })
    .replace('Production', 'Staging');
  t.equal((await classic.post(`${services}/mySvc/deployments`, staging)).statusCode, 400);
  t.equal((await classic.delete(`${dep}/roles/vm2?comp=media`)).statusCode, 202);
  const last = await classic.delete(`${dep}/roles/vm1`);
  t.equal(
    errorOf(last.body),
    'BadRequest: Role vm1 is the only role present in the deployment and so cannot be removed. Please delete the deployment or add another role before removing this role.',
  );
});

t.test('Update Role replaces the whole network configuration', async (t) => {
  const classic = await startWithSet(t);
  const empty = `<PersistentVMRole ${classicKit.azureXmlns}><RoleName>vm1</RoleName><ConfigurationSets/></PersistentVMRole>`;
  t.equal((await classic.put(`${dep}/roles/vm1`, empty)).statusCode, 202);
  t.notMatch((await classic.get(`${dep}/roles/vm1`)).body, /InputEndpoint/);
  const silent = `<PersistentVMRole ${classicKit.azureXmlns}><RoleName>vm2</RoleName><RoleSize>Large</RoleSize></PersistentVMRole>`;
  t.equal((await classic.put(`${dep}/roles/vm2`, silent)).statusCode, 202);
  t.match((await classic.get(`${dep}/roles/vm2`)).body, /<LocalPort>8081<.*<RoleSize>Large</);
  t.equal(classic.plan().frontends.length, 1);
});

t.test('clients find what they ask for on their way', async (t) => {
  const classic = await start(t);
  await classic.post(services, classicKit.createServiceXml('mySvc'));
  const table: [string, RegExp][] = [
    ['', /<Subscription .*<SubscriptionStatus>Active</],
    ['/locations', /<Location><Name>South Central US</],
    ['/rolesizes', /<RoleSize><Name>A5</],
    ['/services/images', /^<Images [^>]*\/>$/],
    ['/services/images/My-Windows-Image', /<OS>Windows</],
    ['/services/vmimages', /^<VMImages /],
    ['/services/disks', /^<Disks /],
    ['/services/storageservices', /^<StorageServices /],
    ['/affinitygroups', /^<AffinityGroups /],
    [`${services}/mySvc/certificates`, /^<Certificates /],
    ['/services/networking/virtualnetwork', /^<VirtualNetworkSites /],
    ['/services/networking/reservedips', /^<ReservedIPs /],
    ['/certificates', /^<SubscriptionCertificates /],
  ];
  for (const [path, body] of table) t.match((await classic.get(path)).body, body, path || 'the subscription');
  t.equal((await classic.put('/services?service=compute&action=register', '')).statusCode, 200);
});

t.test('what is wrong on our side, or before us, is XML too', async (t) => {
  const classic = await start(t, {
    authorize: ({ headers }) => {
      if (headers['x-ms-version'] === '2017-01-01') throw new Error('a bug');
    },
  });
  const bug = await classic.get(services, { version: '2017-01-01' });
  t.same(
    [bug.statusCode, errorOf(bug.body)],
    [500, 'InternalError: The server encountered an internal error. Please retry the request.'],
  );
  const long = await classic.post(services, `<a>${'x'.repeat(9 * 1024 * 1024)}</a>`);
  t.match(errorOf(long.body), /^InvalidXmlRequest/);
  t.match((await classic.post(services, '<broken')).body, /InvalidXmlRequest/);
  t.match((await classic.post(services, '')).body, /InvalidXmlRequest/);
});
