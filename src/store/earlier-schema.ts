/**
 * What machines of two versions exchange while they share a store: row images and snapshots in the shape of an earlier
 * schema, and back. Each schema since the oldest says how it differs from the one before.
 */
import type { RowImage } from './row-images.js';
import type { Snapshot } from './snapshot.js';
import type { Connection } from './sqlite.js';

type Tables = Snapshot['tables'];
type Row = Tables[string][number];

interface Step {
  /** Images that the schema before has written, for a file that is as it was before them. */
  readonly up: (images: readonly RowImage[], connection: Connection) => RowImage[];
  /** Images as the schema before writes them; the file is as it was before them. */
  readonly down: (images: readonly RowImage[], connection: Connection) => RowImage[];
  readonly tablesUp: (tables: Tables) => Tables;
  readonly tablesDown: (tables: Tables) => Tables;
}

const parsed = (cell: unknown): unknown[] => (typeof cell === 'string' ? JSON.parse(cell) : cell) as unknown[];

const textOf = (cell: unknown): string => (typeof cell === 'string' ? cell : JSON.stringify(cell));

/** The operations of a deployment as the file has them, JSON by position. */
const operationsIn = (connection: Connection, deployment: string): string[] =>
  (
    connection
      .prepare('SELECT document FROM deployment_operations WHERE deployment = ? ORDER BY position')
      .all(deployment) as { document: string }[]
  ).map(({ document }) => document);

const isOfDeployment = ({ table }: RowImage): boolean => table === 'deployments' || table === 'deployment_operations';

/** 6: operations of deployments are rows; before, a column of the deployment had them all. */
const deploymentOperations: Step = {
  up(images, connection) {
    return images.flatMap((image): RowImage[] => {
      if (image.table !== 'deployments') return [image];
      const deployment = String(image.key.key);
      const { operations = '[]', ...row } = image.row ?? {};
      const after = parsed(operations).map(textOf);
      const count = Math.max(after.length, operationsIn(connection, deployment).length);
      const rows = Array.from({ length: count }, (_, position): RowImage => {
        const [key, document] = [{ deployment, position }, after[position]];
        return { table: 'deployment_operations', key, row: document === undefined ? null : { ...key, document } };
      });
      return [{ ...image, row: image.row && row }, ...rows];
    });
  },
  down(images, connection) {
    const deployments = new Set(images.filter(isOfDeployment).map(({ key }) => String(key.deployment ?? key.key)));
    const whole = [...deployments].map((key): RowImage => {
      const own = images.find((image) => image.table === 'deployments' && image.key.key === key);
      const row = own
        ? own.row
        : (connection.prepare('SELECT * FROM deployments WHERE key = ?').get(key) as Row | null);
      const after = new Map(operationsIn(connection, key).entries());
      for (const image of images) {
        if (image.table !== 'deployment_operations' || image.key.deployment !== key) continue;
        if (image.row === null) after.delete(Number(image.key.position));
        else after.set(Number(image.key.position), String(image.row.document));
      }
      const operations = `[${[...after].sort(([a], [b]) => a - b).map(([, document]) => document)}]`;
      return { table: 'deployments', key: { key }, row: row ? { ...(row as RowImage['row']), operations } : null };
    });
    return [...images.filter((image) => !isOfDeployment(image)), ...whole];
  },
  tablesUp({ deployments = [], ...tables }) {
    const operations = deployments.flatMap(({ key, operations = '[]' }) =>
      parsed(operations).map((document, position) => ({ deployment: key, position, document }) as Row),
    );
    const without = deployments.map(({ operations, ...row }) => row);
    return { ...tables, deployments: without, deployment_operations: operations };
  },
  tablesDown({ deployments = [], deployment_operations: rows = [], ...tables }) {
    const whole = deployments.map((row) => {
      const own = rows.filter(({ deployment }) => deployment === row.key);
      const ordered = own.sort((a, b) => Number(a.position) - Number(b.position));
      return { ...row, operations: `[${ordered.map(({ document }) => textOf(document))}]` };
    });
    return { ...tables, deployments: whole };
  },
};

/** 7 and 8: indexes, which rows do not show. */
const sameRows: Step = {
  up: (images) => [...images],
  down: (images) => [...images],
  tablesUp: (tables) => tables,
  tablesDown: (tables) => tables,
};

/** The earliest schema that machines of this version can share a store in. */
export const oldestShared = 5;
/** By the schema that they lead to: from the one before. */
const steps: Readonly<Record<number, Step>> = { 6: deploymentOperations, 7: sameRows, 8: sameRows };

const stepsBetween = (earlier: number, later: number): Step[] =>
  Array.from({ length: Math.max(0, later - earlier) }, (_, index) => steps[earlier + 1 + index] as Step);

interface Shapes {
  readonly from: number;
  readonly to: number;
}

/** Images of one schema in the shape of another. `connection` has the newest schema, and is as it was before them. */
export function reshapeImages(
  images: readonly RowImage[],
  { from, to, connection }: Shapes & { readonly connection: Connection },
): readonly RowImage[] {
  if (from <= to) return stepsBetween(from, to).reduce((all, { up }) => up(all, connection), images);
  return stepsBetween(to, from).reduceRight((all, { down }) => down(all, connection), images);
}

/** A snapshot in the shape of another schema; whatever else the document has stays. */
export function reshapeSnapshot<S extends Snapshot>(snapshot: S, to: number): S {
  const from = snapshot.schemaVersion;
  const { tables } = snapshot;
  const reshaped =
    from <= to
      ? stepsBetween(from, to).reduce((all, { tablesUp }) => tablesUp(all), tables)
      : stepsBetween(to, from).reduceRight((all, { tablesDown }) => tablesDown(all), tables);
  return { ...snapshot, schemaVersion: to, tables: reshaped };
}
