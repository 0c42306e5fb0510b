/**
 * The OpenAPI documents at `/openapi/arm.json` and `/openapi/classic.json`, and at `/openapi/` a page to read and try
 * them. All of it is made at the first request, so that it does not slow the start.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import swagger from '@fastify/swagger';
import { azureError } from '../../errors/index.js';
import { modulesFolder, packageFolder } from '../../support/package-folder.js';
const description = 'Azure Resource Manager as Lazurite answers it: the load balancer family of Microsoft.Network, and what it needs.';
const hidden = { schema: { hide: true } };
/** Files of Swagger UI that the page needs; nothing else is served out of its folder. */
const contentTypes = {
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
<div id="ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-ui-standalone-preset.js"></script>
<script>
SwaggerUIBundle({
  dom_id: '#ui',
  urls: [
    { url: 'arm.json', name: 'Azure Resource Manager' },
    { url: 'classic.json', name: 'Service Management (classic)' },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  docExpansion: 'none',
  filter: true,
  deepLinking: true,
  validatorUrl: null,
});
</script>
`;
function versionOfPackage() {
    const { version } = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8'));
    return version;
}
/** The build copies what the page needs beside the modules. */
function pageFolder() {
    const built = fileURLToPath(new URL('swagger-ui/', modulesFolder));
    if (existsSync(built))
        return built;
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@fastify/swagger-ui/package.json')), 'static');
}
function addPage(app) {
    const folder = pageFolder();
    app.get('/openapi', hidden, (_request, reply) => reply.redirect('/openapi/'));
    app.get('/openapi/', hidden, (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
    app.get('/openapi/:file', hidden, async (request, reply) => {
        const { file } = request.params;
        const type = contentTypes[extname(file)];
        const contents = /^[\w-]+(\.[\w-]+)+$/.test(file) && type && (await readFile(join(folder, file)).catch(() => undefined));
        if (!contents)
            throw azureError('PathNotFound', { values: { method: request.method, path: request.url } });
        return reply.type(type).send(contents);
    });
}
/** Registers the document before the routes it describes. */
export async function addOpenApi(app) {
    await app.register(swagger, {
        openapi: {
            openapi: '3.1.0',
            info: { title: 'Lazurite', version: versionOfPackage(), description },
            components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
        },
        hideUntagged: true,
    });
    let document;
    app.get('/openapi/arm.json', hidden, async (_request, reply) => {
        const { publishedDocument } = await import('./openapi-document.js');
        document ??= JSON.stringify(publishedDocument(app.swagger()));
        return reply.type('application/json; charset=utf-8').send(document);
    });
    app.get('/openapi/classic.json', hidden, async (_request, reply) => {
        const { classicOpenApi } = await import('../classic/openapi.js');
        return reply.send(classicOpenApi());
    });
    addPage(app);
}
//# sourceMappingURL=openapi.js.map