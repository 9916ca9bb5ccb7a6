// Load for a message server, and checks every answer:
//   tsx packages/msgserver/bench/msg-load.ts --port 8002 [--users 50] [--inflight 16] [--size 60] [--seconds 3]
// Users u0, u1, … of the server `sample` are logged in with subid 1 and the secret `12345678`; answers are the requests
// in upper case. Prints `measuring` when the warm-up is over, and a line of JSON at the end.
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { pack } from '@skynet/core/netpack';
import { encodeAnswer } from '../src/answer.ts';
import { usernameOf } from '../src/username.ts';
import { encodeRequest, handshakeText, RESULT, STATUS } from '../src/wire.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    port: text,
    users: { ...text, default: '50' },
    inflight: { ...text, default: '16' },
    size: { ...text, default: '60' },
    seconds: { ...text, default: '3' },
  },
});
const [port, users, inflight, size, seconds] = [
  values.port,
  values.users,
  values.inflight,
  values.size,
  values.seconds,
].map(Number) as [number, number, number, number, number];

const shared = new Uint8Array(1 << 16);
const content = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz');
const REQUEST = pack(encodeRequest(content, 0));
const ANSWER = pack(encodeAnswer(Buffer.from(content.toString().toUpperCase()), RESULT.ok, 0));
const HELLO = pack(STATUS.ok);

let counting = false;
let stopped = false;
let answers = 0;

function putSession(frame: Uint8Array, end: number, session: number): void {
  frame[end - 4] = session >>> 24;
  frame[end - 3] = session >>> 16;
  frame[end - 2] = session >>> 8;
  frame[end - 1] = session;
}

/** One user: so many requests on their way, each answer lets the next go. */
class User {
  readonly #number: number;
  readonly #answer = ANSWER.slice();
  #expected: Uint8Array = HELLO;
  #socket: Socket | undefined;
  #at = 0;
  #sent = 0;
  #answered = 0;
  #greeted: () => void = () => {};

  constructor(number: number) {
    this.#number = number;
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#greeted = resolve;
      const callback = (bytes: number): boolean => {
        this.#read(bytes);
        return true;
      };
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: { buffer: shared, callback },
      });
      this.#socket = socket;
      socket.once('error', reject);
      socket.once('close', () => {
        if (!stopped) throw new Error(`user ${this.#number} was cut off`);
      });
      const name = usernameOf(`u${this.#number}`, 1, 'sample');
      socket.write(pack(handshakeText(name, 1, Buffer.from('12345678'))));
    });
  }

  send(count: number): void {
    const out = new Uint8Array(REQUEST.length * count);
    for (let i = 0; i < count; i++) {
      out.set(REQUEST, i * REQUEST.length);
      putSession(out, (i + 1) * REQUEST.length, this.#sent++);
    }
    this.#socket?.write(out);
  }

  #read(bytes: number): void {
    let whole = 0;
    for (let i = 0; i < bytes; i++) {
      if (shared[i] !== this.#expected[this.#at])
        throw new Error(`wrong answer ${this.#answered} for user ${this.#number}, byte ${this.#at}`);
      if (++this.#at < this.#expected.length) continue;
      this.#at = 0;
      if (this.#expected === HELLO) {
        this.#expected = this.#answer;
        this.#greeted();
        continue;
      }
      whole++;
      putSession(this.#answer, this.#answer.length, ++this.#answered);
    }
    if (counting) answers += whole;
    if (whole > 0 && !stopped) this.send(whole);
  }
}

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time * 1000));

const all = Array.from({ length: users }, (_, number) => new User(number));
for (let i = 0; i < all.length; i += 20)
  await Promise.all(all.slice(i, i + 20).map((user) => user.connect()));
for (const user of all) user.send(inflight);
await sleep(seconds / 5);
console.log('measuring');
const start = performance.now();
counting = true;
// A busy machine may take longer for the first one.
do await sleep(seconds);
while (answers === 0);
counting = false;
stopped = true;
console.log(JSON.stringify({ answers, rate: Math.round((answers * 1000) / (performance.now() - start)) }));
process.exit(0);
