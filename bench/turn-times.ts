/**
 * Measures the turns of the event loop in the process that loads it before the program (`--import`): the longest, in
 * milliseconds of CPU of the main thread, so that other work on the machine does not count. `start` by IPC begins, `stop` ends
 * and answers. Linux only.
 */
import { openSync, readSync } from 'node:fs';

const statistics = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const buffer = Buffer.alloc(64);
/** CPU milliseconds of the main thread: the first field, in nanoseconds. */
const cpuMs = (): number =>
  Number.parseInt(buffer.toString('latin1', 0, readSync(statistics, buffer, 0, buffer.length, 0)), 10) / 1e6;

let isMeasuring = false;
let longestMs = 0;
let beganMs = 0;

function turn(): void {
  if (!isMeasuring) return;
  const nowMs = cpuMs();
  longestMs = Math.max(longestMs, nowMs - beganMs);
  beganMs = cpuMs();
  setImmediate(turn);
}

process.on('message', (message) => {
  if (message === 'start') {
    [isMeasuring, longestMs, beganMs] = [true, 0, cpuMs()];
    turn();
    process.send?.('started');
  } else if (message === 'stop') {
    isMeasuring = false;
    process.send?.(longestMs);
  }
});
// The program ends as it does without this channel.
process.channel?.unref();
