/**
 * `lazurite sandbox -- COMMAND`: a private Azure for one command, in a network namespace of its own.
 *
 * Two processes of this program: the one that was called makes the namespace and waits; the one inside is the emulator
 * with the kernel engine, runs the command, and clears up.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { optionsHelp, parseConfig } from '../config/config.js';
import { UsageError } from '../support/usage-error.js';
import { exitCodeOf, forwardSignals, runBesideEmulator, splitAtCommand } from './child.js';
import { type Command, type CommandContext, processOf } from './command.js';

/**
 * The loopback up, and every address of either family on it: Azure's own addresses can be bound and called there, and
 * probes can come from 168.63.129.16.
 */
const setUp = [
  'ip link set lo up || exit 125',
  'ip address add 168.63.129.16/32 dev lo',
  'ip route add local 0.0.0.0/0 dev lo src 127.0.0.1',
  // Without IPv6 there is just no IPv6; with it, Linux wants to be told that any address may be listened on.
  '{ ip -6 route add local ::/0 dev lo; echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind; } 2>/dev/null',
  'exec "$@"',
].join('; ');

/** The command that runs another one in a network namespace of its own; who calls it is root there, and only there. */
export const inNamespace = (command: readonly string[]): readonly [string, string[]] => [
  'unshare',
  ['--user', '--map-root-user', '--net', '/bin/sh', '-c', setUp, 'sh', ...command],
];

/** Why no such network can be made here; undefined when it can. */
export function whyNoNamespace(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces need Linux, this is ${process.platform}`;
  for (const [tool, from] of [
    ['unshare', 'util-linux'],
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
  ] as const) {
    if (spawnSync(tool, [tool === 'ip' ? '-V' : '--version']).error) return `${tool} is missing: install ${from}`;
  }
  const [file, argv] = inNamespace(['true']);
  const { status, stderr } = spawnSync(file, argv, { encoding: 'utf8' });
  if (status === 0) return undefined;
  const said = stderr.trim().split('\n', 1)[0] ?? '';
  return `unshare: ${said || `exit code ${status}`}; unprivileged user namespaces may be switched off (kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces or, in a container, --security-opt seccomp=unconfined allow them)`;
}

/** Throws a sentence that says what is missing. */
export function requireNamespaces(): void {
  const reason = whyNoNamespace();
  if (reason !== undefined) throw new UsageError(`sandbox cannot run here: ${reason}`);
}

/** Every address leads to this loopback, so public ones need not be those that clients refuse to call public. */
const publicLooking = '20.0.0.0/16,2603:1030:7f::/48';

interface InsideOptions {
  /** Options of `start`. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the command beside an emulator of its own; the number is its exit code. */
function runInside({ options, command, env }: InsideOptions): Promise<number> {
  const own = { LAZURITE_LOG_LEVEL: 'warn', LAZURITE_PUBLIC_IP_POOL: publicLooking };
  const config = parseConfig(['--in-memory', '--engine=nftables', ...options], { ...own, ...env });
  return runBesideEmulator({ config, command, env, watch: whenCallerEnds, ended: killOthers });
}

/** The pipe from the process outside ends with it, killed or not. */
function whenCallerEnds(then: () => void): () => void {
  const pipe = new Socket({ fd: 3 });
  pipe.on('error', () => {}).on('end', then);
  pipe.resume();
  return () => pipe.destroy();
}

/** Ends what the command has left running in this network namespace; nothing else but our own nft can be in it. */
function killOthers(): void {
  const ours = readlinkSync('/proc/self/ns/net');
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      if (pid === process.pid || processOf(pid)?.parent === process.pid) continue;
      if (readlinkSync(`/proc/${pid}/ns/net`) === ours) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile, or belongs to another user.
    }
  }
}

/** Set for the process inside, and for the command: by it a program finds out that it runs in a sandbox. */
const marker = 'LAZURITE_SANDBOX';

async function outside(argv: readonly string[], { env }: CommandContext): Promise<number> {
  const [entry = ''] = process.argv.slice(1);
  const [file, prefix] = inNamespace([process.execPath, ...process.execArgv, entry, 'sandbox', ...argv]);
  // The fourth pipe says nothing: it ends when this process does, however that happens.
  const child = spawn(file, prefix, {
    env: { ...env, [marker]: 'starting' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  (child.stdio[3] as Writable).on('error', () => {});
  const stopForwarding = forwardSignals(env, (signal) => child.kill(signal));
  const exitCode = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  stopForwarding();
  // Only a failure is worth the time to ask why.
  if (exitCode !== 0) requireNamespaces();
  return exitCode;
}

export const sandbox: Command = {
  usage: 'sandbox [OPTION of start…] -- COMMAND [ARGUMENT…]',
  summary: 'Runs a command with an Azure and a network of its own: no root, every port free, nothing left behind.',
  details: () =>
    [
      'The emulator listens on its usual port with the nftables engine, in memory; the variables of `lazurite env` are',
      'set, with LAZURITE_URL. Any number of sandboxes run side by side. The exit code is that of the command.',
      '',
      'Options:',
      optionsHelp(),
    ].join('\n'),
  async run(argv, context) {
    const { options, command } = splitAtCommand(argv, 'sandbox');
    if (context.env[marker] !== 'starting') return outside(argv, context);
    return runInside({ options, command, env: { ...context.env, [marker]: '1' } });
  },
};
