/** Notices the end of the `npx` or `npm start` that this process was started by, which does not always pass a signal on. */
import { readFileSync, readlinkSync } from 'node:fs';
const everyMs = 500;
/** Name and parent of a process; undefined where /proc does not tell. */
function processOf(pid) {
    try {
        const [, name = '', parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return { name, parent: Number(parent) };
    }
    catch {
        return undefined;
    }
}
/** A script with `lazurite start &` in it goes on without this process; its shell gives it no input. */
function isInBackground() {
    try {
        return readlinkSync('/proc/self/fd/0') === '/dev/null';
    }
    catch {
        return false;
    }
}
/** The shell is npx's own, which has this one command: `npx lazurite … &` in a script puts npx into the background. */
const isOfNpx = (shell, env) => env.npm_command === 'exec' &&
    !env.npm_lifecycle_script?.includes('&') &&
    shell !== undefined &&
    /^npm( |$)/.test(processOf(shell.parent)?.name ?? '');
/** Calls `then` once npm, or the shell between it and this process, has ended; the result ends the watch. */
export function whenNpmEnds(env, then) {
    const { ppid } = process;
    const parent = processOf(ppid);
    const isShell = /^(ba|da|z|k)?sh$/.test(parent?.name ?? '');
    if (env.npm_command === undefined || (isShell && !isOfNpx(parent, env) && isInBackground()))
        return () => { };
    const timer = setInterval(() => {
        const isOrphan = process.ppid !== ppid || (isShell && processOf(ppid)?.parent !== parent?.parent);
        if (!isOrphan)
            return;
        clearInterval(timer);
        then();
    }, everyMs);
    timer.unref();
    return () => clearInterval(timer);
}
//# sourceMappingURL=npm-parent.js.map