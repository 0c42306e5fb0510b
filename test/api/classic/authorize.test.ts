import type { FastifyRequest } from 'fastify';
import t from 'tap';
import { clientThumbprint, requireCertificateOrToken } from '../../../src/api/classic/plugin.js';
import { AzureError, azureError } from '../../../src/errors/index.js';
import { azureXmlns, inMemoryStore, startClassic, subscription } from './harness.js';

/** A request over TLS with a client certificate of this fingerprint, or over plain HTTP. */
const requestWith = (fingerprint?: string): FastifyRequest =>
  ({
    headers: {},
    raw: { socket: fingerprint === undefined ? {} : { getPeerCertificate: () => ({ fingerprint }) } },
  }) as unknown as FastifyRequest;

const key = (name: string) => ({ kind: 'certificate', subscriptionId: subscription, name }) as const;
const certificate = { subscriptionId: subscription, thumbprint: 'ABCD', publicKey: '', data: '', createdMs: 0 };

t.test('a management certificate of the subscription lets its owner in, and nobody else', async (t) => {
  const store = inMemoryStore();
  store.classic.put(key('ABCD'), certificate);
  const authorize = requireCertificateOrToken({ store, verifyToken: async () => {} });
  const outcome = async (request: FastifyRequest, subscriptionId = subscription) => {
    try {
      await authorize(request, subscriptionId);
      return 'in';
    } catch (error) {
      return error instanceof AzureError ? `${error.status} ${error.code}` : 'unexpected';
    }
  };
  t.equal(clientThumbprint(requestWith('ab:cd')), 'ABCD');
  t.equal(clientThumbprint(requestWith()), undefined);
  t.equal(await outcome(requestWith('AB:CD')), 'in');
  t.equal(await outcome(requestWith('AB:CE')), '403 AuthenticationFailed');
  t.equal(await outcome(requestWith()), '403 AuthenticationFailed');
  t.equal(await outcome(requestWith('AB:CD'), subscription.replace('1', '2')), '403 AuthenticationFailed');
});

t.test('a token lets in too, so that the first certificate can be registered', async (t) => {
  const store = inMemoryStore();
  const verifyToken = async ({ headers }: FastifyRequest) => {
    if (headers.authorization !== 'Bearer good') throw azureError('ClassicResourceNotFound');
  };
  const classic = startClassic({ store, authorize: requireCertificateOrToken({ store, verifyToken }) });
  t.teardown(() => classic.close());
  const payload = `<SubscriptionCertificate ${azureXmlns}><SubscriptionCertificateData>AAEC</SubscriptionCertificateData></SubscriptionCertificate>`;
  const register = async (authorization?: string) => {
    const headers = { 'x-ms-version': '2015-04-01', ...(authorization && { authorization }) };
    return classic.app.inject({ method: 'POST', url: `/${subscription}/certificates`, headers, payload });
  };
  t.equal((await register()).statusCode, 403);
  t.match(
    (await register('Bearer bad')).body,
    /<Code>AuthenticationFailed<\/Code><Message>The server failed to authenticate the request\./,
  );
  t.equal((await register('Bearer good')).statusCode, 200);
  const unusual = await classic.app.inject({ method: 'PROPFIND', url: `/${subscription}/certificates` });
  t.match(unusual.body, /<Code>AuthenticationFailed</, 'before anything is said about the verb');
});
