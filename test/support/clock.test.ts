/** Azure time: scaled, moved by hand, and the same in another thread. */
import t from 'tap';
import { Clock, systemTime, type TimeSource } from '../../src/support/clock.js';
import { manualTime } from '../manual-time.js';

/** Time that a test moves, with its wake-ups. */
class TestTime implements TimeSource {
  nowMs = 1_000_000;
  readonly pending: { atMs: number; wake: () => void }[] = [];
  now = (): number => this.nowMs;
  wakeAfter = (delayMs: number, wake: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + delayMs, wake };
    this.pending.push(entry);
    return () => {
      const index = this.pending.indexOf(entry);
      if (index >= 0) this.pending.splice(index, 1);
    };
  };

  pass(ms: number): void {
    const targetMs = this.nowMs + ms;
    for (;;) {
      const next = this.pending.sort((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > targetMs) break;
      this.pending.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    this.nowMs = targetMs;
  }
}

t.test('With a scale of 60 a four-minute idle timeout passes in four seconds', (t) => {
  const time = new TestTime();
  const clock = new Clock({ scale: 60, source: time });
  let fired = 0;
  clock.setTimeout(() => fired++, 240_000);
  time.pass(3999);
  t.equal(fired, 0);
  time.pass(1);
  t.equal(fired, 1);
  t.equal(clock.now(), 1_000_000 + 240_000);
  t.end();
});

t.test('advance fires timers in order, each at its own time, periodic ones as often as they fall due', (t) => {
  const clock = new Clock({ source: manualTime(0) });
  const log: string[] = [];
  const every = (name: string, ms: number): void => {
    clock.setTimeout(() => {
      log.push(`${name}@${clock.now()}`);
      every(name, ms);
    }, ms);
  };
  every('probe', 5000);
  clock.setTimeout(() => log.push(`idle@${clock.now()}`), 12_000);
  clock.setTimeout(() => log.push('same moment, asked later'), 12_000);
  clock.advance(16_000);
  t.strictSame(log, ['probe@5000', 'probe@10000', 'idle@12000', 'same moment, asked later', 'probe@15000']);
  t.equal(clock.now(), 16_000);
  t.equal(clock.advancedMs, 16_000);
  t.equal(clock.nextDueMs, 20_000);
  t.end();
});

t.test('A cancelled timer does not fire, and cancelling again or afterwards does no harm', (t) => {
  const clock = new Clock({ source: manualTime(0) });
  let fired = 0;
  const timers = Array.from({ length: 20 }, (_, index) => clock.setTimeout(() => fired++, (index * 7) % 20));
  for (const timer of timers.slice(5, 15)) timer.cancel();
  timers[5]?.cancel();
  clock.advance(100);
  t.equal(fired, 10);
  for (const timer of timers) timer.cancel();
  t.equal(clock.nextDueMs, Number.POSITIVE_INFINITY);
  t.end();
});

t.test('A timer that an earlier one cancels or sets while the clock is advanced is heeded', (t) => {
  const clock = new Clock({ source: manualTime(0) });
  const log: string[] = [];
  const victim = clock.setTimeout(() => log.push('victim'), 20);
  clock.setTimeout(() => {
    victim.cancel();
    clock.setTimeout(() => log.push('late-comer'), 5);
    clock.setTimeout(() => log.push('after the jump'), 500);
  }, 10);
  clock.advance(100);
  t.strictSame(log, ['late-comer']);
  clock.advance(500);
  t.strictSame(log, ['late-comer', 'after the jump']);
  t.end();
});

t.test('An earlier timer set later wakes the clock in time', (t) => {
  const time = new TestTime();
  const clock = new Clock({ source: time });
  const log: number[] = [];
  clock.setTimeout(() => log.push(2), 1000);
  clock.setTimeout(() => log.push(1), 10);
  time.pass(10);
  t.strictSame(log, [1]);
  clock.advance(985);
  time.pass(5);
  t.strictSame(log, [1, 2], 'advancing brings the wake-up forward');
  t.equal(time.pending.length, 0);
  t.end();
});

t.test('Another thread follows a clock from its origin', (t) => {
  const time = new TestTime();
  const clock = new Clock({ scale: 10, source: time });
  time.pass(500);
  clock.advance(60_000);
  const follower = new Clock({ origin: structuredClone(clock.origin), source: time });
  t.equal(follower.now(), clock.now());
  time.pass(123);
  clock.advance(5);
  follower.advance(5);
  t.equal(follower.now(), clock.now());
  t.equal(follower.scale, 10);
  t.end();
});

t.test('close calls every timer off and lets the process sleep', (t) => {
  const time = new TestTime();
  const clock = new Clock({ source: time });
  clock.setTimeout(() => t.fail('fired after close'), 10);
  clock.close();
  t.equal(time.pending.length, 0);
  time.pass(100);
  t.end();
});

t.test("wait resolves after Azure time, on the machine's own clock too", async (t) => {
  const clock = new Clock({ scale: 1000 });
  const before = clock.now();
  const keepAlive = setInterval(() => {}, 1000);
  await clock.wait(5000);
  clearInterval(keepAlive);
  t.ok(clock.now() - before >= 5000);
  t.match(clock.timestamp(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.ok(Math.abs(systemTime.now() - Date.now()) < 2000);
});

t.test('A wait longer than the longest timer of the machine is waited out in pieces', (t) => {
  const time = new TestTime();
  const clock = new Clock({ source: time });
  let fired = 0;
  clock.setTimeout(() => fired++, 2 ** 33);
  time.pass(2 ** 32);
  t.equal(fired, 0);
  time.pass(2 ** 32);
  t.equal(fired, 1);
  const cancel = systemTime.wakeAfter(2 ** 40, () => t.fail('an overflowing timer fires at once'));
  setImmediate(() => {
    cancel();
    t.end();
  });
});

t.test('A thousand timers in random order fire in order of time', (t) => {
  const clock = new Clock({ source: manualTime(0) });
  const fired: number[] = [];
  let state = 42;
  for (let index = 0; index < 1000; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const dueMs = state % 5000;
    const timer = clock.setTimeout(() => fired.push(dueMs), dueMs);
    if (index % 7 === 0) timer.cancel();
  }
  clock.advance(5000);
  t.equal(fired.length, 1000 - 143);
  t.strictSame(
    fired,
    [...fired].sort((a, b) => a - b),
  );
  t.end();
});
