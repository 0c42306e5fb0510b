/** `lazurite frontends`: which Azure address is reached where on this machine, and what is in the way. */
import { UsageError } from '../support/usage-error.js';
import type { Command } from './command.js';
import { connect, readRunningOptions, runningHelp } from './running.js';
import { textTable } from './text-table.js';

/** An entry of `GET /_lazurite/frontends`, as far as the table shows it. */
interface Frontend {
  readonly azureAddress: string;
  readonly transport: string;
  readonly port: number;
  readonly state: string;
  readonly boundAddress?: string | null;
  readonly boundPort?: number | null;
  readonly reason?: string | null;
  readonly rule?: string | null;
}

const endpoint = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '*' : port}`;

/** `lb1/loadBalancingRules/web` of a resource id: the part that tells rules of one screen apart. */
const shortId = (id: string): string => id.split('/').slice(-3).join('/');

const row = (frontend: Frontend): string[] => [
  endpoint(frontend.azureAddress, frontend.port),
  frontend.transport,
  frontend.boundAddress ? endpoint(frontend.boundAddress, frontend.boundPort ?? 0) : '–',
  frontend.state,
  shortId(frontend.rule ?? ''),
  frontend.reason ?? '',
];

/** The table of `frontends`. */
export function frontendsTable(list: readonly Frontend[]): string {
  if (list.length === 0)
    return 'There are no frontends: no load balancing rule or inbound NAT rule has an address yet.';
  return textTable(['Azure address', 'protocol', 'reached at', 'state', 'rule', 'reason'], list.map(row));
}

export const frontends: Command = {
  usage: 'frontends [--json] [OPTION…]',
  summary: 'Lists every frontend of a running emulator: where it is bound, its state, and why it is not Bound.',
  details: () => `${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const running = readRunningOptions(argv, env);
    const client = connect(running);
    const { status, body } = await client.send('GET', '/_lazurite/frontends');
    client.close();
    if (status !== 200) throw new UsageError(`${client.url} answered ${status}: is it a Lazurite?`);
    const { value } = body as { value: Frontend[] };
    print(running.json ? JSON.stringify(body, undefined, 2) : frontendsTable(value));
    return 0;
  },
};
