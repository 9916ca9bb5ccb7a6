// Load for a server that answers every message with so many bytes; run by `spawnLoad`, which gives the options as JSON.
// Prints `measuring` when the warm-up is over, and the answers within the measured time at the end.
import { connect, type Socket } from 'node:net';
import { joinColyseus } from '../../core/bench/colyseus-client.ts';

/** What is sent, and what comes back. Bytes in base64. */
export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Messages on their way on each connection. */
  readonly inflight: number;
  /** Sent first; its answer ends with an empty line. */
  readonly handshake?: string;
  readonly message: string;
  /** Bytes of the answer; without it that of the first one counts, by its content-length. */
  readonly answer?: number;
  /** Whether answers are WebSocket frames, of whose payloads {@link answer} counts the bytes. */
  readonly frames?: boolean;
  /** Room of Colyseus that each connection joins first, in place of the handshake. */
  readonly room?: string;
  readonly seconds: number;
}

/** Counts the bytes of payloads in frames of a server. */
function payloadCounter(): (chunk: Buffer) => number {
  let left = 0;
  let head: number[] = [];
  return (chunk) => {
    let bytes = 0;
    for (let at = 0; at < chunk.length; ) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - at);
        left -= taken;
        bytes += taken;
        at += taken;
        continue;
      }
      head.push(chunk[at++] as number);
      const [, size = 0] = head;
      const length = size < 126 ? 2 : size === 126 ? 4 : 10;
      if (head.length < 2 || head.length < length) continue;
      left = length === 2 ? size : head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
      head = [];
    }
    return bytes;
  };
}

const HEAD_END = '\r\n\r\n';

function received(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
  });
}

/** Length of the whole first answer. */
async function answerLength(socket: Socket, message: Buffer): Promise<number> {
  socket.write(message);
  let bytes = Buffer.alloc(0);
  for (;;) {
    bytes = Buffer.concat([bytes, await received(socket)]);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) continue;
    const [, length = '0'] = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, end)) ?? [];
    const whole = end + HEAD_END.length + Number(length);
    if (bytes.length > whole) throw new Error('more came than an answer');
    if (bytes.length === whole) return whole;
  }
}

async function open({ port, handshake, room }: LoadOptions): Promise<Socket> {
  if (room !== undefined) return joinColyseus(port, room);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  if (handshake === undefined) return socket;
  socket.write(Buffer.from(handshake, 'base64'));
  let text = '';
  while (!text.endsWith(HEAD_END)) text += (await received(socket)).toString('latin1');
  if (!text.startsWith('HTTP/1.1 101')) throw new Error(`no handshake: ${text}`);
  return socket;
}

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function run(options: LoadOptions): Promise<number> {
  const message = Buffer.from(options.message, 'base64');
  const many = Array.from({ length: options.inflight + 1 }, (_, count) =>
    Buffer.concat(Array(count).fill(message)),
  );
  const sockets: Socket[] = [];
  for (let i = 0; i < options.connections; i++) sockets.push(await open(options));
  const size = options.answer ?? (await answerLength(sockets[0] as Socket, message));
  let answers = 0;
  for (const socket of sockets) {
    let at = 0;
    const count = options.frames === true ? payloadCounter() : (chunk: Buffer) => chunk.length;
    socket.on('data', (chunk) => {
      at += count(chunk);
      const whole = Math.floor(at / size);
      at -= whole * size;
      answers += whole;
      if (whole > 0) socket.write(many[whole] as Buffer);
    });
    socket.on('close', () => {
      throw new Error('a connection was closed by the server');
    });
    socket.write(many[options.inflight] as Buffer);
  }
  await sleep(options.seconds / 5);
  process.stdout.write('measuring\n');
  answers = 0;
  await sleep(options.seconds);
  // A test measures for so short a time that a busy machine may answer nothing in it.
  while (answers === 0) await sleep(options.seconds);
  return answers;
}

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const answers = await run(options);
process.stdout.write(`${JSON.stringify({ answers })}\n`, () => process.exit(0));
