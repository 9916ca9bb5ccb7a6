// Connects to a port and keeps silent: tsx packages/core/bench/idle-clients.ts <port> <connections> [websocket]
// Prints `connected`, and stays until its input ends.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { upgraded } from './websocket-load.ts';

const [port = 0, connections = 0] = process.argv.slice(2).map(Number);
const websocket = process.argv[4] === 'websocket';
const sockets: Socket[] = [];

/** A few at a time, so that no backlog runs over. */
for (let made = 0; made < connections; made += 50) {
  const some = Array.from({ length: Math.min(50, connections - made) }, async () => {
    const socket = connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    await once(socket, 'connect');
    if (!websocket) return;
    socket.write(upgraded.request);
    let answer = '';
    while (!answer.endsWith('\r\n\r\n')) answer += String((await once(socket, 'data'))[0]);
    if (!answer.startsWith('HTTP/1.1 101')) throw new Error(`no handshake: ${answer}`);
  });
  await Promise.all(some);
}
console.log('connected');
process.stdin.resume().once('end', () => process.exit(0));
