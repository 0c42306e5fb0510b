/** Slots of one pool, shared by all rules that choose among the same members for the same reasons. */
import type { SlotTable } from '../slot-table.js';
import type { Family } from './family.js';
import { type Fragment, noElements } from './fragment.js';
import { hex } from './marks.js';

/** A pool at one moment. `members` are the numbers of the eligible ones, in the order of the table. */
export interface PoolState {
  readonly number: number;
  readonly family: Family;
  readonly table: SlotTable;
  readonly members: readonly number[];
}

/** `typeof numgen`: nft's only name for a plain number, which is what a hash is; it cannot print `typeof jhash`. */
export function poolFragment({ number, family, table, members }: PoolState): Fragment {
  const marks = members.map(hex);
  const slots: string[] = [];
  if (marks.length > 0) for (const member of table) slots.push(marks[member] as string);
  return {
    table: family.table,
    sets: [
      {
        kind: 'map',
        name: `slots_${number}`,
        spec: 'typeof numgen inc mod 65536 : meta mark;',
        elements: noElements,
        slots,
      },
    ],
    chains: [],
    shared: [],
  };
}
