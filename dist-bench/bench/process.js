/** Starts a server as a process of its own and waits for the line in which it names its address. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
/** The repository, seen from the compiled bench in dist-bench/bench. */
export const repository = fileURLToPath(new URL('../../', import.meta.url));
export const lazurite = `${repository}dist/main.js`;
/** Resolves with the first line on stdout that names an `http://` address. */
export async function start(script, args) {
    const before = performance.now();
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
        const [url] = /http:\/\/[^\s;)]+/.exec(line) ?? [];
        if (url)
            return { process: child, url, startedMs: performance.now() - before };
    }
    throw new Error(`${script} ended without saying where it is`);
}
export async function stop({ process: child }) {
    if (child.exitCode !== null)
        return;
    child.kill('SIGTERM');
    await once(child, 'exit');
}
export const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2
        ? sorted[middle]
        : (sorted[middle - 1] + sorted[middle]) / 2;
};
/** CPU seconds that a process and its threads have used; Linux only. */
export function cpuSeconds({ process: child }) {
    try {
        // Fields 14 and 15, in hundredths of a second; the name in field 2 may hold anything, so it is cut off first.
        const [, rest = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ');
        const fields = rest.split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100;
    }
    catch {
        return Number.NaN;
    }
}
//# sourceMappingURL=process.js.map