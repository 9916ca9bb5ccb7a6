// Load for a server of players, in a process of its own: `player-load.ts <json>`, see `LoadOptions`. Prints `measuring`
// when all are connected, and a line of JSON at the end.
import { connect, type Socket } from 'node:net';
import { FrameReader, pack } from '@skynet/core/netpack';
import { joinColyseus } from '../../core/bench/colyseus-client.ts';
import { frameCutter } from '../../core/bench/websocket-frames.ts';
import { decodeAnswer, encodeAck, encodeRequest, handshakeText, RESULT } from '../../msgserver/src/wire.ts';
import type { LoadOptions, LoadResult } from './load.ts';

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const secret = Buffer.from('12345678');
/** Pushes after which they are acknowledged. */
const ACKNOWLEDGE = 64;
/** Place of the moment in the body of a push. */
const MOMENT = 8;

let counting = false;
let answers = 0;
let pushes = 0;
const delays: number[] = [];

const now = (): number => performance.timeOrigin + performance.now();

/** A push has come. */
function count(frame: Uint8Array): void {
  if (!counting) return;
  pushes++;
  if (options.timed) delays.push(now() - new DataView(frame.buffer, frame.byteOffset + MOMENT).getFloat64(0));
}

/** One user: answers let the next requests go, pushes are counted. */
class User {
  readonly #socket: Socket;
  #session = 0;
  #lastPush = 0;
  #isGreeted = false;
  #next: (() => void) | undefined;

  constructor(username: string) {
    this.#socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    const reader = new FrameReader();
    this.#socket.on('data', (chunk) =>
      reader.push(chunk, (bytes, start, end) => this.#frame(bytes.subarray(start, end))),
    );
    this.#socket.on('close', () => {
      throw new Error(`${username} was cut off`);
    });
    this.#socket.write(pack(handshakeText(username, 1, secret, 0)));
  }

  /** The next answer, or the greeting. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#next = resolve;
    });
  }

  ask(hex: string): void {
    this.#socket.write(pack(encodeRequest(Buffer.from(hex, 'hex'), ++this.#session)));
  }

  #frame(frame: Uint8Array): void {
    if (!this.#isGreeted) {
      if (!Buffer.from(frame).toString().startsWith('200 OK push')) throw new Error('not greeted');
      this.#isGreeted = true;
      this.#took();
      return;
    }
    const answer = decodeAnswer(frame);
    if (answer?.result === RESULT.push) {
      this.#lastPush = answer.session;
      count(frame);
      if (answer.session % ACKNOWLEDGE === 0) this.#acknowledge();
      return;
    }
    if (answer?.result !== RESULT.ok) throw new Error('a request failed');
    if (this.#took()) return;
    if (options.answer !== undefined && Buffer.from(answer.content).toString('hex') !== options.answer)
      throw new Error(`another answer: ${Buffer.from(answer.content).toString('hex')}`);
    if (counting) answers++;
    if (this.#lastPush > 0) this.#acknowledge();
    if (options.request !== undefined) this.ask(options.request);
  }

  /** Whether somebody has waited for it. */
  #took(): boolean {
    const next = this.#next;
    this.#next = undefined;
    next?.();
    return next !== undefined;
  }

  #acknowledge(): void {
    this.#socket.write(pack(encodeAck(this.#lastPush)));
  }
}

const users = options.room === undefined ? options.users.map((name) => new User(name)) : [];
await Promise.all(users.map((user) => user.answered()));
for (let i = 0; options.room !== undefined && i < options.users.length; i++) {
  const socket = await joinColyseus(options.port, options.room);
  socket.on('data', frameCutter(count)).on('close', () => {
    throw new Error('a client was cut off');
  });
}
if (options.first !== undefined)
  for (const user of users) {
    const answered = user.answered();
    user.ask(options.first);
    await answered;
  }
for (const user of users)
  for (let i = 0; i < (options.inflight ?? 1); i++)
    if (options.request !== undefined) user.ask(options.request);
const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
await sleep(options.seconds / 5);
console.log('measuring');
const start = performance.now();
counting = true;
await sleep(options.seconds);
counting = false;
const seconds = (performance.now() - start) / 1000;
delays.sort((a, b) => a - b);
const result: LoadResult = {
  answers,
  pushes,
  seconds,
  p99: delays[Math.floor(delays.length * 0.99)] ?? 0,
};
console.log(JSON.stringify(result));
process.exit(0);
