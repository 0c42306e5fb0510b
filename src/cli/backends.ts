/** `lazurite backends`: the health of every backend of every rule, with its reason. */
import type { BackendView } from '../api/admin/data-plane-views.js';
import { ask, readOptions, shortId, tell } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';
import { textTable } from './text-table.js';

/** The table of `backends`. */
export function backendsTable({ value }: { readonly value: readonly BackendView[] }): string {
  if (value.length === 0) return 'There are no backends: no load balancing rule or inbound NAT rule has a member.';
  const rows = value.map((backend) => [
    shortId(backend.rule),
    backend.azureAddress,
    `${backend.address}:${backend.port === 0 ? '*' : backend.port}`,
    backend.adminState,
    backend.state,
    backend.reason,
    backend.since ?? '',
  ]);
  return textTable(['rule', 'Azure address', 'expected at', 'admin state', 'state', 'reason', 'since'], rows);
}

export const backends: Command = {
  usage: 'backends [--json] [OPTION…]',
  summary: 'Lists the backends of every rule of a running emulator: where they are expected, up or down, and why.',
  details: () => `${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const asked = readOptions(argv, { env, flags: {} });
    const answer = await ask<{ value: BackendView[] }>(asked.running, { path: 'backends' });
    tell(answer, { print, asked, show: backendsTable });
    return 0;
  },
};
