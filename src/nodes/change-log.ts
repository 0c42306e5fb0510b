/**
 * The log of changes in PostgreSQL, which is the truth: its head, an ordered row per change, snapshots. An append moves the
 * head from where its writer has seen it, in the same statement as it stores the change.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { RowImage, Touched } from '../store/row-images.js';
import type { Control } from '../store/write-queue.js';
import { pause } from '../support/clock.js';
import { newGuid } from '../support/ids.js';
import { UsageError } from '../support/usage-error.js';
import { nodesTable } from './live-nodes.js';
import { Away, type Row, type Session } from './session.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A place in the history: the number of a change and its id, by which two histories are told apart. */
export interface LogPosition {
  readonly seq: number;
  readonly id: string;
}

export interface Head extends LogPosition {
  /** Raised by each new writer: an append of an older one stores nothing. */
  readonly epoch: number;
  /** Where the writer is reached, `address:port`; undefined before the first. */
  readonly writer: string | undefined;
  /** The schema that changes and snapshots are written in. */
  readonly schema: number;
}

/** What one append carries. */
export interface Entries {
  /** The schema that the rows are written in. */
  readonly schema: number;
  readonly rows: readonly RowImage[];
  /** What the rows are about. The data planes of other nodes follow this, so it does not depend on the schema. */
  readonly touched?: Touched | undefined;
  /** In place of rows; what was restored lies beside the log, as the snapshot of the change's own position. */
  readonly control?: Control | { readonly kind: 'restored' } | undefined;
}

export interface Change extends LogPosition {
  readonly entries: Entries;
}

/** The log as it is seen from a position. */
export interface Look {
  readonly head: Head;
  /** Those that follow the position; undefined when it is not in the history. */
  readonly changes: readonly Change[] | undefined;
}

/** Makes the tables where they are not there; one node at a time does. */
const setUp = `
  CREATE SCHEMA IF NOT EXISTS lazurite;
  CREATE TABLE IF NOT EXISTS lazurite.head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq bigint NOT NULL, id uuid NOT NULL, epoch bigint NOT NULL, writer text,
    schema integer NOT NULL, config text NOT NULL, created double precision NOT NULL
  );
  CREATE TABLE IF NOT EXISTS lazurite.changes (
    seq bigint PRIMARY KEY, id uuid NOT NULL UNIQUE, node text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), entries bytea NOT NULL
  );
  CREATE TABLE IF NOT EXISTS lazurite.snapshots (seq bigint PRIMARY KEY, id uuid NOT NULL, document bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS lazurite.keys (name text PRIMARY KEY, value text NOT NULL);
  REVOKE ALL ON lazurite.keys FROM PUBLIC;
  ${nodesTable}
`;
/** Numbers of locks, which no other program in the database uses: of the writer, and of making the tables. */
const [writerLock, setUpLock] = ['7809644653219574885', '7809644653219574886'];

const append = `
  WITH h AS (
    UPDATE lazurite.head SET seq = seq + 1, id = $1, schema = greatest(schema, $7)
    WHERE seq = $2 AND epoch = $3 RETURNING seq
  ), s AS (
    INSERT INTO lazurite.snapshots (seq, id, document) SELECT seq, $1, $6 FROM h WHERE $6::bytea IS NOT NULL
  )
  INSERT INTO lazurite.changes (seq, id, node, entries) SELECT seq, $1, $4, $5 FROM h
  RETURNING seq, pg_notify('lazurite', seq::text)`;

/** The log is never cut in its last hour, nor where no snapshot is. */
const cut = `
  DELETE FROM lazurite.changes
  WHERE seq < (SELECT max(seq) FROM lazurite.snapshots) AND at < now() - interval '1 hour'`;

/** As `server_version_num` has it: PostgreSQL 14, which can end the session of a node that stands still. */
const oldestServer = 140_000;
/** Where the head is, and the row of a position with those behind it, all of one moment. */
const look = `
  SELECT h.seq AS head, h.id AS head_id, h.epoch, h.writer, h.schema, c.seq, c.id,
    CASE WHEN c.seq > $1 THEN c.entries END AS entries
  FROM lazurite.head h
  LEFT JOIN (SELECT * FROM lazurite.changes WHERE seq >= $1 ORDER BY seq LIMIT $2) c ON true
  ORDER BY c.seq`;
/** How many rows a look reads: few, where only the newest changes are missing, or many, where the head is far ahead. */
const [fewRows, manyRows] = [20, 200];
/** Real milliseconds between two attempts to have an outcome. */
const againMs = 200;
/** Longest time for an answer about so many bytes, in real milliseconds. */
const longestMs = (bytes: number): number => 3000 + bytes / 1000;
/** For statements that read or write a whole snapshot. */
const longMs = 60_000;

/** What a node begins with. */
export interface Opening {
  /** The newest schema that it knows. */
  readonly schema: number;
  /** The earliest that it can write in. */
  readonly oldest: number;
  readonly config: string;
  readonly nowMs: number;
}

export interface AppendOptions {
  readonly after: LogPosition;
  readonly epoch: number;
  readonly snapshot?: unknown;
}

