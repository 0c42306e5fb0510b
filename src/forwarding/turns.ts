/** One task after the other, in the order in which they were asked for. */

/** Tasks that may not overlap. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` when those before it are over; a failure is its caller's alone. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
