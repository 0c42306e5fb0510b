// Writes everything that is printed from code; with --check, fails when a file is not what the code would print.
// Works on the built project: `npm run generate`, `npm run check:generated`.
import { readFileSync, writeFileSync } from 'node:fs';
import { faultTables } from '../dist/api/admin/fault-schema.js';
import { optionsTable, parseConfig } from '../dist/config/config.js';
import { choicesTable } from '../dist/config/undocumented.js';
import { Emulator } from '../dist/emulator.js';
import { errorsPage } from '../dist/errors/page.js';
import { knownTypesOf } from '../dist/resources/known-types.js';
import { coveragePage } from './coverage.mjs';
import { drawing, importsBelow } from './import-graph.mjs';
import { postmanCollection } from './postman.mjs';

const check = process.argv.includes('--check');
const stale = [];

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

function write(file, text) {
  if (read(file) === text) return;
  stale.push(file);
  if (!check) writeFileSync(file, text);
}

const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`;

/** The documents as clients get them, from an emulator without a data plane. */
async function openApiDocuments() {
  const emulator = await Emulator.start(parseConfig(['--in-memory', '--engine', 'none', '--port', '0'], {}));
  const documents = {};
  for (const name of ['arm', 'classic', 'admin']) {
    documents[name] = await (await fetch(`${emulator.httpUrl}/openapi/${name}.json`)).json();
  }
  await emulator.close();
  return documents;
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function section(text, name, contents) {
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no section ${name}`);
  return text.slice(0, from + start.length) + contents + text.slice(to);
}

const documents = await openApiDocuments();
for (const [name, document] of Object.entries(documents)) write(`openapi/${name}.json`, json(document));
write('openapi/lazurite.postman_collection.json', json(postmanCollection(documents)));
const program = read('test/sdk/quick-start.mjs').trimEnd();
write(
  'README.md',
  section(section(read('README.md'), 'options', optionsTable()), 'program', `\`\`\`js\n${program}\n\`\`\``),
);

const differences = 'docs/differences-from-azure.md';
write(differences, section(read(differences), 'choices', choicesTable()));

const adminApi = 'docs/admin-api.md';
write(adminApi, section(read(adminApi), 'faults', faultTables()));
write('docs/errors.md', errorsPage());

const knownTypes = Object.fromEntries(
  ['Microsoft.Network', 'Microsoft.Compute'].map((one) => [one, knownTypesOf(one)]),
);
write('docs/coverage.md', coveragePage({ documents, knownTypes, errorsPage: errorsPage() }));

const architecture = 'docs/architecture.md';
const picture = `\`\`\`mermaid\n${drawing(importsBelow('src'))}\n\`\`\``;
write(architecture, section(read(architecture), 'picture', picture));

for (const file of stale) console.log(`${check ? 'not what the code prints' : 'written'}: ${file}`);
if (check && stale.length > 0) {
  console.log('run `npm run generate` and commit the result');
  process.exitCode = 1;
}
