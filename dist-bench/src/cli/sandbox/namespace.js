/** A network of its own for a command: made by anybody, without root, and gone when the last process in it has ended. */
import { spawnSync } from 'node:child_process';
import { UsageError } from '../../support/usage-error.js';
/**
 * The loopback up, and every address of either family on it: Azure's own addresses can be bound and called there, and
 * probes can come from 168.63.129.16.
 */
const setUp = [
    'ip link set lo up || exit 125',
    'ip address add 168.63.129.16/32 dev lo',
    'ip route add local 0.0.0.0/0 dev lo',
    // Without IPv6 there is just no IPv6; with it, Linux wants to be told that any address may be listened on.
    '{ ip -6 route add local ::/0 dev lo; echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind; } 2>/dev/null',
    'exec "$@"',
].join('; ');
/** The command that runs another one in a network namespace of its own; who calls it is root there, and only there. */
export const inNamespace = (command) => [
    'unshare',
    ['--user', '--map-root-user', '--net', '/bin/sh', '-c', setUp, 'sh', ...command],
];
/** Why no such network can be made here; undefined when it can. */
export function whyNoNamespace() {
    if (process.platform !== 'linux')
        return `network namespaces need Linux, this is ${process.platform}`;
    for (const [tool, from] of [
        ['unshare', 'util-linux'],
        ['ip', 'iproute2'],
        ['nft', 'nftables'],
    ]) {
        if (spawnSync(tool, [tool === 'ip' ? '-V' : '--version']).error)
            return `${tool} is missing: install ${from}`;
    }
    const [file, argv] = inNamespace(['true']);
    const { status, stderr } = spawnSync(file, argv, { encoding: 'utf8' });
    if (status === 0)
        return undefined;
    const said = stderr.trim().split('\n', 1)[0] ?? '';
    return `unshare: ${said || `exit code ${status}`}; unprivileged user namespaces may be switched off (kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces or, in a container, --security-opt seccomp=unconfined allow them)`;
}
/** Throws a sentence that says what is missing. */
export function requireNamespaces() {
    const reason = whyNoNamespace();
    if (reason !== undefined)
        throw new UsageError(`sandbox cannot run here: ${reason}`);
}
//# sourceMappingURL=namespace.js.map