export interface ChangeLogOptions {
  /** Appends and epochs; nothing else, so that a warning on it is about an append. */
  readonly writes: Session;
  /** Heads: short questions that requests wait for. */
  readonly checks: Session;
  /** Everything that may be long. */
  readonly reads: Session;
  /** The name that the changes of this node bear. */
  readonly node: string;
}

export class ChangeLog {
  readonly #writes: Session;
  readonly #checks: Session;
  readonly #reads: Session;
  readonly #node: string;

  constructor({ writes, checks, reads, node }: ChangeLogOptions) {
    this.#writes = writes;
    this.#checks = checks;
    this.#reads = reads;
    this.#node = node;
  }

  /**
   * Makes the tables, and the head where there is none. Throws a `UsageError` where this version does not know the schema of
   * the head, or the configuration is another. Answers when (milliseconds since 1970) the log was begun.
   */
  async open({ schema, oldest, config, nowMs }: Opening): Promise<number> {
    const [server] = await this.#reads.query('SHOW server_version_num');
    if (Number(server?.server_version_num) < oldestServer) {
      throw new UsageError('the database of --store is older than PostgreSQL 14');
    }
    const id = newGuid();
    await this.#reads.query(`DO $do$ BEGIN PERFORM pg_advisory_xact_lock(${setUpLock}); ${setUp} END $do$`);
    await this.#reads.query(
      `WITH h AS (
        INSERT INTO lazurite.head (seq, id, epoch, schema, config, created) VALUES (0, $1, 0, $2, $3, $4)
        ON CONFLICT DO NOTHING RETURNING id
      ) INSERT INTO lazurite.changes (seq, id, node, entries) SELECT 0, id, $5, $6 FROM h`,
      [id, schema, config, nowMs, this.#node, await packed({ schema, rows: [] } satisfies Entries)],
    );
    const [head] = await this.#reads.query('SELECT schema, config, created FROM lazurite.head');
    if (Number(head?.schema) > schema || Number(head?.schema) < oldest) {
      const advice =
        Number(head?.schema) > schema
          ? 'start the newer one that wrote it'
          : 'bring it up with the versions in between, each with lazurite store upgrade';
      throw new UsageError(
        `the store is written in schema ${head?.schema}, and this Lazurite knows ${oldest} to ${schema}: ${advice}`,
      );
    }
    if (head?.config !== config) {
      throw new UsageError(
        `this node is configured otherwise than the store: the store has ${head?.config}, this node ${config}`,
      );
    }
    return Number(head.created);
  }

  async head(): Promise<Head> {
    const [row] = await this.#checks.query('SELECT seq, id, epoch, writer, schema FROM lazurite.head');
    if (!row) throw new Away('the head of the log is missing');
    return headOf(row);
  }

  /** Tries to become the one that may write, for as long as the connection of `session` stands. */
  async tryLock(session: Session): Promise<boolean> {
    const [row] = await session.query(`SELECT pg_try_advisory_lock(${writerLock}) AS held`);
    return row?.held === true;
  }

  /** Whether the connection of `session` has the lock. */
  async holdsLock(session: Session): Promise<boolean> {
    const [row] = await session.query(
      `SELECT count(*) AS held FROM pg_locks
       WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND (classid::bigint << 32 | objid::bigint) = ${writerLock}`,
    );
    return Number(row?.held) > 0;
  }

