/** `lazurite explain`: which backend a connection gets, and why. */
import type { ExplainView } from '../api/admin/explain-route.js';
import { UsageError } from '../support/usage-error.js';
import { ask, readOptions, shortId, tell } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';
import { textTable } from './text-table.js';

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** The answer as a page: what was asked, what went into the choice, who could be chosen, who was. */
export function explanation({ question, ...found }: ExplainView): string {
  const from = `${bracketed(question.sourceAddress)}:${question.sourcePort}`;
  const to = `${bracketed(question.destinationAddress)}:${question.destinationPort}`;
  const facts: [string, string | undefined][] = [
    ['flow', `${question.transport} ${from} → ${to}`],
    ['rule', found.rule && shortId(found.rule)],
    ['distribution', found.distribution && `${found.distribution} (${found.tuple.join(', ')})`],
    ['hash', found.hash === undefined ? undefined : `${found.hash} → slot ${found.slot}`],
    ['backend', found.choice && `${found.choice.key} at ${bracketed(found.choice.address)}:${found.choice.port}`],
    ['no backend', found.reason],
  ];
  const lines = facts.flatMap(([name, value]) => (value ? [`${name.padEnd(14)}${value}`] : []));
  if (found.candidates.length === 0) return lines.join('\n');
  const rows = found.candidates.map(({ key, eligible, reason }) => [
    key,
    eligible ? 'yes' : 'no',
    reason,
    key === found.choice?.key ? 'chosen' : '',
  ]);
  return [...lines, '', textTable(['member', 'eligible', 'reason', ''], rows)].join('\n');
}

export const explain: Command = {
  usage: 'explain --proto tcp|udp --from IP:PORT --to IP:PORT [--json] [OPTION…]',
  summary: 'Says which backend a connection would get, and why. Addresses may be those of Azure or of this machine.',
  details: () => `${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const text = { type: 'string' } as const;
    const asked = readOptions(argv, { env, flags: { proto: text, from: text, to: text } });
    const { proto = 'tcp', from, to } = asked.values;
    if (!from || !to) throw new UsageError('explain wants --from IP:PORT and --to IP:PORT');
    const query = new URLSearchParams({ proto: String(proto), from: String(from), to: String(to) });
    const answer = await ask<ExplainView>(asked.running, { path: `explain?${query}` });
    tell(answer, { print, asked, show: explanation });
    return answer.choice ? 0 : 1;
  },
};
