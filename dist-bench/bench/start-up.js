/** How long `lazurite start` takes until it is ready, and what it occupies then, against Node doing nothing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lazurite, median, start, stop } from './process.js';
const rounds = 7;
/** Resident memory in MiB; Linux only. */
function residentMiB(pid) {
    try {
        const [, kilobytes = 0] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return Number(kilobytes) / 1024;
    }
    catch {
        return Number.NaN;
    }
}
function nodeMs() {
    const before = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    return performance.now() - before;
}
const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const cases = {
    'new data folder': [],
    'its data folder': ['--data', join(folder, 'kept')],
    'in memory, engine none': ['--in-memory', '--engine', 'none'],
};
try {
    console.log(`Node alone: ${median(Array.from({ length: rounds }, nodeMs)).toFixed(0)} ms`);
    for (const [name, args] of Object.entries(cases)) {
        const times = [];
        const memory = [];
        for (let round = 0; round < rounds; round++) {
            const place = args.length > 0 ? args : ['--data', join(folder, String(round))];
            const started = await start(lazurite, ['start', '--port', '0', ...place]);
            times.push(started.startedMs);
            memory.push(residentMiB(started.process.pid));
            await stop(started);
        }
        console.log(`${name.padEnd(24)}ready after ${median(times).toFixed(0)} ms, ${median(memory).toFixed(0)} MiB resident`);
    }
}
finally {
    rmSync(folder, { recursive: true, force: true });
}
//# sourceMappingURL=start-up.js.map