/** `lazurite flows`: who is connected to which backend just now. */
import type { FlowInfo } from '../data-plane/model/engine.js';
import { ask, duration, readOptions, shortId, tell } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';
import { textTable } from './text-table.js';

/** The table of `flows`. */
export function flowsTable({ value }: { readonly value: readonly FlowInfo[] }): string {
  if (value.length === 0) return 'There are no flows.';
  const head = ['protocol', 'source', 'frontend', 'backend', 'rule', 'age', 'idle', 'bytes in', 'bytes out'];
  const rows = value.map((flow) => [
    flow.transport,
    flow.source,
    flow.frontend.split('/').slice(1).join(':'),
    flow.backend,
    shortId(flow.rule),
    duration(flow.ageMs),
    duration(flow.idleMs),
    String(flow.bytesIn),
    String(flow.bytesOut),
  ]);
  return textTable(head, rows);
}

export const flows: Command = {
  usage: 'flows [--json] [OPTION…]',
  summary: 'Lists the flows of a running emulator: client, frontend, backend, age, bytes. Times are Azure times.',
  details: () => `${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const asked = readOptions(argv, { env, flags: {} });
    tell(await ask<{ value: FlowInfo[] }>(asked.running, { path: 'flows' }), { print, asked, show: flowsTable });
    return 0;
  },
};
