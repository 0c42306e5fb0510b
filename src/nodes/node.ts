/**
 * One of several machines: it follows the log, and while it holds the writer's lock and the newest epoch, writes are kept
 * by it. The lock says who may try; the epoch in every append is what keeps two from writing.
 */
import { azureError } from '../errors/index.js';
import type { Store } from '../store/store.js';
import type { Ledger, Outcome } from '../store/write-queue.js';
import { pause, systemTime } from '../support/clock.js';
import type { Log } from '../support/log.js';
import { Mutex } from '../support/mutex.js';
import { ChangeLog, type Head } from './change-log.js';
import { LiveNodes, type NodeFacts, nodesChannel } from './live-nodes.js';
import { Replica, type ReplicaOptions } from './replica.js';
import { Away, Session, SharedQuestion } from './session.js';

export interface NodeOptions {
  /** `postgresql://user@host/database`. */
  readonly url: string;
  readonly facts: NodeFacts;
  readonly store: Store;
  readonly log: Log;
}

/** What a node does beside keeping rows. */
export interface NodeEvents extends Pick<ReplicaOptions, 'onApplied' | 'onControl' | 'onReplaced'> {
  /** This node has begun, or another one has come or gone. */
  readonly onNodesChanged: () => void;
  /** This node has begun to be the writer, or has ceased to be it; what it says is settled before the node leaves. */
  readonly onWriting: (isWriter: boolean) => Promise<void>;
  /** This node has become the writer: it goes on with what was running. */
  readonly onWriter: () => Promise<void>;
}

/** What kind of request it is. */
export interface Asked {
  /** While the database is away, it may be answered from the last known state. */
  readonly mayBeStale: boolean;
  /** It may be answered by any replica that has followed the log to its end. */
  readonly byReplica: boolean;
}

/** How a request is to be answered here. */
export type Answering = 'here' | 'stale' | { readonly writer: string } | { readonly refusal: string };

/** Real milliseconds. */
const lookAgainMs = 1000;
const tryLockMs = 200;
/** The database ends the lock of a writer that is silent for so long, and another node gets it. */
const silenceMs = 3000;
const changesBetweenSnapshots = 1000;

