/** The process inside a sandbox: emulator, environment, command, and no process left when it ends. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { parseConfig } from '../../config/config.js';
import { runBesideEmulator } from '../child.js';
/** Runs the command beside an emulator of its own; the number is its exit code. */
export function runInside({ options, command, env }) {
    const config = parseConfig(['--in-memory', '--engine=nftables', ...options], { LAZURITE_LOG_LEVEL: 'warn', ...env });
    return runBesideEmulator({ config, command, env, watch: whenCallerEnds, ended: killOthers });
}
/** The pipe from the process outside ends with it, killed or not. */
function whenCallerEnds(then) {
    const pipe = new Socket({ fd: 3 });
    pipe.on('error', () => { }).on('end', then);
    pipe.resume();
    return () => pipe.destroy();
}
/** Ends what the command has left running in this network namespace; nothing else but our own nft can be in it. */
function killOthers() {
    const ours = readlinkSync('/proc/self/ns/net');
    for (const pid of readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)) {
        try {
            // After the name in brackets: the state, the parent.
            const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
                .replace(/^.*\) /s, '')
                .split(' ');
            if (pid === process.pid || Number(parent) === process.pid)
                continue;
            if (readlinkSync(`/proc/${pid}/ns/net`) === ours)
                process.kill(pid, 'SIGKILL');
        }
        catch {
            // It has ended meanwhile, or belongs to another user.
        }
    }
}
//# sourceMappingURL=inside.js.map