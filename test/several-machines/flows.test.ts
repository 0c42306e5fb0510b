import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { keepFlows, withoutFlows } from './flows.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];

test('TCP flows go on through other kernel nodes when theirs ends, and new ones choose the same member everywhere', {
  skip: withoutFlows(),
}, async (t) => {
  const faults = await keepFlows({ flows: 100, tuples: 200, command, say: (sentence) => t.comment(sentence) });
  t.strictSame(faults, []);
});
