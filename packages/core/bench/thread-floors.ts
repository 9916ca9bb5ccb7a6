import { Worker } from 'node:worker_threads';
import { LinkDecoder } from '../src/codec/link-decoder.ts';
import { LinkEncoder } from '../src/codec/link-encoder.ts';
import { createRing, RingReader, RingWriter } from '../src/threads/ring.ts';
import { callRate } from './calls.ts';
import type { Measure } from './case.ts';

/** What goes through a port; session 0 wants no answer. */
export interface PortMessage {
  readonly session: number;
  readonly value: unknown;
}

/** Two rings, and the most bytes a record takes. */
export interface RingPair {
  readonly there: SharedArrayBuffer;
  readonly back: SharedArrayBuffer;
  readonly record: number;
}

/** What the other thread is given. */
export interface EchoSetup {
  readonly file: string;
  readonly rings: RingPair | undefined;
}

// A worker does not begin with TypeScript on Node 20, it has to ask for it first.
const START = `
  const { workerData } = require('node:worker_threads');
  import('tsx/esm/api').then(({ register }) => {
    register();
    return import(workerData.file);
  });
`;

/** Starts `echo-thread.ts`; what is posted meanwhile waits for it. */
export function startEchoThread(rings?: RingPair): Worker {
  const file = new URL('./echo-thread.ts', import.meta.url).href;
  return new Worker(START, { eval: true, workerData: { file, rings } satisfies EchoSetup });
}

/** Calls over a port: one message each way, a promise each. */
export function portCaller(worker: Worker): (value: unknown) => Promise<unknown> {
  const waiting = new Map<number, (value: unknown) => void>();
  let last = 0;
  worker.on('message', ({ session, value }: PortMessage) => {
    const resolve = waiting.get(session);
    waiting.delete(session);
    resolve?.(value);
  });
  return (value) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      worker.postMessage({ session: last, value } satisfies PortMessage);
    });
}

/** The floor between threads that the platform offers. */
export function portCalls(value: unknown, flight = 1, size = 2000): Measure {
  return async (effort) => {
    const worker = startEchoThread();
    const call = portCaller(worker);
    await call(value);
    const rate = await callRate(effort, () => call(value), flight, size);
    await worker.terminate();
    return [rate];
  };
}

/** Messages one way over a port, with a call after each thousand. */
export const portFlood: Measure = async (effort) => {
  const worker = startEchoThread();
  const call = portCaller(worker);
  await call(0);
  const rate = await effort.rate(async (count) => {
    for (let i = 0; i < count; i++) worker.postMessage({ session: 0, value: i } satisfies PortMessage);
    await call(0);
  }, 1000);
  await worker.terminate();
  return [rate];
};

/** Our ring and codec alone: both threads do nothing but look into it. No promise, no service, no wake-up. */
class BareRing {
  readonly #pair: RingPair;
  readonly #worker: Worker;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #encoder = new LinkEncoder();
  readonly #decoder = new LinkDecoder();
  readonly #take = (start: number, end: number): void => {
    this.#decoder.decode(this.#reader.region, start, end);
  };

  constructor(record: number) {
    this.#pair = { there: createRing(1 << 19), back: createRing(1 << 19), record };
    this.#worker = startEchoThread(this.#pair);
    this.#writer = new RingWriter(this.#pair.there);
    this.#reader = new RingReader(this.#pair.back);
  }

  ready(): Promise<unknown> {
    return new Promise((resolve) => this.#worker.once('message', resolve));
  }

  write(session: number, value: unknown): void {
    for (;;) {
      const place = this.#writer.reserve(this.#pair.record);
      if (place < 0) continue;
      this.#writer.commit(
        this.#encoder.encode([session, value], this.#writer.region, place, this.#writer.limit) - place,
      );
      return;
    }
  }

  /** Waits for so many answers. */
  read(count: number): void {
    for (let left = count; left > 0; ) left -= this.#reader.read(this.#take, left);
  }

  stop(): Promise<number> {
    return this.#worker.terminate();
  }
}

/** Calls through the bare ring, with so many under way. `record` is the most bytes one takes. */
export function ringCalls(value: unknown, flight = 1, record = 256, size = 2000): Measure {
  return async (effort) => {
    const ring = new BareRing(record);
    await ring.ready();
    const rate = await effort.rate(async (count) => {
      for (let left = count; left > 0; left -= flight) {
        const some = Math.min(left, flight);
        for (let i = 0; i < some; i++) ring.write(1, value);
        ring.read(some);
      }
    }, size);
    await ring.stop();
    return [rate];
  };
}

/** Messages one way through the bare ring. */
export const ringFlood: Measure = async (effort) => {
  const ring = new BareRing(64);
  await ring.ready();
  const rate = await effort.rate(async (count) => {
    for (let i = 0; i < count; i++) ring.write(0, i);
    ring.write(1, 0);
    ring.read(1);
  }, 1000);
  await ring.stop();
  return [rate];
};
