/** Network namespaces that stand for the machines of a network: nodes, a router, members. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { inTime } from '../../turns.js';

const longestMs = 60_000;

/** Packets may come by another link than the one that leads back. */
export const noFilter = 'echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter > /dev/null';

/** A network namespace that forwards; it is gone when its process is. */
export class Place {
  private constructor(readonly child: ChildProcess) {}

  /** `command` ends when its input does, so that nothing outlives a test that is killed. */
  static async start(command: readonly string[] = ['cat']): Promise<Place> {
    const shell = 'echo begun; exec "$@"';
    const child = spawn('unshare', ['--net', 'sh', '-c', shell, 'sh', ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await inTime(`a namespace for ${command[0]}`, once(child.stdout, 'data'));
    const place = new Place(child);
    place.run(`ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward; ${noFilter}`);
    return place;
  }

  /** What is put before a command that runs in it. */
  get entering(): readonly [string, ...string[]] {
    return ['nsenter', '--net', '--target', String(this.child.pid)];
  }

  /** Runs shell commands in it, to the first that fails; answers what they print. */
  run(commands: string, input = ''): string {
    const [file, ...argv] = [...this.entering, 'sh', '-ec', commands];
    return execFileSync(file as string, argv, { input, encoding: 'utf8', timeout: longestMs });
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}
