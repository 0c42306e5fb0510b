// Who imports whom in src/: the rooms of the architecture, the arrows between them, circles.
// `test/house-rules.test.ts` checks them; `npm run generate` draws them in docs/architecture.md.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const model = ['data-plane/model'];
const engine = [...model, 'data-plane/selection', 'data-plane/probing', 'support'];
const api = ['http', 'store', 'resources', 'errors', 'config', 'support'];

/** Each room of src/ with the rooms that its files may import, types included. From the top to the bottom. */
export const mayImport = {
  portal: ['api/admin/views'],
  // The build puts it in front of what it joins.
  launch: ['support'],
  main: ['cli', 'config', 'emulator', 'support'],
  index: ['cli', 'emulator', 'api/admin', 'api/admin/views', 'config', 'support', ...model],
  cli: [
    ...['emulator', 'api/admin', 'api/admin/views', 'api/identity', 'store', 'data-plane/userspace', ...model],
    ...['config', 'support'],
  ],
  emulator: ['*'],
  'api/openapi': ['api/classic', 'http', 'resources', 'errors', 'config', 'support'],
  'api/arm': ['api/arm/deployments', 'api/arm/template', 'api/arm/providers', 'api/arm/resources', 'metrics', ...api],
  'api/arm/deployments': ['api/arm/template', 'api/arm/providers', 'api/arm/resources', 'api/identity', ...api],
  'api/arm/providers': ['api/arm/resources', ...api],
  'api/arm/resources': ['metrics', ...api],
  'api/arm/template': ['errors', 'support'],
  'api/classic': ['api/identity', 'compiler', ...api],
  'api/admin': ['api/admin/views', 'compiler', 'metrics', 'data-plane/selection', ...model, ...api],
  // What the admin API answers, as types alone: all that the portal shares with the server.
  'api/admin/views': [...model],
  'api/identity': ['http', 'errors', 'config', 'support'],
  http: ['errors', 'config', 'support'],
  compiler: ['store', 'resources', 'data-plane/selection', ...model, 'errors', 'config', 'support'],
  metrics: ['data-plane/selection', ...model, 'errors', 'support'],
  store: ['resources', 'errors', 'support'],
  nodes: ['store', 'errors', 'support'],
  resources: ['errors', 'support'],
  'data-plane/userspace': engine,
  'data-plane/nftables': [...engine, 'data-plane/userspace'],
  'data-plane/none': engine,
  'data-plane/probing': [...model, 'support'],
  'data-plane/selection': [...model],
  'data-plane/model': [],
  config: ['errors', 'support'],
  errors: ['support'],
  support: [],
};
for (const [room, allowed] of Object.entries(mayImport)) {
  if (allowed[0] === '*') mayImport[room] = Object.keys(mayImport).filter((other) => other !== room);
}

const rooms = Object.keys(mayImport).sort((a, b) => b.length - a.length);

/** The room of a file of src/ (a path below it); undefined when it stands in none. */
export const roomOf = (file) => rooms.find((room) => file.startsWith(`${room}/`) || file === `${room}.ts`);

/** Every TypeScript file below `source`, and every import between two of them, types and `import()` included. */
export function importsBelow(source) {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .sort();
  const known = new Set(files);
  const imports = files.flatMap((from) => {
    const text = readFileSync(join(source, from), 'utf8');
    return [...text.matchAll(/(?:\bfrom\s+|^import\s+|\bimport\()'(\.[^']+)'/gm)].flatMap(([, path]) => {
      const stem = relative(source, join(source, dirname(from), path)).replace(/\.jsx?$/, '');
      const to = [`${stem}.ts`, `${stem}.tsx`].find((file) => known.has(file));
      return to === undefined ? [] : [{ from, to }];
    });
  });
  return { files, imports };
}

/** Sets of files that import each other in a circle (Tarjan's strongly connected components of more than one file). */
export function importCircles(files, imports) {
  const targets = new Map(files.map((file) => [file, []]));
  for (const { from, to } of imports) targets.get(from).push(to);
  const index = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const to of targets.get(file)) {
      if (!index.has(to)) {
        visit(to);
        low.set(file, Math.min(low.get(file), low.get(to)));
      } else if (stack.includes(to)) low.set(file, Math.min(low.get(file), index.get(to)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return circles;
}

/** The rooms and the arrows between them as a Mermaid flowchart; arrows that follow from others are left out. */
export function drawing({ imports }) {
  const arrows = new Map();
  for (const { from, to } of imports) {
    const [a, b] = [roomOf(from), roomOf(to)];
    if (a === b) continue;
    arrows.set(a, (arrows.get(a) ?? new Set()).add(b));
  }
  const reaches = (from, to, seen = new Set()) =>
    [...(arrows.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  const name = (room) => room.replaceAll(/[/-]/g, '_');
  const lines = ['flowchart TD'];
  for (const room of Object.keys(mayImport)) lines.push(`  ${name(room)}["${room}"]`);
  for (const room of Object.keys(mayImport)) {
    const direct = [...(arrows.get(room) ?? [])].filter(
      (to) => ![...arrows.get(room)].some((other) => other !== to && reaches(other, to)),
    );
    for (const to of direct.sort()) lines.push(`  ${name(room)} --> ${name(to)}`);
  }
  return lines.join('\n');
}
