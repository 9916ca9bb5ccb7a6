// Load for a server that echoes frames (2 bytes of length, big endian, then so many bytes), and checks every answer:
//   tsx packages/core/bench/load.ts --port 8888 [--connections 100] [--inflight 32] [--size 64] [--seconds 3] [--websocket true] [--pause 2]
// Over WebSocket each frame goes in a message of its own; answers may come in any.
// Prints `measuring` when the warm-up is over, and a line of JSON at the end.
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Frames, LargeFrames, PreparedFrames } from './load-frames.ts';
import { MaskedMessage, MessageStripper, upgraded } from './websocket-load.ts';

export interface LoadOptions {
  readonly port: number;
  readonly host?: string;
  readonly connections: number;
  /** Frames on their way on each connection. */
  readonly inflight: number;
  /** Bytes of payload; at least 8, which hold the number of the connection and of the frame. */
  readonly size: number;
  /** How long is measured, after a warm-up of 10,000 answers for each second, at least a fifth of it and at most twice as long. */
  readonly seconds: number;
  /** Whether the frames go in messages of WebSocket. */
  readonly websocket?: boolean;
  /** Milliseconds between an answer and the next frame; none unless given. */
  readonly pause?: number;
}

export interface LoadResult extends LoadOptions {
  /** Answers within the measured time, and a second. */
  readonly answers: number;
  readonly rate: number;
  /** Time from sending a frame to its answer, in microseconds; of one frame at a time on each connection. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Processor time of this process for an answer, in microseconds. */
  readonly effort: number;
}

/** Frames above that are checked and sent in parts. */
const LARGE = 4096;
/** So many answers for each second that is measured have to come before: compilers need that, not time. */
const WARM_UP = 10_000;
const shared = Buffer.alloc(1 << 16);

/** What all connections add up to. */
class Tally {
  counting = false;
  answers = 0;
  readonly latencies: number[] = [];
  /** The answers of the warm-up are there. */
  readonly warm: Promise<void>;
  #cold: number;
  #onWarm!: () => void;

  constructor(warmUp: number) {
    this.#cold = warmUp;
    this.warm = new Promise((resolve) => {
      this.#onWarm = resolve;
    });
  }

  came(count: number): void {
    if (this.counting) this.answers += count;
    this.#cold -= count;
    if (this.#cold <= 0) this.#onWarm();
  }
}

/** One connection: so many frames on their way, each answer lets the next go. */
class Client {
  readonly #id: number;
  readonly #frames: Frames;
  readonly #tally: Tally;
  readonly #inflight: number;
  readonly #pause: number;
  #socket: Socket | undefined;
  #sent = 0;
  /** Bytes that have come back. */
  #came = 0;
  /** The frame whose answer is timed, and when it left. */
  #timed = -1;
  #timedAt = 0;
  #stopped = false;
  readonly #stripper: MessageStripper | undefined;

  constructor(id: number, { size, inflight, websocket = false, pause = 0 }: LoadOptions, tally: Tally) {
    this.#id = id;
    this.#inflight = inflight;
    this.#pause = pause;
    this.#tally = tally;
    if (websocket) {
      this.#stripper = new MessageStripper();
      this.#frames = new PreparedFrames(id, size, inflight, new MaskedMessage(2 + size));
    } else this.#frames = size > LARGE ? new LargeFrames(id, size) : new PreparedFrames(id, size, inflight);
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
    if (this.#stopped) return;
    const socket = this.#socket as Socket;
    const pieces = this.#frames.next(count);
    this.#sent += count;
    if (this.#timed < 0) {
      this.#timed = this.#sent;
      this.#timedAt = performance.now();
    }
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
  }

  #read(came: number): void {
    if (this.#stopped) return;
    const bytes = this.#stripper?.strip(shared, came) ?? came;
    const frames = this.#frames;
    if (!frames.matches(shared, 0, bytes, this.#came)) this.#wrong(bytes);
    const before = Math.floor(this.#came / frames.length);
    this.#came += bytes;
    const answered = Math.floor(this.#came / frames.length);
    if (answered === before) return;
    if (this.#timed >= 0 && answered >= this.#timed) this.#arrived();
    this.#tally.came(answered - before);
    if (this.#pause === 0) this.#send(answered - before);
    else setTimeout(() => this.#send(answered - before), this.#pause);
  }

  #wrong(bytes: number): never {
    let at = 0;
    while (at < bytes && this.#frames.matches(shared, at, at + 1, this.#came + at)) at++;
    const frame = Math.floor((this.#came + at) / this.#frames.length);
    const byte = (this.#came + at) % this.#frames.length;
    throw new Error(`wrong answer on connection ${this.#id}, frame ${frame}, byte ${byte}`);
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
  const tally = new Tally(options.seconds * WARM_UP);
  const clients = Array.from({ length: options.connections }, (_, id) => new Client(id, options, tally));
  // A few at a time, as the original keeps only 32 waiting.
  for (let i = 0; i < clients.length; i += 20) {
    await Promise.all(clients.slice(i, i + 20).map((client) => client.connect(options)));
  }
  for (const client of clients) client.start();
  await sleep(options.seconds / 5);
  await Promise.race([tally.warm, sleep(options.seconds * 2)]);
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
    p999: percentile(0.999),
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
      pause: { ...text, default: '0' },
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
    pause: Number(numbers.pause),
  };
  const result = await runLoad(options, () => console.log('measuring'));
  console.log(JSON.stringify(result));
  process.exit(0);
}
