/**
 * The only file that uses Node's private socket handles.
 *
 * Only outgoing sockets may read into a buffer of ours (`onread`); for accepted ones Node has no public way. So incoming
 * handles are taken before Node wraps them, and wrapped once, with `onread`. Tried on Node 20, 22, 24 and 26.
 */
import { type OnReadOpts, type Server, Socket } from 'node:net';

/** The part of libuv's TCP handle that is used here. */
export interface TcpHandle {
  close(): void;
}

interface WithHandle {
  _handle: TcpHandle | null;
}

interface ListeningHandle extends TcpHandle {
  onconnection?: (error: number, handle: TcpHandle | undefined) => void;
}

interface IncomingOptions {
  readonly onread: OnReadOpts;
  readonly writableHighWaterMark: number;
}

/** Calls `accept` with each incoming connection of a listening server, `fail` with libuv's error number. */
export function takeConnections(
  server: Server,
  { accept, fail }: { accept: (handle: TcpHandle) => void; fail: (error: number) => void },
): void {
  const listening = (server as unknown as { _handle: ListeningHandle | null })._handle;
  if (listening && typeof listening.onconnection === 'function') {
    listening.onconnection = (error, handle) => {
      if (handle) accept(handle);
      else fail(error);
    };
    return;
  }
  server.on('connection', (socket) => {
    const wrapped = socket as unknown as WithHandle;
    const handle = wrapped._handle;
    if (!handle) return;
    wrapped._handle = null;
    accept(handle);
  });
}

/** A socket around an incoming handle. It does not read before `socket.read(0)`. */
export const wrapIncoming = (handle: TcpHandle, options: IncomingOptions): Socket =>
  new Socket({ ...options, handle, allowHalfOpen: true, pauseOnCreate: true } as ConstructorParameters<
    typeof Socket
  >[0]);
