// `member-boundaries.mjs FOLDER… [--only TEXT]`: which api-versions show a member of a Microsoft.Network type and which do
// not, counted in recorded exchanges. The table in src/resources/Microsoft.Network/member-versions.ts rests on it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const resourcePath = /\/providers\/microsoft\.network\/([^?]+)/i;
/** `/subscriptions/…/providers/Microsoft.Network/<types and names>`, and nothing of another provider around it. */
const plainPath =
  /^\/subscriptions\/[^/]+(?:\/resourcegroups\/[^/]+)?\/providers\/microsoft\.network\/(?!locations\/)[^?]+/i;

/** `loadbalancers.properties.probes[]` for the id of a probe: where the shown object stands in its root's type. */
function placeOf(id) {
  const types = (resourcePath.exec(id)?.[1] ?? '').split('/').filter((_, index) => index % 2 === 0);
  return types.length === 0
    ? undefined
    : [types[0].toLowerCase(), ...types.slice(1)].join('.properties.').replaceAll(/(\.properties\.[^.]+)/g, '$1[]');
}

/** Counts every object and every member of it: `seen` maps a member's path to its api-versions' `{ shown, of }`. */
function count({ objects, members }, value, { path, version }) {
  bump(objects, path, version);
  for (const [name, member] of Object.entries(value)) {
    const at = `${path}.${name}`;
    bump(members, at, version);
    const inner = Array.isArray(member) ? member : [member];
    for (const one of inner) {
      const isReference = one?.id !== undefined && Object.keys(one).length === 1;
      if (one === null || typeof one !== 'object' || isReference) continue;
      count({ objects, members }, one, { path: Array.isArray(member) ? `${at}[]` : at, version });
    }
  }
}

function bump(counts, path, version) {
  const versions = counts.get(path) ?? new Map();
  counts.set(path, versions);
  versions.set(version, (versions.get(version) ?? 0) + 1);
}

/** Rebuilt from other answers, or written by hand: no evidence of what Azure shows. */
const isEvidence = ({ scenario, synthetic }) => !synthetic && !scenario.startsWith('xplat__');

function countExchange(counts, { request, response }) {
  const version = /[?&]api-version=([^&]+)/i.exec(request.url)?.[1];
  const path = request.url.replace(/^https?:\/\/[^/]+/, '');
  const body = response.body;
  if (!version || !plainPath.test(path) || /[?&](\$|%24)expand=/i.test(path)) return;
  if (!['GET', 'PUT', 'PATCH'].includes(request.method) || response.status >= 300) return;
  if (body === null || typeof body !== 'object') return;
  for (const one of Array.isArray(body.value) ? body.value : [body]) {
    const place = one?.properties && typeof one.id === 'string' ? placeOf(one.id) : undefined;
    if (place) count(counts, one, { path: place, version });
  }
}

/**
 * What the recordings in `folders` show: a map from a member's path (`loadbalancers.properties.probes[].properties.port`)
 * to a map from api-version to `{ shown, of }`, the number of answers with the member and of all answers with its parent.
 */
export function memberEvidence(folders) {
  const counts = { objects: new Map(), members: new Map() };
  for (const folder of folders.filter(existsSync)) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
      for (const line of readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean)) {
        const exchange = JSON.parse(line);
        if (isEvidence(exchange)) countExchange(counts, exchange);
      }
    }
  }
  const evidence = new Map();
  for (const [path, shown] of counts.members) {
    const all = [...counts.objects.get(path.slice(0, path.lastIndexOf('.')))].sort(([a], [b]) => a.localeCompare(b));
    evidence.set(path, new Map(all.map(([version, of]) => [version, { shown: shown.get(version) ?? 0, of }])));
  }
  return evidence;
}

/** `never 0/12 2015-06-15…2019-09-01, always 40/40 2019-12-01…`: neighbouring versions that agree are one run. */
function runsOf(versions) {
  const runs = [];
  for (const [version, { shown, of }] of versions) {
    const how = shown === 0 ? 'never' : shown === of ? 'always' : 'sometimes';
    const last = runs.at(-1);
    if (last?.how === how) Object.assign(last, { shown: last.shown + shown, of: last.of + of, to: version });
    else runs.push({ how, shown, of, from: version, to: version });
  }
  return runs.map(({ how, shown, of, from, to }) => `${how} ${shown}/${of} ${from}${from === to ? '' : `…${to}`}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const argv = process.argv.slice(2);
  const only = argv.includes('--only') ? argv.splice(argv.indexOf('--only'), 2)[1] : '';
  for (const [path, versions] of [...memberEvidence(argv)].sort(([a], [b]) => a.localeCompare(b))) {
    if (path.toLowerCase().includes(only.toLowerCase())) console.log(`${path}: ${runsOf(versions).join(', ')}`);
  }
}
