/** What the ARM routes need of the rest: handed in by the emulator, so that this layer knows no engine and no process. */
export {};
//# sourceMappingURL=arm-context.js.map