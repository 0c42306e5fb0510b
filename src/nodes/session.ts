/**
 * A connection to PostgreSQL that is made when it is needed and made anew after it was lost. Every question has an end: the
 * answer, an error of the database, or `Away`.
 */
import type { Client, Notification } from 'pg';
import { pause } from '../support/clock.js';
import { Mutex } from '../support/mutex.js';

/** The database cannot be reached, or did not answer in time: whether a statement was carried out is not known. */
export class Away extends Error {
  override readonly name = 'Away';
}

export interface SessionOptions {
  /** `postgresql://user@host/database`. */
  readonly url: string;
  /** What the database shows as the client's name. */
  readonly name: string;
  /** Statements that its connections begin with, after those of all sessions. */
  readonly begin?: readonly string[];
  readonly onNotification?: (notification: Notification) => void;
  /** A connection that stood is lost. */
  readonly onLost?: () => void;
}

/** A row as PostgreSQL answers it: numbers of 64 bits are texts. */
export type Row = Readonly<Record<string, unknown>>;

/** Longest time for a connection, and for an answer, in real milliseconds. */
const connectMs = 3000;
const answerMs = 3000;
/** What every connection begins with. By the keepalives (idle, interval, count) the database notices a client that is gone. */
const always = [
  'SET synchronous_commit = on',
  'SET tcp_keepalives_idle = 5',
  'SET tcp_keepalives_interval = 2',
  'SET tcp_keepalives_count = 3',
] as const;
/** First bytes after so long without any, so that a connection that is cut is noticed. */
const keepAliveMs = 5000;

/**
 * SQLSTATE of an end that says nothing about what became of the statement: connection, shutdown, statement completion
 * unknown. https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
const unknownOutcome = /^(08|57P0|40003)/;
/** The statement was refused by a server that only follows another: after a fail-over, a new connection finds the right one. */
const readOnly = '25006';
/** A commit that did not wait for its standby. */
const notReplicated = '01000';

export class Session {
  readonly #options: SessionOptions;
  #client: Promise<Client> | undefined;
  #standing: Client | undefined;
  #isClosed = false;
  #wasNotReplicated = false;
  /** One statement at a time is on a connection, so that what the database notes beside an answer is of that statement. */
  readonly #statements = new Mutex();
  /** Names of statements, by their text: the database plans each of them once. */
  readonly #prepared = new Map<string, string>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The rows of a statement. Throws `Away` where nothing is known, else the database's error. */
  async query(
    text: string,
    values: readonly unknown[] = [],
    { waitMs = answerMs }: { readonly waitMs?: number } = {},
  ): Promise<Row[]> {
    const client = await this.#connected();
    return this.#statements.run(() => this.#ask(client, { text, values, waitMs }));
  }

