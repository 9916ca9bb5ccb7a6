// Load for an echo server: `tsx bench/load.ts <port> [connections] [packets in flight] [seconds]`. 64-byte packets.
import { connect, type Socket } from 'node:net';

const [port = 0, connections = 100, depth = 32, seconds = 3] = process.argv.slice(2).map(Number);
const SIZE = 66;
const packet = Buffer.alloc(SIZE, 'x');
packet.writeUInt16BE(SIZE - 2);
const burst = Buffer.concat(Array.from({ length: depth }, () => packet));

let answers = 0;
let counting = false;
const sockets: Socket[] = [];
const shared = Buffer.alloc(1 << 16);

await Promise.all(
  Array.from(
    { length: connections },
    () =>
      new Promise<void>((resolve, reject) => {
        let owed = 0;
        const socket = connect({
          port,
          host: '127.0.0.1',
          noDelay: true,
          onread: {
            buffer: shared,
            callback(bytes) {
              owed += bytes;
              const whole = Math.floor(owed / SIZE);
              owed -= whole * SIZE;
              if (counting) answers += whole;
              // Every answer lets one more packet go.
              for (let left = whole; left > 0; left -= depth)
                socket.write(left >= depth ? burst : burst.subarray(0, left * SIZE));
              return true;
            },
          },
        });
        socket.once('connect', resolve);
        socket.once('error', reject);
        sockets.push(socket);
      }),
  ),
);
for (const socket of sockets) socket.write(burst);
await new Promise((resolve) => setTimeout(resolve, 500));
counting = true;
const start = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
counting = false;
const rate = answers / ((performance.now() - start) / 1000);
console.log(`${connections} connections, ${depth} in flight: ${Math.round(rate)} packets/s`);
for (const socket of sockets) socket.destroy();
