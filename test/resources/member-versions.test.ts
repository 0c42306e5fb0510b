/**
 * The api-versions in which the schemas show a member, held against every recorded exchange with Azure and against Azure's
 * published models. Skipped where the recordings or the models are not.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Counted, memberEvidence } from '../../scripts/member-boundaries.mjs';
import { resourceTypes } from '../../src/resources/registry.js';
import type { SchemaNode } from '../../src/resources/schema.js';

const shared = process.env.LAZURITE_SHARED ?? '../shared';
const folders = ['recordings', 'recordings-2'].map((name) => join(shared, name));
const missing = folders.every((folder) => !existsSync(folder)) && 'no recordings here';
/** A file for a type: `## 2016-09-01`, and what that version's model has for the first time, `  + properties.zones …`. */
const models = join(shared, 'azure-specs', 'version-diffs');
const noModels = missing || (!existsSync(models) && 'no models here');

/** Fewer answers than this without a member say nothing: it may not have been set. */
const enough = 5;

const isShown = ({ since = '', until = '9999', absentIn = [] }: SchemaNode, version: string): boolean =>
  version >= since && version < until && !absentIn.includes(version);

/**
 * A `since` is too early when recordings of later versions never have the member before some version, and always from
 * that one on.
 */
function isTooEarly(node: SchemaNode, versions: ReadonlyMap<string, Counted>, version: string): boolean {
  if (node.since === undefined) return false;
  const counted = [...versions].filter(([one]) => isShown(node, one));
  const later = counted.filter(([, { shown }]) => shown > 0);
  const first = later[0]?.[0];
  const answers = later.reduce((sum, [, { of }]) => sum + of, 0);
  return (
    first !== undefined && version < first && answers >= enough && later.every(([, { shown, of }]) => shown === of)
  );
}

function* contradictions(path: string, node: SchemaNode, versions: ReadonlyMap<string, Counted>): Generator<string> {
  for (const [version, { shown, of }] of versions) {
    if (shown > 0 && !isShown(node, version)) yield `${path} ${version}: recorded (${shown} of ${of}), but not shown`;
    if (shown === 0 && of >= enough && isShown(node, version) && isTooEarly(node, versions, version)) {
      yield `${path} ${version}: shown, but in none of ${of} recorded answers`;
    }
  }
}

interface Placed {
  /** `loadbalancers.properties.probes[].properties.port`. */
  readonly path: string;
  readonly node: SchemaNode;
}

function* membersOf({ path, node }: Placed): Generator<Placed> {
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    const at = `${path}.${name}`;
    yield { path: at, node: member };
    if (!member.reference) yield* membersOf({ path: at, node: member });
    if (member.items && !member.items.reference) yield* membersOf({ path: `${at}[]`, node: member.items });
  }
}

const members = (): Placed[] =>
  resourceTypes.flatMap(({ type, schema }) => [
    ...membersOf({ path: type.split('/')[1]?.toLowerCase() ?? '', node: schema as SchemaNode }),
  ]);

/** The first version whose model has a member, by the member's path. */
function firstModels(): Map<string, string> {
  const first = new Map<string, string>();
  for (const file of readdirSync(models)) {
    const type = /^bt_(\w+)\.txt$/.exec(file)?.[1]?.toLowerCase();
    let version = '';
    for (const line of type === undefined ? [] : readFileSync(join(models, file), 'utf8').split('\n')) {
      version = /^## (\S+)/.exec(line)?.[1] ?? version;
      const path = `${type}.${/^ {2}\+ (\S+) /.exec(line)?.[1]}`;
      if (!first.has(path)) first.set(path, version);
    }
  }
  return first;
}

t.test('members are shown in the api-versions in which recordings show them', { skip: missing }, async (t) => {
  const evidence = memberEvidence(folders);
  const found = members().flatMap(({ path, node }) => [...contradictions(path, node, evidence.get(path) ?? new Map())]);
  t.strictSame(found, []);
});

t.test('a member is shown since its model has it, unless recordings are without it', { skip: noModels }, async (t) => {
  const evidence = memberEvidence(folders);
  const first = firstModels();
  const found = members().flatMap(({ path, node: { since = '' } }) => {
    const model = first.get(path) ?? since;
    const without = [...(evidence.get(path)?.keys() ?? [])].some((version) => version >= model && version < since);
    return since > model && !without ? [`${path}: since ${since}, in the model of ${model}`] : [];
  });
  t.ok(first.size > 100, 'the models were read');
  t.strictSame(found, []);
});
