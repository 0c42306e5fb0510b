/** What a command of `lazurite` is: its help, and what it does with its arguments. */
/** Resolves when `signal` is aborted. */
export const aborted = (signal) => new Promise((resolve) => {
    if (signal.aborted)
        resolve();
    else
        signal.addEventListener('abort', () => resolve(), { once: true });
});
//# sourceMappingURL=command.js.map