export class ClusterNode implements Ledger {
  readonly #options: NodeOptions;
  readonly #sessions: readonly Session[];
  readonly #lock: Session;
  readonly #listener: Session;
  readonly changes: ChangeLog;
  readonly nodes: LiveNodes;
  #replica: Replica | undefined;
  #onWriter: NodeEvents['onWriter'] = async () => {};
  #onWriting: NodeEvents['onWriting'] = async () => {};
  /** Of the writer, while this node is it. */
  #epoch: number | undefined;
  #writer: string | undefined;
  #isAway = false;
  #seenMs = systemTime.now();
  #isClosed = false;
  /** One at a time reads or writes the replica's position. */
  readonly #alone = new Mutex();
  #wake: () => void = () => {};
  #tellWriter: (writer: string) => void = () => {};
  readonly #looks = new SharedQuestion(() => (this.isWriter ? this.#checkHead() : this.#reachHead()));
  #snapshotSeq = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    const { url, facts } = options;
    const { name } = facts;
    const session = (purpose: string, more: Partial<ConstructorParameters<typeof Session>[0]> = {}) =>
      new Session({ url, name: `lazurite ${name} ${purpose}`, ...more });
    const [writes, checks, reads] = [session('writes'), session('checks'), session('reads')];
    this.#lock = session('lock', {
      begin: [`SET idle_session_timeout = ${silenceMs}`],
      onLost: () => this.#stopWriting('the connection that holds the lock is lost'),
    });
    this.#listener = session('listens', {
      begin: ['LISTEN lazurite', `LISTEN ${nodesChannel}`],
      onNotification: ({ channel, payload = '' }) =>
        channel === nodesChannel ? this.nodes.noteTold(payload) : this.#wake(),
    });
    const tells = session('tells');
    this.nodes = new LiveNodes(tells, facts);
    this.#sessions = [writes, checks, reads, this.#lock, this.#listener, tells];
    this.changes = new ChangeLog({ writes, checks, reads, node: name });
  }

  /** Whether the file of `--seed` is in the store. */
  get isSeeded(): boolean {
    return this.#filled.shared.isSeeded;
  }

  get isWriter(): boolean {
    return this.#epoch !== undefined;
  }

  /** Where the database sees this machine; undefined where it is reached by a socket in the file system. */
  localAddress(): Promise<string | undefined> {
    return this.#lock.localAddress();
  }

  /** Fills the replica; resolves when it has reached the head. */
  async open({ onWriter, onWriting, onNodesChanged, ...events }: NodeEvents): Promise<void> {
    const { store, log } = this.#options;
    this.#onWriter = onWriter;
    this.#onWriting = onWriting;
    this.nodes.onChange = onNodesChanged;
    store.keepIn(this);
    this.#replica = new Replica({
      ...{ store, changes: this.changes, warn: log.warn, ...events },
      onCarried: (seq) => this.nodes.carries(seq),
    });
    this.#replica.begin();
    await this.#catchUp();
    const warning = await this.changes.durabilityWarning();
    if (warning !== undefined) log.warn(warning);
  }

  /**
   * From now on follows, and tries to become the writer, whom others reach at `address`. Resolves when this node writes, or
   * another one holds the lock.
   */
  begin(address: string): Promise<void> {
    this.nodes.begin(address);
    void this.#follow();
    void this.#beat();
    return new Promise((resolve) => void this.#tryToWrite(address, resolve));
  }

  /** Ends every connection; requests that wait are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const wrote = this.isWriter;
    this.#epoch = undefined;
    // The lock goes with its connection: what the writer alone does ends before another node may begin it.
    if (wrote) await this.#onWriting(false);
    await this.nodes.leave();
    for (const session of this.#sessions) session.close();
    this.#wake();
  }

  /** Throws why nothing can be written here now. */
  check(): void {
    if (this.#epoch === undefined) throw refusal('This node is not the one that writes.');
  }

  /** Appends what a group of works has come to, and applies it. */
  async keep(outcome: Outcome): Promise<void> {
    await this.#alone.run(async () => {
      this.check();
      const { position } = this.#filled;
      const epoch = this.#epoch as number;
      if (!position) throw refusal('The replica is empty.');
      const { entries, ...beside } = this.#filled.appendOf(outcome);
      const options = { ...beside, after: position, epoch };
      const kept = await this.changes.append(entries, options).catch((error: Error) => {
        this.#stopWriting(error.message);
        throw refusal(`The store did not take the write: ${error.message}.`);
      });
      if (!kept) {
        this.#stopWriting('another node writes');
        throw refusal('Another node has become the one that writes.');
      }
      try {
        this.#filled.apply(kept, outcome);
      } catch (error) {
        // The store has it, so it is acknowledged. No request is answered here before the replica has followed.
        this.#options.log.error('the replica cannot be written', {}, error);
        return this.#stopWriting('its replica cannot be written');
      }
      if (outcome.control?.kind === 'restored') this.#snapshotSeq = kept.seq;
      this.#snapshotNowAndThen();
    });
  }

  /** How a request that has arrived just now is to be answered. */
  async answering({ mayBeStale, byReplica }: Asked): Promise<Answering> {
    if (this.isWriter || byReplica) {
      try {
        // A look at the head that was sent after this shows that this node still writes, or its replica has come to that head.
        await this.#looks.ask();
        if (this.isWriter || byReplica) return 'here';
      } catch (error) {
        if (error instanceof Away) this.#noteAway(error);
      }
    }
    if (this.#isAway) return mayBeStale ? 'stale' : { refusal: 'The database of the store cannot be reached.' };
    if (this.isWriter || this.#writer === undefined) return { refusal: 'No node writes at present.' };
    return { writer: this.#writer };
  }

  /** Real milliseconds since the state was last known to be the newest. */
  get ageMs(): number {
    return systemTime.now() - this.#seenMs;
  }

  /** What is known of the writer is doubtful: it could not be reached. */
  doubtWriter(): void {
    this.#wake();
  }

  /** The head alone costs the database a fifth of a look for changes, and mostly there are none. */
  async #reachHead(): Promise<void> {
    const head = await this.changes.head();
    const { position } = this.#filled;
    if (head.seq === position?.seq && head.id === position.id) this.#noteHead(head);
    else await this.#catchUp();
  }

  async #checkHead(): Promise<void> {
    const { position } = this.#filled;
    const head = await this.changes.head();
    this.#noteHead(head);
    if (head.epoch === this.#epoch && head.seq >= (position?.seq ?? 0)) return;
    this.#stopWriting('another node writes');
    throw refusal('Another node has become the one that writes.');
  }

  get #filled(): Replica {
    if (!this.#replica) throw new Error('the node was not opened');
    return this.#replica;
  }

  /** Calls `listener` with the address of each new writer. */
  onWriterChange(listener: (writer: string) => void): void {
    this.#tellWriter = listener;
  }

  #noteHead({ writer }: Head): void {
    if (writer !== undefined && writer !== this.#writer) this.#tellWriter(writer);
    if (this.#isAway) this.#options.log.info('the database of the store answers again');
    this.#isAway = false;
    this.#writer = writer;
    this.#seenMs = systemTime.now();
  }

  #catchUp(): Promise<Head> {
    return this.#alone.run(async () => {
      const head = await this.#filled.catchUp();
      this.#noteHead(head);
      return head;
    });
  }

  /** Resolves when every node that lives carries what was written so far, after a second at the latest, with how many do not. */
  async carriedByOthers(): Promise<number> {
    return this.isWriter ? this.nodes.until(this.#filled.position?.seq ?? 0) : 0;
  }

  async #beat(): Promise<void> {
    while (!this.#isClosed) {
      // What goes wrong here goes wrong where the log is followed too, which says so.
      await this.nodes.beat().catch(() => {});
      await pause(lookAgainMs);
    }
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        // A hint may be lost with its connection, so the head is read after each LISTEN and every second.
        await this.#listener.query('SELECT 1');
        if (this.isWriter) this.#noteHead(await this.changes.head());
        else await this.#catchUp();
      } catch (error) {
        if (this.#isClosed) return;
        if (error instanceof Away) this.#noteAway(error);
        else this.#options.log.error('the log of the store cannot be followed', {}, error);
      }
      await Promise.race([pause(lookAgainMs), woken]);
    }
  }

  #noteAway(error: Away): void {
    if (!this.#isAway) {
      this.#options.log.warn('the database of the store cannot be reached: writes are refused, traffic goes on', {
        reason: error.message,
      });
    }
    this.#isAway = true;
  }

  async #tryToWrite(address: string, settled: () => void): Promise<void> {
    while (!this.#isClosed) {
      try {
        if (await this.changes.tryLock(this.#lock)) await this.#write(address, settled);
        else settled();
      } catch (error) {
        if (!this.#isClosed && !(error instanceof Away)) {
          this.#options.log.error('this node could not become the writer', {}, error);
        }
        this.#lock.drop();
      }
      await pause(tryLockMs);
    }
  }

  /** From the lock to its loss. */
  async #write(address: string, settled: () => void): Promise<void> {
    const { log } = this.#options;
    const before = await this.#catchUp();
    const { epoch } = await this.changes.raiseEpoch(address);
    // It had the lock as long as it lived. Where it lives all the same, it is heard within a second.
    if (before.writer !== undefined && before.writer !== address) await this.nodes.forget(before.writer);
    // Nothing of an earlier epoch can follow any more.
    const head = await this.#catchUp();
    if (head.epoch !== epoch) return;
    this.#snapshotSeq = (await this.changes.newestSnapshotSeq()) ?? 0;
    // The lock may have been lost meanwhile: a question on its connection would have another one.
    if (!(await this.changes.holdsLock(this.#lock))) return;
    this.#epoch = epoch;
    settled();
    log.info('this node is the one that writes', { epoch });
    void this.#onWriting(true);
    void this.#onWriter().catch((error: unknown) => log.error('what was running could not be taken up', {}, error));
    while (this.isWriter) {
      await pause(lookAgainMs);
      if (this.isWriter) await this.#lock.query('SELECT 1');
    }
    this.#lock.drop();
  }

  #stopWriting(reason: string): void {
    if (this.#epoch === undefined) return;
    this.#epoch = undefined;
    this.#writer = undefined;
    void this.#onWriting(false);
    this.#options.log.warn('this node no longer writes', { reason });
    this.#wake();
  }

  #snapshotNowAndThen(): void {
    const { position } = this.#filled;
    const { log } = this.#options;
    if (!position || position.seq - this.#snapshotSeq < changesBetweenSnapshots) return;
    this.#snapshotSeq = position.seq;
    const document = this.#filled.snapshot();
    this.changes
      .keepSnapshot(position, document)
      .catch((error: Error) => log.warn('no snapshot could be kept in the store', { reason: error.message }));
  }
}

/** The refusal of a request that no node can answer at present, in the words of either API. */
export const refusal = (message: string, key: 'ServiceUnavailable' | 'ClassicServerBusy' = 'ServiceUnavailable') =>
  azureError(key, {
    details: [{ code: 'StoreUnavailable', message: `${message} Nothing was stored; the call can be retried.` }],
    headers: { 'retry-after': '1' },
  });
