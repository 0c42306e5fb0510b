/**
 * The limit that the control plane is measured against: a bare Fastify handler that validates the same schema with Ajv,
 * stores the document with the same durability, and answers what the first argument's file says, byte for byte.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Ajv } from 'ajv';
import Database from 'better-sqlite3';
import fastify from 'fastify';
import { loadBalancers } from '../src/resources/Microsoft.Network/loadBalancers.js';
import { annotationKeywords } from '../src/resources/schema.js';

const [answerFile = '', databaseFile = ''] = process.argv.slice(2);
const answer = readFileSync(answerFile, 'utf8');

const database = new Database(databaseFile);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE resources (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID');
const save = database.prepare('INSERT OR REPLACE INTO resources VALUES (?, ?)');
const read = database.prepare('SELECT document FROM resources WHERE key = ?').pluck();

const ajv = new Ajv({ allErrors: true, removeAdditional: false, coerceTypes: false, useDefaults: false });
ajv.addVocabulary([...annotationKeywords]);
const validate = ajv.compile(loadBalancers.schema);

const app = fastify();
type Named = { Params: { name: string } };
const path = '/subscriptions/:subscriptionId/resourceGroups/:group/providers/Microsoft.Network/loadBalancers/:name';
app.put<Named>(path, (request, reply) => {
  if (!validate(request.body)) return reply.code(400).send({ error: { code: 'InvalidRequestFormat' } });
  // As much is written as Lazurite writes: the resource with everything filled in.
  save.run(request.params.name, answer);
  return reply.type('application/json; charset=utf-8').send(answer);
});
app.get<Named>(path, (request, reply) =>
  reply.type('application/json; charset=utf-8').send(read.get(request.params.name)),
);
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`ready http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
