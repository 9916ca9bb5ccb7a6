// A thread that writes records of random sizes as fast as it can and sleeps when the ring is full. Record n begins with
// n; the other bytes are n + their position.
import { parentPort, workerData } from 'node:worker_threads';
import { RingWriter } from '../../src/threads/ring.ts';

interface Task {
  memory: SharedArrayBuffer;
  records: number;
  seed: number;
  largest: number;
  /** So many are published before they are confirmed. */
  step: number;
}

const { memory, records, seed, largest, step } = workerData as Task;
const port = parentPort as NonNullable<typeof parentPort>;
const writer = new RingWriter(memory);
const { bytes, view } = writer.region;
let state = seed;
let next = 0;

/** The same sequence at the reader's end. */
function size(): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return 4 + ((state >>> 8) % (largest - 3));
}

function wake(isAsleep: boolean): void {
  if (isAsleep) port.postMessage('wake');
}

/** All that fits; nothing is unconfirmed when it ends. */
function write(): void {
  writeSome();
  if (!writer.isConfirmed) wake(writer.confirm());
}

function writeSome(): void {
  while (next < records) {
    const before = state;
    const length = size();
    const start = writer.reserve(length);
    if (start < 0) {
      state = before;
      if (writer.waitForRoom()) return;
      continue;
    }
    view.setInt32(start, next, true);
    for (let i = 4; i < length; i++) bytes[start + i] = next + i;
    next++;
    wake(next % step === 0 ? writer.commit(length) : writer.publish(length));
  }
}

port.on('message', (text: string) => {
  if (text === 'room') write();
  else port.close();
});
write();
