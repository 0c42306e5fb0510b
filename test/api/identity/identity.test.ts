import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type Test, test } from 'tap';
import { createIdentity, type Identity } from '../../../src/api/identity/identity.js';
import { systemAssignedClientId } from '../../../src/api/identity/managed-identity.js';
import { objectIdOf } from '../../../src/api/identity/tokens.js';
import { defaultTenantId } from '../../../src/config/config-values.js';
import { createServer, type LazuriteServer } from '../../../src/http/server.js';
import { silentLog } from '../../../src/support/log.js';

const tenantId = '22222222-3333-4444-5555-666666666666';
const host = 'localhost:4567';
const base = `http://${host}`;

interface Instance {
  identity: Identity;
  app: LazuriteServer['app'];
  get(url: string, headers?: Record<string, string>): Promise<Reply>;
  post(url: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Reply>;
  passMs(ms: number): void;
}

interface Reply {
  status: number;
  headers: Record<string, unknown>;
  body: Record<string, unknown> & { error?: unknown };
}

async function start(
  t: Test,
  { folder, tlsNames = ['lazurite'] }: { folder?: string; tlsNames?: readonly string[] } = {},
): Promise<Instance> {
  let nowMs = Date.UTC(2026, 10, 21, 12);
  const identity = createIdentity({ folder, tlsNames, now: () => nowMs });
  const { app, close } = createServer({ log: silentLog, tlsNames });
  app.register(identity.plugin);
  app.register(async (arm) => {
    arm.addHook('onRequest', identity.requireToken);
    arm.get('/subscriptions', async () => ({ value: [] }));
  });
  t.teardown(close);
  const inject = async (
    method: 'GET' | 'POST',
    url: string,
    payload: string,
    headers: Record<string, string>,
  ): Promise<Reply> => {
    const response = await app.inject({ method, url, headers: { host, ...headers }, ...(payload && { payload }) });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  return {
    identity,
    app,
    get: (url, headers = {}) => inject('GET', url, '', headers),
    post: (url, form, headers = {}) =>
      inject('POST', url, new URLSearchParams(form).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      }),
    passMs: (ms) => {
      nowMs += ms;
    },
  };
}

const client = { client_id: 'app-1', client_secret: 'secret', grant_type: 'client_credentials' };
const scope = `${base}/.default`;
const tokenOf = ({ body }: Reply): string => String(body.access_token);

test('the v2 endpoint gives a signed token with the claims that Azure tools read', async (t) => {
  const { get, post } = await start(t);
  const scope = 'https://management.core.windows.net//.default';
  const reply = await post(`/${tenantId}/oauth2/v2.0/token?client-request-id=x`, {
    ...client,
    scope,
    client_info: '1',
  });
  t.match(reply, { status: 200, headers: { 'cache-control': /no-store/ } });
  t.match(reply.body, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
  t.equal(tokenOf(reply).split('.').length, 3);
  const { keys } = (await get('/common/discovery/keys')).body as { keys: [{ kid: string; alg: string }] };
  t.strictSame((await get(`/${tenantId}/discovery/v2.0/keys`)).body, { keys });
  t.strictSame(decodeProtectedHeader(tokenOf(reply)), { typ: 'JWT', alg: 'RS256', kid: keys[0].kid });
  const currentDate = new Date(Date.UTC(2026, 10, 21, 12));
  const { payload } = await jwtVerify(tokenOf(reply), createLocalJWKSet({ keys: keys as never }), { currentDate });
  const issuedAt = currentDate.getTime() / 1000;
  t.match(payload, {
    aud: 'https://management.core.windows.net/',
    iss: `${base}/${tenantId}/`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + 3599,
    appid: 'app-1',
    appidacr: '1',
    idp: `${base}/${tenantId}/`,
    idtyp: 'app',
    oid: objectIdOf('app-1'),
    sub: objectIdOf('app-1'),
    tid: tenantId,
    ver: '1.0',
  });
});

test('the AD FS endpoint counts seconds in a number, the v1 endpoint in a string', async (t) => {
  const { post } = await start(t);
  const adfs = await post('/ADFS/oauth2/token', { ...client, scope: `${base}/.default` });
  t.match(adfs.body, { expires_in: 3599, ext_expires_in: 3599 });
  t.equal(decodeJwt(tokenOf(adfs)).tid, defaultTenantId);
  t.equal(decodeJwt(tokenOf(adfs)).aud, base);
  const v1 = await post(`/${tenantId}/oauth2/token`, { ...client, resource: 'https://management.azure.com/' });
  const { exp, nbf, aud } = decodeJwt(tokenOf(v1));
  t.equal(aud, 'https://management.azure.com/');
  t.match(v1.body, { expires_in: '3599', expires_on: String(exp), not_before: String(nbf), resource: aud });
});

test('a client may prove itself by an assertion, or in the Authorization header', async (t) => {
  const { post } = await start(t);
  const { client_id, grant_type } = client;
  const scope = 'https://management.azure.com/.default';
  const assertion = {
    client_assertion: 'eyJhbGciOiJub25lIn0.e30.',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
  const byAssertion = await post('/common/oauth2/v2.0/token', { client_id, grant_type, scope, ...assertion });
  t.equal(decodeJwt(tokenOf(byAssertion)).appidacr, '2');
  const basic = `Basic ${Buffer.from('app%3A2:s:e:c').toString('base64')}`;
  const byHeader = await post('/common/oauth2/v2.0/token', { grant_type, scope }, { authorization: basic });
  t.equal(decodeJwt(tokenOf(byHeader)).appid, 'app:2');
});

test('what a token request lacks is said in the words of Entra ID', async (t) => {
  const { post } = await start(t);
  const url = `/${tenantId}/oauth2/v2.0/token`;
  const scope = 'https://management.azure.com/.default';
  const { client_secret: _secret, ...withoutSecret } = { ...client, scope };
  const cases: [Record<string, string>, number, string, number][] = [
    [{}, 400, 'invalid_request', 900144],
    [{ grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    [{ ...client, client_id: '', scope }, 400, 'invalid_request', 900144],
    [client, 400, 'invalid_request', 900144],
    [withoutSecret, 401, 'invalid_client', 7000218],
  ];
  const correlationId = '99999999-aaaa-bbbb-cccc-dddddddddddd';
  for (const [form, status, error, code] of cases) {
    const reply = await post(url, form, { 'client-request-id': correlationId });
    t.match(reply, {
      status,
      body: { error, error_codes: [code], correlation_id: correlationId, timestamp: '2026-11-21 12:00:00Z' },
    });
    t.match(
      reply.body.error_description,
      new RegExp(`^AADSTS${code}: .+ Trace ID: [\\w-]{36} Correlation ID: ${correlationId} Timestamp: `),
    );
  }
  t.match(await post('/adfs/oauth2/token', {}), { status: 400, body: { error: 'invalid_request' } });
});

test('OpenID documents are on the host that was asked, issuer included', async (t) => {
  const { get } = await start(t);
  const cases: [string, string, string][] = [
    [
      `/${tenantId}/v2.0/.well-known/openid-configuration?`,
      `${base}/${tenantId}/v2.0`,
      `${base}/${tenantId}/oauth2/v2.0/token`,
    ],
    [
      '/common/v2.0/.well-known/openid-configuration',
      `${base}/${defaultTenantId}/v2.0`,
      `${base}/common/oauth2/v2.0/token`,
    ],
    ['/adfs/.well-known/openid-configuration', `${base}/adfs`, `${base}/adfs/oauth2/token`],
    ['/adfs/contoso.com/.well-known/openid-configuration', `${base}/${defaultTenantId}/`, `${base}/adfs/oauth2/token`],
    [
      '/contoso.com/.well-known/openid-configuration',
      `${base}/${defaultTenantId}/`,
      `${base}/contoso.com/oauth2/token`,
    ],
    [`/${tenantId}/.well-known/openid-configuration`, `${base}/${tenantId}/`, `${base}/${tenantId}/oauth2/token`],
  ];
  for (const [url, issuer, token_endpoint] of cases) {
    const { status, body } = await get(url);
    t.match({ status, ...body }, { status: 200, issuer, token_endpoint }, url);
    for (const name of ['authorization_endpoint', 'device_authorization_endpoint', 'jwks_uri'])
      t.match(body[name], base);
    t.equal((await get(String(body.jwks_uri))).status, 200);
  }
  const lazurite = await get('/adfs/.well-known/openid-configuration', { host: 'lazurite:4567' });
  t.equal(lazurite.body.issuer, 'http://lazurite:4567/adfs');
});

test('instance discovery names this host alone', async (t) => {
  const { get } = await start(t);
  const { body } = await get(
    '/common/discovery/instance?api-version=1.1&authorization_endpoint=https://x/common/oauth2/authorize',
  );
  t.match(body, {
    tenant_discovery_endpoint: `${base}/${defaultTenantId}/v2.0/.well-known/openid-configuration`,
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
});

test('cloud metadata has a shape for every generation of tools', async (t) => {
  const { get } = await start(t);
  const metadata = async (version: string): Promise<unknown> =>
    (await get(`//metadata/endpoints/?api-version=${version}`)).body;
  const early = {
    galleryEndpoint: String,
    graphEndpoint: String,
    portalEndpoint: String,
    authentication: { loginEndpoint: `${base}/adfs`, audiences: [base] },
  };
  for (const version of ['1.0', '2015-01-01']) t.match(await metadata(version), early, version);
  t.match(await metadata('2018-01-01'), {
    ...early,
    cloudEndpoint: { public: { endpoint: host, locations: ['westeurope'] } },
  });
  const full = {
    name: 'Lazurite',
    resourceManager: base,
    microsoftGraphResourceId: `${base}/graph/`,
    authentication: {
      loginEndpoint: base,
      tenant: 'common',
      identityProvider: 'AAD',
      audiences: [base, 'https://management.core.windows.net/'],
    },
    suffixes: { storage: 'storage.localhost' },
  };
  t.match(await metadata('2019-05-01'), [full]);
  t.match(await metadata('2022-09-01'), full);
  t.match(await metadata('2030-01-01'), full);
});

test('cloud metadata without an api-version, or with nonsense for one, is refused', async (t) => {
  const { get } = await start(t);
  t.match(await get('/metadata/endpoints'), { status: 400, body: { error: { code: 'MissingApiVersionParameter' } } });
  t.match(await get('/metadata/endpoints?api-version=x'), {
    status: 400,
    body: { error: { code: 'InvalidApiVersionParameter' } },
  });
});

test('managed identity answers in the form of every host that has one', async (t) => {
  const { get, post } = await start(t);
  const resource = 'https://management.azure.com';
  const replies = [
    await get(`/metadata/identity/oauth2/token/?api-version=2018-02-01&resource=${resource}`, { metadata: 'true' }),
    await get(`/msi/token?api-version=2019-08-01&resource=${resource}`, { 'x-identity-header': 'h' }),
    await get(`/msi/token/?resource=${resource}&api-version=2017-09-01`, { secret: 's' }),
    await get(`/msi/token?api-version=2018-02-01&resource=${resource}`, { metadata: 'true' }),
    await post('/msi/token', { resource }, { metadata: 'true' }),
    await post('/oauth2/token', { resource }, { metadata: 'True' }),
  ];
  for (const reply of replies) {
    const { exp, nbf, ...claims } = decodeJwt(tokenOf(reply));
    t.match(claims, {
      aud: resource,
      tid: defaultTenantId,
      appid: systemAssignedClientId,
      oid: objectIdOf(systemAssignedClientId),
    });
    t.match(reply, { status: 200, body: { token_type: 'Bearer', resource, client_id: systemAssignedClientId } });
    t.match(reply.body, { expires_on: String(exp), not_before: String(nbf), expires_in: '86400' });
  }
});

test('a managed identity may be named by client, object or resource id', async (t) => {
  const { get } = await start(t);
  const ask = async (query: string): Promise<unknown> =>
    (await get(`/metadata/identity/oauth2/token?resource=r&${query}`, { metadata: 'true' })).body.client_id;
  t.equal(await ask('client_id=c1'), 'c1');
  t.equal(await ask('clientid=c2'), 'c2');
  const byResource = await ask('msi_res_id=/subscriptions/s/x');
  t.equal(await ask('mi_res_id=/subscriptions/s/x'), byResource);
  t.not(await ask('object_id=o'), byResource);
});

test('managed identity refuses whoever lacks the header that proves a local caller', async (t) => {
  const { get, post } = await start(t);
  t.match(await get('/metadata/identity/oauth2/token?resource=r'), {
    status: 400,
    body: { error: 'invalid_request', error_description: 'Required metadata header not specified' },
  });
  t.match(await get('/msi/token?resource=r'), { status: 400, body: { error: 'invalid_request' } });
  t.match(await post('/msi/token', {}, { metadata: 'true' }), {
    status: 400,
    body: { error_description: /'resource' is missing/ },
  });
});

test('Graph knows the service principal of every application', async (t) => {
  const { get } = await start(t);
  const { body } = await get("/graph//v1.0/servicePrincipals?$filter=appId%20eq%20'app-1'");
  t.match(body, { value: [{ id: objectIdOf('app-1'), appId: 'app-1' }] });
  t.strictSame((await get('/graph/v1.0/servicePrincipals')).body.value, []);
});

test('with --auth token, a token of this instance opens the door', async (t) => {
  const { get, post, passMs } = await start(t);
  const token = tokenOf(await post('/adfs/oauth2/token', { ...client, scope }));
  const headers = { authorization: `Bearer ${token}` };
  t.equal((await get('/subscriptions', headers)).status, 200);
  passMs(3_598_000);
  t.equal((await get('/subscriptions', headers)).status, 200);
});

test('with --auth token, no token, a wrong one and a stale one are refused as Azure refuses them', async (t) => {
  const { get, post, passMs } = await start(t);
  const challenge = new RegExp(
    `^Bearer authorization_uri="${base}/${defaultTenantId}", error="invalid_token", error_description=".+"$`,
  );
  const refused = async (authorization: string | undefined, code: string, message: RegExp | string): Promise<void> => {
    const reply = await get('/subscriptions', authorization === undefined ? {} : { authorization });
    t.match(reply, { status: 401, body: { error: { code, message } } }, code);
    t.match(reply.headers['www-authenticate'], challenge);
    t.notMatch(reply.headers['www-authenticate'], 'claims=', 'or clients ask for tokens for ever');
    t.equal(reply.headers['x-ms-failure-cause'], 'gateway');
  };
  await refused(undefined, 'AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  await refused(
    'Basic eDp5',
    'AuthenticationFailedInvalidHeader',
    "Authentication failed. The 'Authorization' header is provided in an invalid format.",
  );
  await refused('Bearer opaque', 'InvalidAuthenticationToken', 'The access token is invalid.');
  const token = tokenOf(await post('/adfs/oauth2/token', { ...client, scope }));
  await refused(`Bearer ${token.slice(0, -4)}AAAA`, 'InvalidAuthenticationToken', /invalid/);
  const [, claims] = token.split('.');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
  await refused(`Bearer ${unsigned}`, 'InvalidAuthenticationToken', /invalid/);
  const other = await start(t);
  const foreign = tokenOf(await other.post('/adfs/oauth2/token', { ...client, scope }));
  await refused(`Bearer ${foreign}`, 'InvalidAuthenticationToken', /invalid/);
  passMs(3_600_000);
  const expected =
    "The access token expiry UTC time '11/21/2026 12:59:59 PM' is earlier than current UTC time '11/21/2026 1:00:00 PM'.";
  await refused(`Bearer ${token}`, 'ExpiredAuthenticationToken', expected);
});

test('a token for Azure, or for this instance under any of its names, is good for Resource Manager', async (t) => {
  const { get, post } = await start(t);
  const audiences = [
    ...['https://management.core.windows.net/', 'https://management.core.windows.net', 'https://management.azure.com/'],
    ...[
      'https://management.azure.com',
      base,
      `${base}/`,
      `https://${host}`,
      'https://127.0.0.1:4567',
      'http://lazurite',
    ],
  ];
  for (const resource of audiences) {
    const token = tokenOf(await post(`/${tenantId}/oauth2/token`, { ...client, resource }));
    t.equal((await get('/subscriptions', { authorization: `Bearer ${token}` })).status, 200, resource);
  }
});

test('a token for another service is refused as Azure refuses it', async (t) => {
  const { get, post } = await start(t);
  const audiences = [
    ...[
      'https://graph.microsoft.com/',
      `${base}/graph/`,
      'https://vault.azure.net',
      'https://evil.test',
      'x',
      `${base}?a`,
    ],
    ...['api://management.azure.com', 'https://management.azure.com.evil.test/', 'ü "quoted"\\\r\nx: y'],
  ];
  for (const resource of audiences) {
    const token = tokenOf(await post(`/${tenantId}/oauth2/token`, { ...client, resource }));
    const { status, body, headers } = await get('/subscriptions', { authorization: `Bearer ${token}` });
    t.equal(status, 401, resource);
    t.strictSame(body.error, {
      code: 'InvalidAuthenticationTokenAudience',
      message: `The access token has been obtained for wrong audience or resource '${resource}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com','${base}/','${base}'.`,
    });
    t.match(
      headers['www-authenticate'],
      /^Bearer authorization_uri="[^"]+", error="invalid_token", error_description="[ !#-~]+"$/,
    );
  }
});

test('a token that was issued under a name that the instance no longer has is from the wrong issuer', async (t) => {
  const folder = join(t.testdir(), 'data');
  const before = await start(t, { folder });
  const form = { ...client, resource: 'https://management.azure.com/' };
  const issued = await before.post('/common/oauth2/token', form, { host: 'lazurite:4567' });
  const headers = { authorization: `Bearer ${tokenOf(issued)}` };
  t.equal((await before.get('/subscriptions', headers)).status, 200);
  const { status, body } = await (await start(t, { folder, tlsNames: [] })).get('/subscriptions', headers);
  t.equal(status, 401);
  t.match(body.error, {
    code: 'InvalidAuthenticationTokenTenant',
    message: `The access token is from the wrong issuer 'http://lazurite:4567/${defaultTenantId}/'. It must match the tenant '${base}/${defaultTenantId}/' associated with this subscription. Please use the authority (URL) '${base}/${defaultTenantId}' to get the token.`,
  });
});

test('tokens outlive a restart, because their key is kept, readable by its owner only', async (t) => {
  const folder = join(t.testdir(), 'data');
  const first = await start(t, { folder });
  const token = tokenOf(await first.post('/adfs/oauth2/token', { ...client, scope }));
  t.equal(statSync(join(folder, 'token-key.pem')).mode & 0o777, 0o600);
  const headers = { authorization: `Bearer ${token}` };
  t.equal((await (await start(t, { folder })).get('/subscriptions', headers)).status, 200);
  writeFileSync(join(folder, 'token-key.pem'), 'damaged');
  t.equal((await (await start(t, { folder })).get('/subscriptions', headers)).status, 401);
  t.match(readFileSync(join(folder, 'token-key.pem'), 'utf8'), 'BEGIN PRIVATE KEY');
});
