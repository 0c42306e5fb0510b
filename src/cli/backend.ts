/** `lazurite backend`: stand-ins for virtual machines, so that a load balancer has something to balance. */
import { isIP } from 'node:net';
import { EchoBackend } from '../support/echo-backend.js';
import { UsageError } from '../support/usage-error.js';
import { aborted, type Command, whenNpmEnds } from './command.js';

function readPlace(text: string): { address: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  if (!isIP(address) || Number(port) > 65535) throw new UsageError(`backend wants IP:PORT, not '${text}'`);
  return { address, port: Number(port) };
}

async function startOne(text: string): Promise<EchoBackend> {
  try {
    return await EchoBackend.start(readPlace(text));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address; a machine of a virtual network is at 127 with the rest of its address here'
        : message;
    throw new UsageError(`cannot listen on ${text}: ${reason}`);
  }
}

export const backend: Command = {
  usage: 'backend IP:PORT…',
  summary: 'Runs servers that say who they are and who called, over HTTP, TCP and UDP on one port each.',
  details: () =>
    [
      'GET /         backend 127.0.0.4:8080 saw 127.0.0.9:51234',
      'GET /health   200, for probes; not counted as a call',
      'TCP           the same line once the caller has sent something, then an echo',
      'UDP           the same line for every datagram',
    ].join('\n'),
  async run(argv, { env, print, signal }) {
    if (argv.length === 0) throw new UsageError('backend wants at least one IP:PORT, like 127.0.0.4:8080');
    const backends: EchoBackend[] = [];
    const asked = new AbortController();
    const stopWatching = whenNpmEnds(env, () => asked.abort());
    try {
      for (const text of argv) {
        const started = await startOne(text);
        backends.push(started);
        const host = started.address.includes(':') ? `[${started.address}]` : started.address;
        print(`backend ready ${host}:${started.port} (HTTP, TCP, UDP)`);
      }
      await aborted(AbortSignal.any([signal, asked.signal]));
      return 0;
    } finally {
      stopWatching();
      await Promise.all(backends.map((one) => one.close()));
    }
  },
};
