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

/** Answers for each second that is measured have to come before: compilers need that, not time. */
const WARM_UP = 10_000;
const shared = Buffer.alloc(1 << 16);
const content = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz');
const REQUEST = pack(encodeRequest(content, 0));
const ANSWER = pack(encodeAnswer(Buffer.from(content.toString().toUpperCase()), RESULT.ok, 0));
const HELLO = pack(STATUS.ok);
/** One more than are on their way, so that what is written is not what still has to leave. */
const PERIOD = inflight + 1;

let counting = false;
let stopped = false;
let answers = 0;
let cold = seconds * WARM_UP;
let isWarm = (): void => {};
const warm = new Promise<void>((resolve) => {
  isWarm = resolve;
});

function came(count: number): void {
  if (counting) answers += count;
  cold -= count;
  if (cold <= 0) isWarm();
}

/** So many of a frame one behind the other, twice: any of them that follow each other are one piece. */
function row(frame: Uint8Array): Buffer {
  return Buffer.concat(new Array<Uint8Array>(2 * PERIOD).fill(frame));
}

/** One user: so many requests on their way, each answer lets the next go. Only sessions are written, the rest lies ready. */
class User {
  readonly #number: number;
  readonly #requests = row(REQUEST);
  readonly #expected = row(ANSWER);
  #greeting: Buffer | undefined = Buffer.from(HELLO);
  #socket: Socket | undefined;
  #sent = 0;
  /** Bytes of answers that have come. */
  #came = 0;
  #greeted: () => void = () => {};

  constructor(number: number) {
    this.#number = number;
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#greeted = resolve;
      const callback = (bytes: number): boolean => {
        if (this.#greeting === undefined) this.#read(bytes);
        else this.#greet(this.#greeting, bytes);
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

  #greet(left: Buffer, bytes: number): void {
    if (bytes > left.length || shared.compare(left, 0, bytes, 0, bytes) !== 0)
      throw new Error(`user ${this.#number} was refused`);
    this.#greeting = bytes < left.length ? left.subarray(bytes) : undefined;
    if (this.#greeting === undefined) this.#greeted();
  }

  send(count: number): void {
    const first = this.#sent % PERIOD;
    for (let i = first; i < first + count; i++) {
      const session = this.#sent++;
      this.#requests.writeUInt32BE(session, (i + 1) * REQUEST.length - 4);
      const place = ((i % PERIOD) + 1) * ANSWER.length - 4;
      this.#expected.writeUInt32BE(session, place);
      this.#expected.writeUInt32BE(session, place + PERIOD * ANSWER.length);
    }
    this.#socket?.write(this.#requests.subarray(first * REQUEST.length, (first + count) * REQUEST.length));
  }

  #read(bytes: number): void {
    const start = this.#came % (PERIOD * ANSWER.length);
    if (this.#expected.compare(shared, 0, bytes, start, start + bytes) !== 0)
      throw new Error(`wrong answer for user ${this.#number} from byte ${this.#came} on`);
    const before = Math.floor(this.#came / ANSWER.length);
    this.#came += bytes;
    const count = Math.floor(this.#came / ANSWER.length) - before;
    came(count);
    if (count > 0 && !stopped) this.send(count);
  }
}

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time * 1000));

const all = Array.from({ length: users }, (_, number) => new User(number));
for (let i = 0; i < all.length; i += 20)
  await Promise.all(all.slice(i, i + 20).map((user) => user.connect()));
for (const user of all) user.send(inflight);
await sleep(seconds / 5);
await Promise.race([warm, sleep(seconds * 2)]);
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
