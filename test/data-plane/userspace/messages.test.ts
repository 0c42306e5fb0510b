/** What crosses to the engine's thread: the plan that is meant, and no more of a large pool than what has changed in it. */
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import { IndexedPlan, type PlanMember, type PlanRule } from '../../../src/data-plane/model/plan.js';
import { received, type SentChanges, toSend } from '../../../src/data-plane/userspace/messages.js';
import { frontend, member, plan, rule } from '../plans.js';

/** Members that stay the same objects in every list, in the order of their keys, and one more of each that has changed. */
const pool = Array.from({ length: 64 }, (_, index) => member(`127.88.0.${100 + index}`, 80));
const changed = pool.map((one): PlanMember => ({ ...one, adminState: 'Down' }));

const list = fc.oneof(
  fc.subarray(pool, { minLength: 40 }),
  fc.subarray(pool),
  fc.subarray(pool, { minLength: 40 }).map((some) => some.map((one, index) => (index % 9 === 4 ? { ...one } : one))),
  fc.subarray(changed, { minLength: 40 }),
  // No engine relies on the order.
  fc.shuffledSubarray(pool, { minLength: 40 }),
);

/** Up to four frontends, each with a list of its own or one that it shares. */
const frontends = fc
  .tuple(
    fc.array(list, { minLength: 1, maxLength: 2 }),
    fc.array(fc.option(fc.nat(1), { nil: undefined }), { maxLength: 4 }),
  )
  .map(([lists, uses]) => {
    const rules = lists.map((members, index) => rule(members, { id: `rule-${index}` }));
    return uses.flatMap((use, index) => {
      const used = use === undefined ? undefined : rules[use % rules.length];
      return used ? [frontend('tcp', `127.88.0.1:${80 + index}`, used)] : [];
    });
  });

/** The other thread, as far as it knows a plan. */
class Thread {
  #carried = new IndexedPlan(plan([]));

  take(sent: SentChanges): void {
    const known = this.#carried;
    const changes = received(structuredClone(sent), (key) => known.frontends.get(key)?.rule.members ?? []);
    const next = new Map(known.frontends);
    for (const key of changes.removedFrontends) next.delete(key);
    for (const one of changes.frontends) next.set(one.key, one);
    this.#carried = new IndexedPlan(plan([...next.values()]));
  }

  get frontends(): ReadonlyMap<string, { rule: PlanRule }> {
    return this.#carried.frontends;
  }
}

test('whatever the plans are, the thread carries out what was meant, and rules that share members do so there', async () => {
  fc.assert(
    fc.property(fc.array(frontends, { minLength: 2, maxLength: 5 }), (plans) => {
      const thread = new Thread();
      let before = new IndexedPlan(plan([]));
      for (const one of plans) {
        const now = new IndexedPlan(plan(one));
        const changes = now.changesFrom(before);
        thread.take(toSend(changes, before));
        deepStrictEqual(new Map([...thread.frontends].sort()), new Map([...now.frontends].sort()));
        for (const a of changes.frontends) {
          for (const b of changes.frontends) {
            const [there, other] = [a, b].map(({ key }) => thread.frontends.get(key)?.rule.members);
            if (a.rule.members === b.rule.members) deepStrictEqual(there === other, true, `${a.key} and ${b.key}`);
          }
        }
        before = now;
      }
    }),
  );
});

test('of a large pool, only what has changed is sent, once for all its rules', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => member(`127.88.${10 + (index >> 8)}.${index & 255}`, 80));
  const inOrder = many.sort((a, b) => (a.key < b.key ? -1 : 1));
  const planOf = (members: readonly PlanMember[], idleTimeoutMs = 240_000): IndexedPlan =>
    new IndexedPlan(
      plan([81, 82, 83].map((port) => frontend('tcp', `127.88.0.1:${port}`, rule(members, { idleTimeoutMs })))),
    );
  const without = (...gone: number[]) => inOrder.filter((_, index) => !gone.includes(index));
  const full = planOf(inOrder);
  const sizeOf = (now: IndexedPlan, before: IndexedPlan): number => {
    const { frontends } = toSend(now.changesFrom(before), before);
    t.equal(frontends.length, 3);
    return JSON.stringify([...new Set(frontends.map(({ rule: { members } }) => members))]).length;
  };
  const whole = sizeOf(full, planOf([]));
  for (const [what, size] of [
    ['one joins', sizeOf(full, planOf(without(1000)))],
    ['one leaves', sizeOf(planOf(without(1000)), full)],
    ['the first and the last leave', sizeOf(planOf(without(0, 1999)), full)],
    ['the members stay', sizeOf(planOf(inOrder, 300_000), full)],
  ] as const) {
    t.ok(size < whole / 200, `${what}: ${size} of ${whole} characters`);
  }
});
