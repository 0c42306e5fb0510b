/**
 * The portal at `/portal/`: the files of the browser application that the build puts into `dist/portal`. A browser that asks
 * for `/` is sent there; every other client keeps Azure's answer.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { packageFolder } from '../support/files.js';

const folder = new URL('dist/portal/', packageFolder);
const assets = 'assets/';
const hidden = { schema: { hide: true } as object };

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const security = {
  // The components put their rules into style elements; scripts come from files only.
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'referrer-policy': 'no-referrer',
} as const;

/** The files directly in a folder, by their path below the portal; none when the folder is not there. */
async function filesIn(path: string): Promise<(readonly [string, Buffer])[]> {
  try {
    const names = (await readdir(new URL(path, folder))).filter((name) => extname(name) in contentTypes);
    return await Promise.all(
      names.map(async (name) => [`${path}${name}`, await readFile(new URL(`${path}${name}`, folder))] as const),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const isBrowser = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/.test(headers.accept ?? '');

function notFound(reply: FastifyReply): FastifyReply {
  reply.callNotFound();
  return reply;
}

/** Registers the portal's routes. Files are read at the first request and kept: there are few, and no other is served. */
export function addPortal(app: FastifyInstance): void {
  let reading: Promise<ReadonlyMap<string, Buffer>> | undefined;
  const readFiles = async () => new Map([...(await filesIn('')), ...(await filesIn(assets))]);
  app.get('/', hidden, (request, reply) => (isBrowser(request) ? reply.redirect('/portal/') : notFound(reply)));
  const serve = async (request: FastifyRequest, reply: FastifyReply) => {
    reading ??= readFiles();
    const files = await reading;
    const { '*': wanted = '' } = request.params as { '*'?: string };
    // Every path that is no file is a page of the application, which reads it from the address.
    const name = files.has(wanted) ? wanted : 'index.html';
    const bytes = files.get(name);
    if (!bytes || (name !== wanted && wanted.startsWith(assets))) return notFound(reply);
    const caching = name.startsWith(assets) ? 'public, max-age=31536000, immutable' : 'no-store';
    const type = contentTypes[extname(name)] as string;
    return reply
      .headers({ ...security, 'cache-control': caching })
      .type(type)
      .send(bytes);
  };
  // The server takes a slash at the end of a path away.
  app.get('/portal', hidden, serve);
  app.get('/portal/*', hidden, serve);
}
