/**
 * Memory that sockets read into, so that nothing is allocated per chunk.
 *
 * All sockets share one large buffer, whose content is copied before it is written on: libuv may keep a written buffer
 * until the receiver takes it, and meanwhile another socket reads. Copying is cheap for the small chunks it is for; a
 * socket whose chunks are large gets a buffer of its own, writes from it without copying, and gives it back when the
 * burst is over.
 */

const bufferBytes = 256 * 1024;
/** How many sockets may have a buffer of their own: 128 MiB. Beyond that large chunks are copied too. */
const privateLimit = 512;
/** Freed buffers kept for the next burst. */
const spareLimit = 16;

/** A chunk at least this large earns a socket its own buffer. */
export const burstBytes = 32 * 1024;
/** A chunk smaller than this ends the burst. */
export const trickleBytes = 4 * 1024;

export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);

const spares: Buffer[] = [];
let inUse = 0;

/** A buffer of its own for one socket; undefined when there are none left. */
export function takeReadBuffer(): Buffer | undefined {
  if (inUse >= privateLimit) return undefined;
  inUse++;
  return spares.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
}

/** Only when nothing of it is queued any more. */
export function giveReadBuffer(buffer: Buffer): void {
  inUse--;
  if (spares.length < spareLimit) spares.push(buffer);
}

/** For a buffer that a destroyed socket may still hold: it is left to the garbage collector. */
export function forgetReadBuffer(): void {
  inUse--;
}
