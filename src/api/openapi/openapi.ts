/**
 * The OpenAPI documents at `/openapi/arm.json`, `/openapi/classic.json` and `/openapi/admin.json`, and at `/openapi/` a page to read and try
 * them. All of it is made at the first request, so that it does not slow the start.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { azureError } from '../../errors/index.js';
import { createServer } from '../../http/server.js';
import { modulesFolder, packageVersion } from '../../support/files.js';

const titles = {
  arm: {
    title: 'Lazurite: Azure Resource Manager',
    description: 'The load balancer family of Microsoft.Network as Lazurite answers it, and what it needs.',
  },
  admin: {
    title: 'Lazurite: inspection and control',
    description: 'What Azure does not show, and what only an emulator can do.',
  },
};

const hidden = { schema: { hide: true } as object };

/** Files of Swagger UI that the page needs; nothing else is served out of its folder. */
const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
};

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Lazurite: OpenAPI</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" href="favicon-32x32.png">
<style>
  nav { display: flex; gap: 1.5em; padding: 1em; font: 16px sans-serif; background: #1b1b1b }
  nav a { color: #fff }
  nav a[aria-current] { font-weight: bold; text-decoration: none }
</style>
<nav aria-label="Documents">
  <a href="?arm">Azure Resource Manager</a>
  <a href="?classic">Service Management (classic)</a>
  <a href="?admin">Inspection and control</a>
</nav>
<div id="ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script>
const links = [...document.querySelectorAll('nav a')];
const link = links.find((one) => one.search === location.search) ?? links[0];
link.setAttribute('aria-current', 'page');
SwaggerUIBundle({
  dom_id: '#ui',
  url: link.search.slice(1) + '.json',
  docExpansion: 'none',
  filter: true,
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: -1,
  // The page knows no operations that only their query tells apart: a semicolon stands for its question mark.
  requestInterceptor: (request) => ({ ...request, url: request.url.replace(';comp=', '?comp=') }),
  responseInterceptor(answer) {
    if (!answer.url.endsWith('/openapi/classic.json')) return answer;
    const { 'x-ms-paths': overloaded, ...document } = JSON.parse(answer.text);
    const asPaths = Object.entries(overloaded).map(([path, methods]) => [path.replace('?', ';'), methods]);
    answer.text = JSON.stringify({ ...document, paths: { ...document.paths, ...Object.fromEntries(asPaths) } });
    return answer;
  },
});
</script>
`;

/** The build copies what the page needs beside the modules. */
function pageFolder(): string {
  const built = fileURLToPath(new URL('swagger-ui/', modulesFolder));
  if (existsSync(built)) return built;
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('@fastify/swagger-ui/package.json')), 'static');
}

function addPage(app: FastifyInstance): void {
  const folder = pageFolder();
  app.get('/openapi', hidden, (_request, reply) => reply.redirect('/openapi/'));
  app.get('/openapi/', hidden, (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get<{ Params: { file: string } }>('/openapi/:file', hidden, async (request, reply) => {
    const { file } = request.params;
    const type = contentTypes[extname(file)];
    const contents =
      /^[\w-]+(\.[\w-]+)+$/.test(file) && type && (await readFile(join(folder, file)).catch(() => undefined));
    if (!contents) throw azureError('PathNotFound', { values: { method: request.method, path: request.url } });
    return reply.type(type as string).send(contents);
  });
}

/** The documents of what these routes answer, by name, drawn by a server of their own that never listens. */
async function drawDocuments(routes: readonly RouteOptions[]): Promise<ReadonlyMap<string, string>> {
  const { default: swagger } = await import('@fastify/swagger');
  const { publishedDocument } = await import('./openapi-document.js');
  const { app } = createServer({});
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lazurite', version: packageVersion() },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    hideUntagged: true,
  });
  for (const { method, url, schema, config } of routes) {
    const described = config?.described?.() ?? schema;
    if (described?.tags) app.route({ method, url, schema: described, handler: async () => undefined });
  }
  await app.ready();
  const drawn = app.swagger();
  await app.close();
  const documentOf = ([name, titled]: [string, object]): [string, string] => {
    const info = { ...drawn.info, ...titled };
    return [name, JSON.stringify(publishedDocument({ ...drawn, info }, name as keyof typeof titles))];
  };
  return new Map(Object.entries(titles).map(documentOf));
}

/** Registers the documents before the routes that they describe. */
export function addOpenApi(app: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  let documents: Promise<ReadonlyMap<string, string>> | undefined;
  for (const name of Object.keys(titles)) {
    app.get(`/openapi/${name}.json`, hidden, async (_request, reply) => {
      documents ??= drawDocuments([...app.lateRoutes.flatMap((late) => late.routes), ...routes]);
      return reply.type('application/json; charset=utf-8').send((await documents).get(name));
    });
  }
  app.get('/openapi/classic.json', hidden, async (_request, reply) => {
    const { classicOpenApi } = await import('../classic/openapi.js');
    const { servers } = await import('./openapi-document.js');
    return reply.send({ ...classicOpenApi(), servers });
  });
  addPage(app);
}
