/**
 * One side of a crowd of connections, in a process of its own, because they need more descriptors than one may have.
 * `backend ADDRESS PORT`: echoes. `clients ADDRESS PORT COUNT NET`: opens COUNT, hears an echo on each, says `open`, waits
 * until all have ended, says how they ended, and begins again at the next message. Both: `leave` closes all.
 */
import { connect, createServer } from 'node:net';

const [role, host, port, count, net] = process.argv.slice(2);
/** From an address that has thousands of connections already, the kernel needs 1 ms to find a free port. */
const sources = 20;

const sockets = new Set();

function keep(socket) {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  return socket;
}

function leave() {
  for (const socket of sockets) socket.destroy();
}

function echo() {
  const server = createServer((socket) =>
    keep(socket)
      .on('error', () => {})
      .pipe(socket),
  );
  server.listen({ host, port: Number(port), backlog: 1024 }, () => process.send('listening'));
}

function openOne(ends, number) {
  const localAddress = `${net}.${1 + (number % sources)}`;
  return new Promise((resolve, reject) => {
    const socket = keep(connect({ host, port: Number(port), localAddress }, () => socket.write('x')));
    let end = 'FIN';
    socket.once('data', resolve);
    socket.on('error', (error) => {
      end = error.code;
      reject(error);
    });
    socket.on('close', () => ends.push(end));
  });
}

async function crowd() {
  const ends = [];
  const total = Number(count);
  for (let opened = 0; opened < total; ) {
    const batch = Math.min(64, total - opened);
    await Promise.all(Array.from({ length: batch }, (_, index) => openOne(ends, opened + index)));
    opened += batch;
  }
  process.send('open');
  while (ends.length < total) await new Promise((resolve) => setTimeout(resolve, 20));
  process.send([...new Set(ends)]);
}

if (role === 'backend') echo();
process.on('message', (message) => (message === 'leave' ? leave() : crowd()));
process.on('disconnect', () => process.exit());
