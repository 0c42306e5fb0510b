/**
 * The limit that the control plane is measured against: a bare Fastify handler that validates the same schema with Ajv,
 * stores the document with the same durability, and answers what the first argument's file says, with a new etag.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Ajv } from 'ajv';
import Database from 'better-sqlite3';
import fastify from 'fastify';
import { loadBalancers } from '../src/resources/Microsoft.Network/loadBalancers.js';
import { annotationKeywords } from '../src/resources/schema.js';

const [answerFile = '', databaseFile = ''] = process.argv.slice(2);
const text = readFileSync(answerFile, 'utf8');
const [, etag = ''] = /"etag":"W\/\\"([^\\]+)/.exec(text) ?? [];
const parts = text.split(etag);

const database = new Database(databaseFile);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE resources (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID');
const save = database.prepare('INSERT OR REPLACE INTO resources VALUES (?, ?)');
const read = database.prepare('SELECT document FROM resources WHERE key = ?').pluck();
const readAll = database.prepare('SELECT document FROM resources ORDER BY key').pluck();

const ajv = new Ajv({ allErrors: true, removeAdditional: false, coerceTypes: false, useDefaults: false });
ajv.addVocabulary([...annotationKeywords]);
const validate = ajv.compile(loadBalancers.schema);

const app = fastify();
type Named = { Params: { name: string } };
const path = '/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Network/loadBalancers/:name';
app.put<Named>(path, (request, reply) => {
  if (!validate(request.body)) return reply.code(400).send({ error: { code: 'InvalidRequestFormat' } });
  // SQLite writes nothing when a row is replaced by itself, so each document is another one, as Azure's are.
  const answer = parts.join(randomUUID());
  save.run(request.params.name, answer);
  return reply.type('application/json; charset=utf-8').send(answer);
});
app.get<Named>(path, (request, reply) =>
  reply.type('application/json; charset=utf-8').send(read.get(request.params.name)),
);
app.get(path.replace('/:name', ''), (_request, reply) =>
  reply.type('application/json; charset=utf-8').send(`{"value":[${readAll.all().join(',')}]}`),
);
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`ready http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
