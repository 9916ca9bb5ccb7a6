// Connects to a port and keeps silent: tsx packages/core/bench/idle-clients.ts <port> <connections>
// Prints `connected`, and stays until its input ends.
import { connect, type Socket } from 'node:net';

const [port = 0, connections = 0] = process.argv.slice(2).map(Number);
const sockets: Socket[] = [];

/** A few at a time, so that no backlog runs over. */
for (let made = 0; made < connections; made += 50) {
  const some = Array.from(
    { length: Math.min(50, connections - made) },
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1' }, resolve);
        socket.once('error', reject);
        sockets.push(socket);
      }),
  );
  await Promise.all(some);
}
console.log('connected');
process.stdin.resume().once('end', () => process.exit(0));
