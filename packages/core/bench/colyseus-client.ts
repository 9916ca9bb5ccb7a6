import { connect, type Socket } from 'node:net';
import { maskedFrame } from './websocket-frames.ts';

// A client of Colyseus for loads: joins a room over a bare socket, so that it costs as little as the others.

const JOIN_ROOM = 10;
const HEAD_END = '\r\n\r\n';

/** Joins a room of a server on this machine; what comes on the socket from then on are frames. */
export async function joinColyseus(port: number, room: string): Promise<Socket> {
  const asked = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/${room}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const seat = (await asked.json()) as { processId: string; roomId: string; sessionId: string };
  if (!asked.ok || seat.sessionId === undefined) throw new Error(`no seat: ${JSON.stringify(seat)}`);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(
    `GET /${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13${HEAD_END}`,
  );
  let bytes = Buffer.alloc(0);
  for (;;) {
    bytes = Buffer.concat([bytes, await received(socket)]);
    const head = bytes.indexOf(HEAD_END);
    if (head === -1) continue;
    const frame = bytes.subarray(head + HEAD_END.length);
    const size = frame[1] as number;
    if (frame.length < 2 || frame.length < 2 + size) continue;
    if (size > 125 || frame[2] !== JOIN_ROOM || frame.length !== 2 + size)
      throw new Error(`the server did not let the client in: ${bytes.toString('latin1', 0, 200)}`);
    socket.write(maskedFrame(Buffer.from([JOIN_ROOM])));
    return socket;
  }
}

function received(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      socket.off('data', take).off('error', done).off('close', closed);
      if (error !== undefined) reject(error);
    };
    const closed = (): void => done(new Error('the server has closed the connection'));
    const take = (chunk: Buffer): void => {
      done();
      resolve(chunk);
    };
    socket.once('data', take).once('error', done).once('close', closed);
  });
}
