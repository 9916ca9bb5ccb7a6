import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { EchoServer } from './echo-servers.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const NOTHING = Buffer.alloc(0);
/** Room for the longest head. */
const HEAD = 10;

/** The mask is taken off payloads where they are, and they are gathered in one message that leaves once in a turn. */
function echoByHand(socket: Socket, dirty: (() => void)[], flushAll: () => void): void {
  let out = NOTHING;
  let used = HEAD;
  let rest: Buffer = NOTHING;
  const flush = (): void => {
    const size = used - HEAD;
    let start = HEAD - 2;
    if (size < 126) out[start + 1] = size;
    else if (size < 0x1_0000) {
      start = HEAD - 4;
      out[start + 1] = 126;
      out.writeUInt16BE(size, start + 2);
    } else {
      start = 0;
      out[1] = 127;
      out.writeBigUInt64BE(BigInt(size), 2);
    }
    out[start] = 0x82;
    socket.write(out.subarray(start, used));
    out = NOTHING;
    used = HEAD;
  };
  const echo = (chunk: Buffer, from: number, size: number): void => {
    if (used + size > out.length) {
      const bigger = Buffer.allocUnsafe(Math.max(4096, out.length * 2, used + size));
      out.copy(bigger, 0, 0, used);
      out = bigger;
    }
    if (used === HEAD) {
      if (dirty.length === 0) setImmediate(flushAll);
      dirty.push(flush);
    }
    for (let i = 0; i < size; i++)
      out[used + i] = (chunk[from + i] as number) ^ (chunk[from - 4 + (i & 3)] as number);
    used += size;
  };
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 6 <= bytes.length) {
      const size = (bytes[at + 1] as number) & 127;
      if (size > 125) throw new Error('no message of a load');
      if (at + 6 + size > bytes.length) break;
      echo(bytes, at + 6, size);
      at += 6 + size;
    }
    rest = at === bytes.length ? NOTHING : bytes.subarray(at);
  });
}

/** Small messages by hand on a bare socket: the least that WebSocket needs in Node. */
export const bareWebSocketEcho: EchoServer = () => {
  const dirty: (() => void)[] = [];
  const flushAll = (): void => {
    for (const flush of dirty.splice(0)) flush();
  };
  const server = createServer();
  server.on('upgrade', ({ headers }, socket: Socket) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    echoByHand(socket, dirty, flushAll);
  });
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      resolve({ port: (server.address() as AddressInfo).port, stop: () => void server.close() });
    });
  });
};

/** On the library ws, as everybody uses it. */
export const libraryWebSocketEcho: EchoServer = () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  return new Promise((resolve) => {
    server.once('listening', () => {
      const stop = (): void => {
        server.close();
        for (const client of server.clients) client.terminate();
      };
      resolve({ port: (server.address() as AddressInfo).port, stop });
    });
  });
};
