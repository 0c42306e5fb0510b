/** UDP sockets that never ask a resolver: every address here is numeric. */

/** A `lookup` that answers at once, so that sending to an address takes no detour through the event loop. */
export function resolveNothing(
  hostname: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, hostname, hostname.includes(':') ? 6 : 4);
}
