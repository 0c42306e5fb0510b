/** Counts datagrams that the kernel drops because a socket's receive buffer is full, as Linux reports them. */
import type { Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../../support/clock.js';
import { Counter, type CounterScope } from '../model/counters.js';
import { addressWords } from '../selection/ip-address.js';

/** Real time between two readings while there is traffic. */
const readEveryMs = 1000;
/** One line per socket; its last column counts drops. Absent on other systems, where drops stay unknown. */
const tables = ['/proc/thread-self/net/udp', '/proc/thread-self/net/udp6'];

interface Watched {
  readonly counters: CounterScope;
  /** Drops that are counted already. */
  counted: number;
}

/** A socket's address as the kernel's table has it: `0400007F:4E35`. */
function placeOf(socket: Socket): string {
  const { address, port } = socket.address();
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
  return `${[...(addressWords(address) ?? [])].map((word) => hex(word, 8)).join('')}:${hex(port, 4)}`;
}

export class UdpDrops {
  readonly #realClock: Clock;
  readonly #sockets = new Map<string, Watched>();
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;

  constructor(realClock: Clock) {
    this.#realClock = realClock;
  }

  /** Counts the drops of a bound socket until it is closed. */
  watch(socket: Socket, counters: CounterScope): void {
    const place = placeOf(socket);
    const watched = { counters, counted: 0 };
    this.#sockets.set(place, watched);
    socket.once('close', () => {
      if (this.#sockets.get(place) === watched) this.#sockets.delete(place);
    });
  }

  /** There is traffic: drops are counted within a second. */
  noteTraffic(): void {
    this.#timer ??= this.#realClock.setTimeout(() => {
      this.#timer = undefined;
      void this.read();
    }, readEveryMs);
  }

  /** Counts what was dropped until now. */
  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#sockets.clear();
  }

  async #read(): Promise<void> {
    if (this.#sockets.size === 0) return;
    for (const table of tables) this.#take(await readFile(table, 'latin1').catch(() => ''));
  }

  #take(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trimEnd().endsWith(' 0')) continue;
      const columns = line.trim().split(/\s+/);
      const watched = this.#sockets.get(columns[1] ?? '');
      const drops = Number(columns.at(-1));
      if (!watched || !(drops > watched.counted)) continue;
      watched.counters.add(Counter.datagramsDroppedByKernel, drops - watched.counted);
      watched.counted = drops;
    }
  }
}
