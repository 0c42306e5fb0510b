import { readFileSync } from 'node:fs';
import t from 'tap';
import { answerBodies, classicOpenApi, requestBodies } from '../../../src/api/classic/openapi.js';
import { classicOperations } from '../../../src/api/classic/routes/index.js';

t.test('openapi/classic.json is what the operations and contracts say', async (t) => {
  const written = `${JSON.stringify(classicOpenApi(), undefined, 2)}\n`;
  t.ok(written === readFileSync('openapi/classic.json', 'utf8'), 'after a change: npm run generate');
});

t.test('bodies belong to operations that exist', async (t) => {
  const names = new Set(classicOperations.map(({ name }) => name));
  for (const name of [...Object.keys(requestBodies), ...Object.keys(answerBodies)]) t.ok(names.has(name), name);
});
