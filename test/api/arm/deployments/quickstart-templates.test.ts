/** Whole templates, as users write them and as Bicep compiles them, deployed over HTTP: what az does is only the client. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type Change, quickstarts, unexpectedChanges } from '../../../az/quickstarts.js';
import { ArmClient, at, type Json } from '../resources/arm-client.js';
import { deployments } from './deployment-client.js';

t.test('Templates in the manner of the quickstarts deploy, and what-if then finds nothing to change', async (t) => {
  const azure = await ArmClient.start(t);
  await azure.makeGroup();
  for (const { name, file, outputs } of quickstarts()) {
    await t.test(name, async (t) => {
      t.ok(outputs, 'it has expectations');
      // As az sends it: unquoted, with its comments.
      const text = `{"properties": {"mode": "Incremental", template:${readFileSync(file, 'utf8')}}}`;
      const path = `${deployments}/${name}`;
      t.same((await azure.poll(await azure.send('PUT', path, undefined, { text }))).body, { status: 'Succeeded' });
      const given = at((await azure.get(path)).body, 'properties.outputs') as Record<string, Json>;
      t.match(Object.fromEntries(Object.entries(given).map(([key, { value }]) => [key, value])), outputs ?? {});
      const { body } = await azure.send('POST', `${path}/whatIf`, undefined, { text });
      t.same(unexpectedChanges(at(body, 'properties.changes') as Change[]), []);
    });
  }
});
