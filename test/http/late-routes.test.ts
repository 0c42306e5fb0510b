/** Routes that are made at the first request answer as the server's own do. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import t, { type Test } from 'tap';
import { azureError } from '../../src/errors/index.js';
import { LateRoutes } from '../../src/http/late-routes.js';
import { createServer } from '../../src/http/server.js';
import { silentLog } from '../../src/support/log.js';

const answer = (name: string) => (request: FastifyRequest) => ({ name, params: request.params, body: request.body });

function addRoutes(app: FastifyInstance): void {
  app.get('/under', answer('under'));
  app.get('/below/:id', answer('one'));
  app.put('/below/:id', async (request) => answer('put')(request));
  app.get('/below/:id/parts', { config: { described: () => ({}) } }, answer('parts'));
  app.get('/below/:id/:part', answer('part'));
  app.get('/below/:id/other/*', answer('rest'));
  app.route({ method: ['POST', 'DELETE'], url: '/below/:id/act', handler: answer('act') });
  app.post('/below/:id/fail', async () => {
    throw azureError('HostHeaderInvalid');
  });
}

/** A server whose hook marks what is for a route of it, and refuses what is asked to be refused. */
async function start(t: Test, isLate: boolean) {
  const { app, close } = createServer({ log: silentLog });
  t.teardown(close);
  await app.register(async (scope) => {
    const below = ['/below', '/under'];
    if (isLate) new LateRoutes({ below, register: addRoutes }).addTo(scope);
    scope.addHook('onRequest', (request, reply, done) => {
      reply.header('x-hook', 'ran');
      done(request.headers['x-refuse'] === undefined ? undefined : azureError('HostHeaderInvalid'));
    });
    scope.get('/below/:id/at-once', answer('at once'));
    scope.get('/elsewhere/:name', answer('elsewhere'));
    if (!isLate) addRoutes(scope);
  });
  await app.ready();
  return app;
}

const long = 'n'.repeat(2100);
const paths = [
  '/elsewhere/x',
  '/elsewhere',
  '/below',
  '/below/',
  '/below/a',
  '/BELOW/MixedCase',
  '/below/a/parts',
  '/below/a/at-once',
  '/under',
  '/under/a',
  '/below/a/PARTS',
  '/below/a/b',
  '/below/a/b/c',
  '/below/a/other/b/c',
  '/below/a/other',
  '/below/a/act',
  '/below/a/act?x=/y',
  '/below//a//',
  '/below/a%2Fb',
  '/below/a%2fb/c%20d',
  '/below/%25/x%2525',
  '/b%65low/a/p%61rts',
  '/below/%zz',
  '/below/a/other/x%2Fy',
  '/below/ä',
  `/below/${long}`,
  `/below/a/other/${long}/${long}`,
  '/below/a/fail',
  '/nowhere/a',
];

t.test('Late routes answer as those that are made at once', async (t) => {
  const [late, early] = [await start(t, true), await start(t, false)];
  const ask = async (app: typeof late, method: string, url: string, headers: Record<string, string>) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers,
      ...(method === 'PUT' && { payload: 'text' }),
    });
    return { status: response.statusCode, hook: response.headers['x-hook'], body: response.body };
  };
  for (const url of paths) {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) {
      for (const headers of [{ 'content-type': 'text/plain' }, { 'x-refuse': 'yes' }] as Record<string, string>[]) {
        const [made, expected] = [await ask(late, method, url, headers), await ask(early, method, url, headers)];
        // The server refuses a parameter that is too long before any hook runs.
        if (url.endsWith(long) && expected.status === 400) t.equal(made.status, 400, `${method} ${url.slice(0, 40)}`);
        else t.strictSame(made, expected, `${method} ${url.slice(0, 40)} ${JSON.stringify(headers)}`);
      }
    }
  }
});

t.test('Late routes are told before they are made', async (t) => {
  const [late] = (await start(t, true)).lateRoutes;
  const added = late?.routes ?? [];
  t.strictSame(
    added.map(({ url }) => url),
    [
      '/under',
      '/below/:id',
      '/below/:id',
      '/below/:id/parts',
      '/below/:id/:part',
      '/below/:id/other/*',
      '/below/:id/act',
      '/below/:id/fail',
    ],
  );
  t.type(added[3]?.config?.described, 'function');
});

t.test('A late route that lies elsewhere is refused', async (t) => {
  const late = new LateRoutes({ below: ['/below'], register: (app) => app.get('/belowground', answer('other')) });
  t.throws(() => late.routes, { message: '/belowground is below none of /below, /below/*' });
});
