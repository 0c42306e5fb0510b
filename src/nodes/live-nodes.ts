/**
 * The nodes that live: each says once a second what it is, and at once how far its data plane has come, so that a write is
 * answered when every node carries it. What they say is kept in a table that a crash of the database empties.
 */
import { pause, systemTime } from '../support/clock.js';
import type { Session } from './session.js';

/** What a node says of itself. */
export interface NodeFacts {
  readonly name: string;
  readonly version: string;
  /** Of its replica, which is the newest one that it knows. */
  readonly schema: number;
}

export interface LiveNode extends NodeFacts {
  /** Where other nodes reach it, `address:port`. */
  readonly address: string;
  /** The number of the newest change that its data plane carries. */
  readonly carried: number;
}

/** Makes the table where it is not there. */
export const nodesTable = `
  CREATE UNLOGGED TABLE IF NOT EXISTS lazurite.nodes (
    address text PRIMARY KEY, name text NOT NULL, version text NOT NULL, schema integer NOT NULL,
    carried bigint NOT NULL, seen timestamptz NOT NULL
  );`;
/** On which nodes tell each other how far they have come. */
export const nodesChannel = 'lazurite_nodes';

/** Real milliseconds: a node that was silent for so long counts as dead. */
const silenceMs = 3000;
/** Longest time that a write waits for other nodes. */
const patienceMs = 1000;
/** For the last words of a node. */
const farewellMs = 500;

const say = `
  INSERT INTO lazurite.nodes AS n VALUES ($1, $2, $3, $4, $5, clock_timestamp())
  ON CONFLICT (address) DO UPDATE
    SET name = $2, version = $3, schema = $4, carried = $5, seen = clock_timestamp()
  RETURNING pg_notify('${nodesChannel}', $5::text || ' ' || $1)`;
const gone = `DELETE FROM lazurite.nodes WHERE address = $1 RETURNING pg_notify('${nodesChannel}', '-1 ' || $1)`;
const living = `
  SELECT address, name, version, schema, carried, extract(epoch FROM clock_timestamp() - seen) * 1000 AS silent
  FROM lazurite.nodes WHERE seen > clock_timestamp() - interval '${silenceMs} milliseconds' ORDER BY address`;

interface Waiting {
  readonly seq: number;
  readonly end: () => void;
}

export class LiveNodes {
  readonly #session: Pick<Session, 'query'>;
  readonly #facts: NodeFacts;
  readonly #others = new Map<string, { carried: number; heardMs: number }>();
  readonly #waiting = new Set<Waiting>();
  #address: string | undefined;
  #carried = 0;
  #told = -1;
  /** Called when this node has begun, and when another one has come or gone. */
  onChange: () => void = () => {};
  /** Addresses of the others that lived when this was last looked at. */
  #lived = '';
  #isTelling = false;

  constructor(session: Pick<Session, 'query'>, facts: NodeFacts) {
    this.#session = session;
    this.#facts = facts;
  }

  /** From now on this node is reached at `address`, and tells what it carries. */
  begin(address: string): void {
    this.#address = address;
    this.onChange();
    this.#isTelling = true;
    const told = (): void => {
      this.#isTelling = false;
      this.#tell();
    };
    // One that died a moment ago, and is back before it was missed, has gone all the same.
    this.#session.query(gone, [address]).then(told, told);
  }

  /** The data plane of this node carries every change up to `seq`. */
  carries(seq: number): void {
    this.#carried = seq;
    this.#tell();
  }

  /** One telling at a time, which carries the newest number. A silence is mended by the next second. */
  #tell(): void {
    if (this.#isTelling || this.#address === undefined || this.#told === this.#carried) return;
    this.#isTelling = true;
    const carried = this.#carried;
    this.#say().then(
      () => {
        this.#told = carried;
        this.#isTelling = false;
        this.#tell();
      },
      () => {
        this.#isTelling = false;
      },
    );
  }

  async #say(): Promise<void> {
    const { name, version, schema } = this.#facts;
    await this.#session.query(say, [this.#address, name, version, schema, this.#carried]);
  }

  /** Says that this node lives, and reads which others do; once a second. */
  async beat(): Promise<void> {
    if (this.#address === undefined) return;
    this.#look();
    await this.#say();
    for (const { address, carried, silent } of await this.#session.query(living)) {
      this.#heard(String(address), Number(carried), Number(silent));
    }
  }

  /** Every node that lives, this one too. */
  async living(): Promise<LiveNode[]> {
    const rows = await this.#session.query(living);
    return rows.map(({ address, name, version, schema, carried }) => ({
      address: String(address),
      name: String(name),
      version: String(version),
      schema: Number(schema),
      carried: Number(carried),
    }));
  }

  /** What another node has said on the channel. */
  noteTold(payload: string): void {
    const space = payload.indexOf(' ');
    this.#heard(payload.slice(space + 1), Number(payload.slice(0, space)));
  }

  #heard(address: string, carried: number, agoMs = 0): void {
    if (address === this.#address) return;
    // Less than before is a node that began anew.
    if (carried < 0) this.#others.delete(address);
    else this.#others.set(address, { carried, heardMs: systemTime.now() - agoMs });
    for (const waiting of this.#waiting) if (this.#behind(waiting.seq) === 0) waiting.end();
    this.#look();
  }

  /** Tells when not the same nodes live as before. */
  #look(): void {
    const live = this.#live().map(([address]) => address);
    const lives = live.sort().join();
    if (lives === this.#lived) return;
    this.#lived = lives;
    this.onChange();
  }

  /** The others that were heard of lately. */
  #live() {
    const oldestMs = systemTime.now() - silenceMs;
    return [...this.#others].filter(([, { heardMs }]) => heardMs > oldestMs);
  }

  #behind(seq: number): number {
    return this.#live().filter(([, { carried }]) => carried < seq).length;
  }

  /** Resolves when every other node that lives carries the change `seq`, after a second at the latest, with how many do not. */
  async until(seq: number): Promise<number> {
    if (this.#behind(seq) > 0) {
      await new Promise<void>((resolve) => {
        const forget = systemTime.wakeAfter(patienceMs, () => waiting.end());
        const waiting = {
          seq,
          end: () => {
            forget();
            this.#waiting.delete(waiting);
            resolve();
          },
        };
        this.#waiting.add(waiting);
      });
    }
    return this.#behind(seq);
  }

  /** Writes do not wait for a node that has died, until it is heard from again. */
  async forget(address: string): Promise<void> {
    this.#others.delete(address);
    this.#look();
    await this.#session.query(gone, [address]);
  }

  /** Removes this node from the table, so that writes do not wait for it. */
  async leave(): Promise<void> {
    if (this.#address === undefined) return;
    const said = this.#session.query(gone, [this.#address]).catch(() => {});
    this.#address = undefined;
    await Promise.race([said, pause(farewellMs)]);
  }
}
