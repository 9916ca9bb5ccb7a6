// Load for a server that echoes frames (2 bytes of length, big endian, then so many bytes), and checks every answer:
//   tsx packages/core/bench/load.ts --port 8888 [--connections 100] [--inflight 32] [--size 64] [--seconds 3] [--websocket true]
// Over WebSocket each frame goes in a message of its own; answers may come in any.
// Prints `measuring` when the warm-up is over, and a line of JSON at the end.
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MaskedMessage, MessageStripper, upgraded } from './websocket-load.ts';

export interface LoadOptions {
  readonly port: number;
  readonly host?: string;
  readonly connections: number;
  /** Frames on their way on each connection. */
  readonly inflight: number;
  /** Bytes of payload; at least 8, which hold the number of the connection and of the frame. */
  readonly size: number;
  /** How long is measured, after a warm-up of a fifth of it. */
  readonly seconds: number;
  /** Whether the frames go in messages of WebSocket. */
  readonly websocket?: boolean;
}

export interface LoadResult extends LoadOptions {
  /** Answers within the measured time, and a second. */
  readonly answers: number;
  readonly rate: number;
  /** Time from sending a frame to its answer, in microseconds; of one frame at a time on each connection. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of this process for an answer, in microseconds. */
  readonly effort: number;
}

const HEADER = 2;
const shared = new Uint8Array(1 << 16);

/** What all connections add up to. */
class Tally {
  counting = false;
  answers = 0;
  readonly latencies: number[] = [];
}

/** One connection: so many frames on their way, each answer lets the next go. */
class Client {
  readonly #id: number;
  readonly #frame: Uint8Array;
  readonly #tally: Tally;
  readonly #inflight: number;
  #socket: Socket | undefined;
  #sent = 0;
  #answered = 0;
  /** Where in the answer the next byte belongs. */
  #at = 0;
  /** The frame whose answer is timed, and when it left. */
  #timed = -1;
  #timedAt = 0;
  #stopped = false;
  readonly #stripper: MessageStripper | undefined;
  readonly #masked: MaskedMessage | undefined;

  constructor(id: number, { size, inflight, websocket = false }: LoadOptions, tally: Tally) {
    this.#id = id;
    this.#inflight = inflight;
    this.#tally = tally;
    this.#frame = new Uint8Array(HEADER + size);
    for (let i = HEADER; i < this.#frame.length; i++) this.#frame[i] = (i * 31 + id) & 0xff;
    const view = new DataView(this.#frame.buffer);
    view.setUint16(0, size);
    view.setUint32(HEADER, id);
    if (!websocket) return;
    this.#stripper = new MessageStripper();
    this.#masked = new MaskedMessage(HEADER + size);
  }

  async connect({ port, host = '127.0.0.1' }: LoadOptions): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onread = {
        buffer: shared,
        callback: (bytes: number): boolean => {
          this.#read(bytes);
          return true;
        },
      };
      const socket = connect({ port, host, noDelay: true, onread });
      this.#socket = socket;
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('close', () => {
        if (!this.#stopped) throw new Error(`connection ${this.#id} was closed by the server`);
      });
    });
    if (this.#stripper !== undefined && this.#socket !== undefined) {
      this.#socket.write(upgraded.request);
      await this.#stripper.answered;
    }
  }

  start(): void {
    this.#send(this.#inflight);
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
  }

  #send(count: number): void {
    const { length } = this.#frame;
    const masked = this.#masked;
    const step = masked === undefined ? length : masked.size;
    const out = new Uint8Array(step * count);
    for (let i = 0, at = 0; i < count; i++, at += step) {
      const start = at + step - length;
      out.set(this.#frame, start);
      this.#number(out, start, this.#sent++);
      masked?.put(out, at);
    }
    if (this.#timed < 0) {
      this.#timed = this.#sent - 1;
      this.#timedAt = performance.now();
    }
    this.#socket?.write(out);
  }

  /** Writes the number of a frame behind that of the connection. */
  #number(bytes: Uint8Array, at: number, number: number): void {
    bytes[at + 6] = number >>> 24;
    bytes[at + 7] = number >>> 16;
    bytes[at + 8] = number >>> 8;
    bytes[at + 9] = number;
  }

  #read(came: number): void {
    if (this.#stopped) return;
    const bytes = this.#stripper?.strip(shared, came) ?? came;
    const expected = this.#frame;
    const { length } = expected;
    let at = this.#at;
    let whole = 0;
    if (at === 0) this.#number(expected, 0, this.#answered);
    for (let i = 0; i < bytes; i++) {
      if (shared[i] !== expected[at]) {
        throw new Error(`wrong answer on connection ${this.#id}, frame ${this.#answered}, byte ${at}`);
      }
      if (++at < length) continue;
      at = 0;
      whole++;
      if (this.#answered === this.#timed) this.#arrived();
      this.#number(expected, 0, ++this.#answered);
    }
    this.#at = at;
    if (this.#tally.counting) this.#tally.answers += whole;
    if (whole > 0) this.#send(whole);
  }

  #arrived(): void {
    this.#timed = -1;
    if (this.#tally.counting) this.#tally.latencies.push(performance.now() - this.#timedAt);
  }
}

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Loads an echo server for a while. Throws when an answer is wrong or a connection is lost. */
async function runLoad(options: LoadOptions, onMeasuring?: () => void): Promise<LoadResult> {
  if (options.size < 8 || options.size > 0xffff)
    throw new Error(`size must be 8 to 65535, not ${options.size}`);
  const tally = new Tally();
  const clients = Array.from({ length: options.connections }, (_, id) => new Client(id, options, tally));
  // A few at a time, as the original keeps only 32 waiting.
  for (let i = 0; i < clients.length; i += 20) {
    await Promise.all(clients.slice(i, i + 20).map((client) => client.connect(options)));
  }
  for (const client of clients) client.start();
  await sleep(options.seconds / 5);
  onMeasuring?.();
  const usage = process.cpuUsage();
  const start = performance.now();
  tally.counting = true;
  // A busy machine may take longer for the first one.
  do await sleep(options.seconds);
  while (tally.answers === 0);
  tally.counting = false;
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(usage);
  for (const client of clients) client.stop();
  const { answers } = tally;
  const sorted = tally.latencies.sort((a, b) => a - b);
  const percentile = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN) * 1000);
  return {
    ...options,
    answers,
    rate: Math.round(answers / seconds),
    p50: percentile(0.5),
    p99: percentile(0.99),
    effort: Number(((user + system) / answers).toFixed(2)),
  };
}

if (path.resolve(process.argv[1] ?? '') === import.meta.filename) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      port: text,
      host: { ...text, default: '127.0.0.1' },
      connections: { ...text, default: '100' },
      inflight: { ...text, default: '32' },
      size: { ...text, default: '64' },
      seconds: { ...text, default: '3' },
      websocket: { ...text, default: 'false' },
    },
  });
  const { host, websocket, ...numbers } = values;
  const options: LoadOptions = {
    host,
    port: Number(numbers.port),
    connections: Number(numbers.connections),
    inflight: Number(numbers.inflight),
    size: Number(numbers.size),
    seconds: Number(numbers.seconds),
    websocket: websocket === 'true',
  };
  const result = await runLoad(options, () => console.log('measuring'));
  console.log(JSON.stringify(result));
  process.exit(0);
}
