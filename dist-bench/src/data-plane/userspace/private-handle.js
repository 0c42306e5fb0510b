/**
 * The only file that uses Node's private socket handles.
 *
 * Only outgoing sockets may read into a buffer of ours (`onread`); for accepted ones Node has no public way. So incoming
 * handles are taken before Node wraps them, and wrapped once, with `onread`. Tried on Node 20, 22, 24 and 26.
 */
import { Socket } from 'node:net';
/** Calls `accept` with each incoming connection of a listening server, `fail` with libuv's error number. */
export function takeConnections(server, { accept, fail }) {
    const listening = server._handle;
    if (listening && typeof listening.onconnection === 'function') {
        listening.onconnection = (error, handle) => {
            if (handle)
                accept(handle);
            else
                fail(error);
        };
        return;
    }
    server.on('connection', (socket) => {
        const wrapped = socket;
        const handle = wrapped._handle;
        if (!handle)
            return;
        wrapped._handle = null;
        accept(handle);
    });
}
/** A socket around an incoming handle. It does not read before `socket.read(0)`. */
export const wrapIncoming = (handle, options) => new Socket({ ...options, handle, allowHalfOpen: true, pauseOnCreate: true });
//# sourceMappingURL=private-handle.js.map