/** Time that stands still: only `Clock.advance` moves it. */
export const manualTime = (startMs = Date.UTC(2025, 0, 1)) => ({
    now: () => startMs,
    wakeAfter: () => () => { },
});
//# sourceMappingURL=manual-time.js.map