/** Runs commands as a user would, against a world of the test's making. */
import type { Test } from 'tap';
import { type Certificates, loadCertificates } from '../../src/api/identity/certificates.js';
import type { CommandContext } from '../../src/cli/command.js';
import { runCommand } from '../../src/cli/commands.js';
import { createServer, type LazuriteServer } from '../../src/http/server.js';
import { silentLog } from '../../src/support/log.js';

export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
}

export interface Started {
  /** Resolves with the first line that a long-running command prints; rejects when it ends before. */
  readonly firstLine: Promise<string>;
  readonly stop: () => void;
  readonly outcome: Promise<Outcome>;
}

/** Starts `lazurite argv…`; `stop` is what Ctrl-C would be. */
export function startCommand(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const abort = new AbortController();
  const lines: string[] = [];
  let tell: (line: string) => void = () => {};
  const printed = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const print = (line: string): void => {
    lines.push(line);
    tell(line);
  };
  const context: CommandContext = { env, print, printError: print, signal: abort.signal };
  const outcome = runCommand(argv, context).then((exitCode) => ({ exitCode, out: lines.join('\n') }));
  const firstLine = Promise.race([
    printed,
    outcome.then(({ out }) => {
      throw new Error(`ended: ${out}`);
    }),
  ]);
  firstLine.catch(() => {});
  return { firstLine, stop: () => abort.abort(), outcome };
}

/** Runs `lazurite argv…` to its end. */
export const runLazurite = (argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  startCommand(argv, env).outcome;

export interface FakeInstance {
  readonly url: string;
  readonly caPem: string;
  readonly certificates: Certificates;
}

/** A server with as much of the admin API as `routes` gives it. */
export async function fakeInstance(
  t: Test,
  { folder, routes }: { folder?: string; routes?: (app: LazuriteServer['app']) => void } = {},
): Promise<FakeInstance> {
  const certificates = await loadCertificates({ host: 'localhost', tlsNames: [], folder });
  const server = createServer({ tls: certificates, log: silentLog });
  server.app.get('/_lazurite/ca.pem', async (_request, reply) =>
    reply.type('application/x-pem-file').send(certificates.caPem),
  );
  routes?.(server.app);
  const { port } = await server.listen({ host: 'localhost', port: 0 });
  t.teardown(() => server.close());
  return { url: `https://localhost:${port}`, caPem: certificates.caPem, certificates };
}
