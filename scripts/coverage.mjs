// docs/coverage.md: every operation of Azure's that Lazurite answers, what it does with it, and which tests ask for it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whose calls a folder or file of test/ makes; the first that fits. Everything else is plain HTTP. */
const clients = [
  ['az', /^az\//],
  ['SDK for JavaScript', /^sdk\/(arm-network|journey\.ts|quick-start)/],
  ['SDK for Python', /^sdk\/.*\.py$|^sdk\/python/],
  ['azure-asm', /^api\/classic\/azure-asm|^api\/classic\/asm-clients/],
  ['recorded exchanges', /recording|client-traces/],
  ['Azure’s own specification', /official-openapi/],
];

function testSources() {
  return readdirSync('test', { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|py|json|sh)$/.test(entry.name))
    .map((entry) => {
      const file = join(entry.parentPath ?? entry.path, entry.name).slice('test/'.length);
      const text = readFileSync(join('test', file), 'utf8').toLowerCase();
      const client = clients.find(([, pattern]) => pattern.test(file))?.[0] ?? 'HTTP';
      return { client, text, isClassic: file.startsWith('api/classic/') };
    });
}

/** `loadBalancers` as every client writes it: in a URL, in Python, on the command line of az. */
function spellings(segment) {
  const words = segment
    .replace(/IP/g, 'Ip')
    .split(/(?=[A-Z])/)
    .map((word) => word.toLowerCase());
  const singular = words.join('-').replace(/sses$/, 'ss').replace(/ies$/, 'y').replace(/s$/, '');
  return [segment.toLowerCase(), words.join('_'), ` ${singular} `];
}

/** Clients whose tests name one of `terms`, in the order of `clients`. */
function evidence(terms, sources) {
  const found = new Set(
    sources.filter(({ text }) => terms.some((term) => text.includes(term))).map(({ client }) => client),
  );
  return [...clients.map(([client]) => client), 'HTTP'].filter((client) => found.has(client)).join(', ') || '–';
}

const cell = (text) => text.replaceAll('|', '\\|');
const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
];

const named = (path) => path.split(/[/?]/).filter((segment) => segment !== '' && !segment.startsWith('{'));

function armRows({ paths }, tag, sources) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => tags[0] === tag)
      .map(([method, { operationId, summary }]) => {
        const segment = named(path).at(-1) ?? '';
        return [`\`${operationId}\``, `${method.toUpperCase()}: ${summary}`, evidence(spellings(segment), sources)];
      }),
  );
}

function classicRows({ paths, 'x-ms-paths': overloaded }, tag, sources) {
  return Object.entries({ ...paths, ...overloaded }).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => tags[0] === tag)
      .map(([method, { operationId }]) => {
        const [last = ''] = named(path).slice(-1);
        const term = last.replace('comp=', '').toLowerCase();
        return [operationId, `${method.toUpperCase()} \`${path}\``, evidence([term], sources)];
      }),
  );
}

/**
 * The page. `documents` are the OpenAPI documents `arm` and `classic`, `errorsPage` the table of errors, and `knownTypes`
 * the types that Azure has by namespace.
 */
export function coveragePage({ documents, knownTypes, errorsPage }) {
  const sources = testSources();
  const ofArm = sources.filter(({ isClassic }) => !isClassic);
  const ofClassic = sources.filter(({ isClassic }) => isClassic);
  const { arm, classic } = documents;
  const head = ['operation', 'what it does', 'asked for by'];
  const modelled = new Set(arm.tags.map(({ name }) => name.toLowerCase()));
  const refusals = [...errorsPage.matchAll(/^\| `(\w+NotEmulated)` \| [^|]*\| (\d+) \| ([^|]+) \|/gm)];
  return [
    '# What is covered',
    '',
    'Printed from code by `npm run generate`: the operations from the routes, the types from the lists that decide, the last',
    'column from the sources of the tests: whose tests name the last part of the path. HTTP is a plain request; the others',
    'are clients without a change, exchanges with Azure that were recorded, and the schemas of Azure’s specification.',
    '',
    '## Modelled: Azure Resource Manager',
    '',
    'Checked, completed and shown as Azure does it; what concerns load balancing is carried out with real packets.',
    ...arm.tags.flatMap(({ name }) => ['', `### ${name}`, '', ...table(head, armRows(arm, name, ofArm))]),
    '',
    '## Modelled: the classic API',
    ...classic.tags.flatMap(({ name }) => [
      ...['', `### ${name}`, ''],
      ...table(['operation', 'request', 'asked for by'], classicRows(classic, name, ofClassic)),
    ]),
    '',
    '## Stored',
    '',
    'Any type of another namespace, and these of the namespaces that Lazurite knows, is stored and echoed with GET, PUT,',
    'PATCH, DELETE, HEAD, lists and tags; `--strict-types` refuses them.',
    '',
    ...table(
      ['namespace', 'types without a model'],
      Object.entries(knownTypes).map(([namespace, types]) => [
        namespace,
        types.filter((type) => !modelled.has(type.split('/')[0].toLowerCase()) || type.includes('/')).join(', '),
      ]),
    ),
    '',
    '## Refused',
    '',
    'A type that those namespaces do not have is refused with the one that was meant (`InvalidResourceType`). Lazurite says so',
    'itself of what it does not do:',
    '',
    ...table(
      ['error', 'status', 'message'],
      refusals.map(([, error, status, message]) => [`\`${error}\``, status, message]),
    ),
    '',
    'What differs in detail: [differences-from-azure.md](differences-from-azure.md). Every refusal: [errors.md](errors.md).',
    '',
  ].join('\n');
}
