/** Waits: counted in turns of the event loop, and none of them without an end. */

import { type EventEmitter, once } from 'node:events';

/** How long a test waits for anything: much longer than it takes on a busy machine. */
const patienceMs = 120_000;

const inVain = (what: string | (() => string)): Error =>
  new Error(`Waited in vain: ${typeof what === 'string' ? what : what()}`);

/** What `waited` resolves with; rejects, naming what was waited for, when that does not come. */
export async function inTime<T>(what: string | (() => string), waited: Promise<T>, longestMs = patienceMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(inVain(what)), longestMs);
  });
  try {
    return await Promise.race([waited, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Repeats a step until something holds; rejects, naming what was waited for, when that does not come. */
export async function repeatUntil(
  holds: () => boolean | Promise<boolean>,
  { what, step }: { readonly what: string | (() => string); readonly step: () => unknown },
): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpMs) throw inVain(what);
    await step();
  }
}

/** The arguments of the emitter's next event of this name; rejects when it does not come in time. */
export const nextEvent = (emitter: EventEmitter, name: string): Promise<unknown[]> =>
  inTime(`the event '${name}'`, once(emitter, name));

/** Asks every 10 ms until the answer is there; rejects, naming what was waited for, when it never comes. */
export async function until<T>(
  what: string | (() => string),
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  let answer: T | undefined | false;
  const holds = async (): Promise<boolean> => {
    answer = await ask();
    return answer !== undefined && answer !== false;
  };
  await repeatUntil(holds, { what, step: () => new Promise((resolve) => setTimeout(resolve, 10)) });
  return answer as T;
}

/** Asks every 20 ms whether something holds; rejects with its source text when it never does. */
export const untilTrue = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  repeatUntil(holds, { what: () => String(holds), step: () => new Promise((resolve) => setTimeout(resolve, 20)) });

/** How often others go first while something long is done: counted in turns of the event loop, not in time. */
export async function turnsDuring<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly turns: number }> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const result = await work();
  isDone = true;
  return { result, turns };
}

/** The result of work that lets others go first between its pieces, done without a pause. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
