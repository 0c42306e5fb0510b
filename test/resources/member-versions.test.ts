/**
 * The api-versions in which the schemas show a member, held against every recorded exchange with Azure. Skipped where the
 * recordings are not.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Counted, memberEvidence } from '../../scripts/member-boundaries.mjs';
import { resourceTypes } from '../../src/resources/registry.js';
import type { SchemaNode } from '../../src/resources/schema.js';

const shared = process.env.LAZURITE_SHARED ?? '../shared';
const folders = ['recordings', 'recordings-2'].map((name) => join(shared, name));
const missing = folders.every((folder) => !existsSync(folder)) && 'no recordings here';

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

function* walk(
  { path, node }: { readonly path: string; readonly node: SchemaNode },
  evidence: ReadonlyMap<string, ReadonlyMap<string, Counted>>,
): Generator<string> {
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    const at = `${path}.${name}`;
    const versions = evidence.get(at);
    if (versions) yield* contradictions(at, member, versions);
    if (!member.reference) yield* walk({ path: at, node: member }, evidence);
    if (member.items && !member.items.reference) yield* walk({ path: `${at}[]`, node: member.items }, evidence);
  }
}

t.test('members are shown in the api-versions in which recordings show them', { skip: missing }, async (t) => {
  const evidence = memberEvidence(folders);
  const found = resourceTypes.flatMap(({ type, schema }) => [
    ...walk({ path: type.split('/')[1]?.toLowerCase() ?? '', node: schema as SchemaNode }, evidence),
  ]);
  t.strictSame(found, []);
});
