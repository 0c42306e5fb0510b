/** Mutual exclusion of asynchronous tasks. */
/** Runs one task after the other, in the order in which they were asked for. */
export class Mutex {
    #last = Promise.resolve();
    /** Runs `task` when those before it are over; a failure is its caller's alone. */
    run(task) {
        const result = this.#last.then(task);
        this.#last = result.catch(() => { });
        return result;
    }
}
//# sourceMappingURL=mutex.js.map