/** Why a frontend is not where Azure's API says, in words that tell what to do about it. */
import type { PlanFrontend } from '../engine.js';

const sentences: Record<string, (frontend: PlanFrontend) => string> = {
  EACCES: ({ port }) => `Port ${port} needs the right to listen below 1024 (CAP_NET_BIND_SERVICE, or a lower
net.ipv4.ip_unprivileged_port_start).`,
  EADDRINUSE: ({ address, port, transport }) =>
    `${transport} ${address}:${port} is taken; a listener on every address (0.0.0.0:${port} or [::]:${port}) takes it too.`,
  EADDRNOTAVAIL: ({ address }) => `${address} is not an address of this machine.`,
  EINVAL: ({ address }) => `${address} cannot be listened on.`,
  EAFNOSUPPORT: () => 'This machine has no IPv6.',
  EMFILE: () => 'The process has no file descriptors left.',
  HAPORTS: () => 'HA ports: a socket cannot listen on every port. The nftables engine can (--engine nftables).',
};

/** A sentence for a system error code. */
export function reasonFor(code: string | undefined, frontend: PlanFrontend): string {
  const sentence = sentences[code ?? ''];
  return sentence ? sentence(frontend).replaceAll('\n', ' ') : `The system refused it: ${code ?? 'no reason given'}.`;
}

/** Another rule has the same address, protocol and port. */
export const collisionReason = (owner: PlanFrontend): string =>
  `Collision: ${owner.address}:${owner.port} belongs to ${owner.rule.id}.`;

/** Outbound rules are about packets of backends that pass no socket of ours. */
export const noOutboundReason =
  'Outbound rules: what a backend sends out passes no socket of the emulator. The nftables engine can (--engine nftables).';