  async #ask(
    client: Client,
    { text, values, waitMs }: { readonly text: string; readonly values: readonly unknown[]; readonly waitMs: number },
  ): Promise<Row[]> {
    // It was never sent. Who asks again gets another connection.
    if (this.#standing !== client) throw new Away('the connection was lost');
    this.#wasNotReplicated = false;
    try {
      const { rows } = await client.query<Record<string, unknown>>({
        ...{ text, values: [...values], name: this.#nameOf(text) },
        // Not in the types, but taken.
        ...{ query_timeout: waitMs },
      });
      if (this.#wasNotReplicated) throw new Away('the standby has not confirmed');
      return rows;
    } catch (error) {
      const { code = '', severity, message } = error as { code?: string; severity?: string; message: string };
      const isAnswer = severity !== undefined && !unknownOutcome.test(code);
      if (error instanceof Away || (isAnswer && code !== readOnly)) throw error;
      if (this.#standing === client) this.drop();
      throw new Away(message, { cause: error });
    }
  }

  #nameOf(text: string): string {
    const name = this.#prepared.get(text) ?? `lazurite${this.#prepared.size}`;
    this.#prepared.set(text, name);
    return name;
  }

  /** The address of this machine that the connection begins at; undefined for a socket in the file system. */
  async localAddress(): Promise<string | undefined> {
    const client = (await this.#connected()) as unknown as { connection: { stream: { localAddress?: string } } };
    return client.connection.stream.localAddress;
  }

  /** Ends the connection; the next question makes another one. */
  drop(): void {
    const client = this.#client;
    const stood = this.#standing !== undefined;
    this.#client = undefined;
    this.#standing = undefined;
    if (stood) this.#options.onLost?.();
    client?.then(
      (one) => void one.end().catch(() => {}),
      () => {},
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  #connected(): Promise<Client> {
    if (this.#isClosed) return Promise.reject(new Away('closed'));
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw error instanceof Away ? error : new Away((error as Error).message, { cause: error });
    });
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { url, name, begin = [], onNotification, onLost } = this.#options;
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: connectMs,
      query_timeout: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    });
    const lost = (): void => {
      if (this.#standing !== client) return;
      this.#standing = undefined;
      this.#client = undefined;
      onLost?.();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notice', ({ code }) => {
      if (code === notReplicated) this.#wasNotReplicated = true;
    });
    if (onNotification) client.on('notification', onNotification);
    try {
      await client.connect();
      for (const statement of [...always, ...begin]) await client.query(statement);
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    this.#standing = client;
    return client;
  }
}

/**
 * Why a database cannot be used, and what to do about it, by SQLSTATE or the system's code.
 * https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
const problems: readonly (readonly [code: RegExp, sentence: (reason: string) => string])[] = [
  [
    /^28/,
    (reason) => `the database of --store refuses this user (${reason}): PGPASSWORD or a password file has the password`,
  ],
  [/^3D000/, (reason) => `${reason}: make the database that --store names, or name another`],
  [
    /^42501/,
    (reason) => `the user of --store lacks a right (${reason}): let it create a schema, or own the schema lazurite`,
  ],
  [
    /^53300/,
    (reason) =>
      `the database of --store takes no more connections (${reason}): each node has six, raise max_connections`,
  ],
  [
    /^(ECONNREFUSED|ENOENT)$/,
    (reason) => `the database of --store cannot be reached (${reason}): is PostgreSQL running there?`,
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    (reason) => `the database of --store cannot be reached (${reason}): is the name of its host right?`,
  ],
];

/** The error as a sentence for the person who starts a node; undefined where it says nothing about the database. */
export function explainStoreError(error: unknown): string | undefined {
  const cause = error instanceof Away ? (error.cause ?? error) : error;
  const {
    code = '',
    message,
    severity,
    errors,
  } = cause as Error & {
    code?: string;
    severity?: string;
    errors?: readonly Error[];
  };
  const [, sentence] = problems.find(([pattern]) => pattern.test(code)) ?? [];
  const reason = message || errors?.map((one) => one.message).join(', ') || code;
  if (sentence) return sentence(reason);
  if (severity !== undefined) return `the database of --store refuses: ${reason}`;
  if (!(error instanceof Away)) return undefined;
  return `the database of --store cannot be reached (${reason}): is it PostgreSQL that answers there?`;
}

/** A question that served so many requests is followed by one that waits so long for the next requests of their clients. */
const manyServed = 4;
const gatherMs = 1;

/** A question to the database that serves all requests which waited when it was sent. One at a time is under way. */
export class SharedQuestion {
  readonly #send: () => Promise<void>;
  /** The one that is still to be sent, and how many requests wait for it. */
  #next: Promise<void> | undefined;
  #waiting = 0;
  /** Ends with the one that is under way, which served so many requests. */
  #ended: Promise<void> = Promise.resolve();
  #lastServed = 0;
  #gathered: () => void = () => {};

  constructor(send: () => Promise<void>) {
    this.#send = send;
  }

  /** Settles as a question does that is sent after this call. */
  ask(): Promise<void> {
    this.#waiting++;
    if (this.#waiting >= this.#lastServed) this.#gathered();
    this.#next ??= this.#ask();
    return this.#next;
  }

  async #ask(): Promise<void> {
    await this.#ended;
    // All requests that the loop reads in this turn share a question.
    await new Promise((resolve) => setImmediate(resolve));
    // Clients that were answered together come back together; where they are few, none waits for another.
    if (this.#lastServed >= manyServed && this.#waiting < this.#lastServed) {
      const all = new Promise<void>((resolve) => {
        this.#gathered = resolve;
      });
      await Promise.race([pause(gatherMs), all]);
    }
    this.#lastServed = this.#waiting;
    this.#waiting = 0;
    this.#next = undefined;
    const sent = this.#send();
    this.#ended = sent.then(
      () => {},
      () => {},
    );
    await sent;
  }
}