  /** Ends the right of every earlier writer. */
  async raiseEpoch(writer: string): Promise<Head> {
    const [row] = await this.#writes.query(
      `UPDATE lazurite.head SET epoch = epoch + 1, writer = $1
       RETURNING seq, id, epoch, writer, schema, pg_notify('lazurite', seq::text)`,
      [writer],
    );
    if (!row) throw new Away('the head of the log is missing');
    return headOf(row);
  }

  /**
   * Appends after `after`. Resolves with the new position, or with undefined when another writer has been there, and then
   * nothing was stored nor ever will be. Does not end before it is known which: an attempt of unknown outcome is sent again
   * as it was. `snapshot`: everything that is stored from there on.
   */
  async append(entries: Entries, { after, epoch, snapshot }: AppendOptions): Promise<LogPosition | undefined> {
    const id = newGuid();
    const bytes = await packed(entries);
    const document = snapshot === undefined ? null : await packed(snapshot);
    const schema = entries.control?.kind === 'schema' ? entries.control.schema : null;
    const values = [id, after.seq, epoch, this.#node, bytes, document, schema];
    const waitMs = longestMs(bytes.length + (document?.length ?? 0));
    for (let isFirst = true; ; isFirst = false) {
      try {
        const [row] = await this.#writes.query(append, values, { waitMs });
        if (row) return { seq: Number(row.seq), id };
        // The first attempt is known to have stored nothing. After that, the row behind the head tells.
        return isFirst ? undefined : await this.#wasStored({ seq: after.seq + 1, id });
      } catch (error) {
        // Only of the first attempt a refusal says what became of it.
        if (this.#writes.isClosed || (isFirst && !(error instanceof Away))) throw error;
        await pause(againMs);
      }
    }
  }

  /** Whether the row of an append is there. The statement writes, so that its answer waits for the standby as that did. */
  async #wasStored(position: LogPosition): Promise<LogPosition | undefined> {
    const [row] = await this.#writes.query(
      `WITH h AS (UPDATE lazurite.head SET seq = seq RETURNING seq)
       SELECT c.id, h.seq FROM h LEFT JOIN lazurite.changes c ON c.seq = $1`,
      [position.seq],
    );
    return row?.id === position.id ? position : undefined;
  }

  /**
   * Where the head is, and the next changes after `position`: few, or with `many` as many as are read at a time. Without
   * changes when `position` is not in the history as far as it is kept.
   */
  async look(position: LogPosition | undefined, { howMany }: { howMany: 'few' | 'many' }): Promise<Look> {
    const { seq, id } = position ?? { seq: -1, id: '' };
    const rows =
      howMany === 'few'
        ? await this.#checks.query(look, [seq, position ? fewRows : 0])
        : await this.#reads.query(look, [seq, manyRows], { waitMs: longMs });
    const [first, ...rest] = rows;
    if (!first) throw new Away('the head of the log is missing');
    const head = headOf({ ...first, seq: first.head, id: first.head_id });
    if (first.seq === null || Number(first.seq) !== seq || first.id !== id) return { head, changes: undefined };
    const changes = rest.map(async (row) => ({
      seq: Number(row.seq),
      id: String(row.id),
      entries: (await unpacked(row.entries)) as Entries,
    }));
    return { head, changes: await Promise.all(changes) };
  }

  /** The snapshot of this position, or the newest one; undefined when it is not there: at first the whole log is. */
  async snapshot(at?: LogPosition): Promise<(LogPosition & { readonly document: unknown }) | undefined> {
    const [row] = await this.#reads.query(
      `SELECT seq, id, document FROM lazurite.snapshots WHERE id = coalesce($1, id) ORDER BY seq DESC LIMIT 1`,
      [at?.id ?? null],
      { waitMs: longMs },
    );
    return row && { seq: Number(row.seq), id: String(row.id), document: await unpacked(row.document) };
  }

  async newestSnapshotSeq(): Promise<number | undefined> {
    const [row] = await this.#reads.query('SELECT max(seq) AS seq FROM lazurite.snapshots');
    return row?.seq == null ? undefined : Number(row.seq);
  }

  /** The first position of the history. */
  async origin(): Promise<LogPosition | undefined> {
    const [row] = await this.#reads.query('SELECT seq, id FROM lazurite.changes WHERE seq = 0');
    return row && { seq: 0, id: String(row.id) };
  }

  /** Keeps what the state was at `position`, and cuts the log behind it. */
  async keepSnapshot({ seq, id }: LogPosition, document: unknown): Promise<void> {
    await this.#reads.query(
      'INSERT INTO lazurite.snapshots (seq, id, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [seq, id, await packed(document)],
      { waitMs: longMs },
    );
    await this.#reads.query('DELETE FROM lazurite.snapshots WHERE seq < $1', [seq]);
    await this.#reads.query(cut);
  }

  /** Why an acknowledged write could be lost with the database's machine; undefined when a standby has it too. */
  async durabilityWarning(): Promise<string | undefined> {
    const [row] = await this.#reads.query('SHOW synchronous_standby_names');
    if (row?.synchronous_standby_names !== '') return undefined;
    return 'the database names no synchronous standby: what it acknowledges can be lost when it fails over';
  }

  /**
   * The keys that all nodes share, by name. Those that are missing are made by `make`, once for all nodes. Throws a
   * `UsageError` where the table cannot be read.
   */
  async keys(make: () => Promise<Readonly<Record<string, string>>>): Promise<Readonly<Record<string, string>>> {
    const read = async (): Promise<Record<string, string>> => {
      const rows = await this.#reads.query('SELECT name, value FROM lazurite.keys').catch((error: Error) => {
        if (error instanceof Away) throw error;
        throw new UsageError(`the keys in the store cannot be read: ${error.message}`);
      });
      return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]));
    };
    const found = await read();
    if (Object.keys(found).length > 0) return found;
    const made = Object.entries(await make());
    // All or none: a second node that makes keys at the same time meets the first name already there.
    const places = made.map((_, index) => `($${2 * index + 1}, $${2 * index + 2})`).join(', ');
    await this.#reads
      .query(`INSERT INTO lazurite.keys (name, value) VALUES ${places}`, made.flat())
      .catch((error: { code?: string }) => {
        if (error.code !== '23505') throw error;
      });
    return read();
  }
}

const headOf = (row: Row): Head => ({
  seq: Number(row.seq),
  id: String(row.id),
  epoch: Number(row.epoch),
  writer: row.writer === null ? undefined : String(row.writer),
  schema: Number(row.schema),
});

const packed = (value: unknown): Promise<Buffer> => compress(JSON.stringify(value), { level: 1 });

const unpacked = async (bytes: unknown): Promise<unknown> => JSON.parse((await decompress(bytes as Buffer)).toString());
