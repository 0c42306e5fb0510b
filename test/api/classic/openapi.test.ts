import t from 'tap';
import { answerBodies, requestBodies } from '../../../src/api/classic/openapi.js';
import { classicOperations } from '../../../src/api/classic/routes/index.js';

t.test('bodies belong to operations that exist', async (t) => {
  const names = new Set(classicOperations.map(({ name }) => name));
  for (const name of [...Object.keys(requestBodies), ...Object.keys(answerBodies)]) t.ok(names.has(name), name);
});
