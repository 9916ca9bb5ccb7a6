import { isDeepStrictEqual } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Message } from '../../src/message.ts';
import { PTYPE } from '../../src/protocol.ts';
import { Link, type LinkReceiver } from '../../src/threads/link.ts';
import { createRing, maxRecordOf } from '../../src/threads/ring.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends of a link in one thread, over rings of so many bytes. `lent` tells how many bodies went through the port. */
function pair(size: number) {
  const [there, back] = [createRing(size), createRing(size)];
  const [bell, bulk] = [new MessageChannel(), new MessageChannel()];
  closers.push(() => {
    for (const { port1 } of [bell, bulk]) port1.close();
  });
  let lent = 0;
  const post = bulk.port1.postMessage.bind(bulk.port1);
  bulk.port1.postMessage = (body: unknown): void => {
    lent++;
    post(body);
  };
  const arrived: unknown[] = [];
  const receiver: LinkReceiver = {
    arrived: (_to, { body }) => void arrived.push(body),
    control: (_from, control) => void arrived.push(control),
    overload: { limit: Number.POSITIVE_INFINITY, waiting: () => {}, refused: () => {} },
  };
  const writer = new Link(
    { thread: 1, out: there, in: back, bell: bell.port1, bulk: bulk.port1 },
    receiver,
    { areDue: true },
    () => {},
  );
  const reader = new Link(
    { thread: 0, out: back, in: there, bell: bell.port2, bulk: bulk.port2 },
    receiver,
    { areDue: false },
    () => {},
  );
  let rung = 0;
  const ring = bell.port1.postMessage.bind(bell.port1);
  bell.port1.postMessage = (message: unknown): void => {
    rung++;
    ring(message);
  };
  return {
    writer,
    reader,
    arrived,
    there,
    lent: () => lent,
    rung: () => rung,
    maxRecord: maxRecordOf(there),
  };
}

describe('Link', () => {
  it('sends values through the ring wherever it has room for them, also behind its end', () => {
    const { writer, reader, arrived, lent, maxRecord } = pair(8192);
    const sent: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      // Of all sizes up to the largest, so that each place in front of the end is met; 64 bytes are for heads and counts.
      const size = 1 + ((i * 997) % (maxRecord - 64));
      const body = [i, new Uint8Array(size).fill(i)];
      sent.push(body);
      writer.post(1, new Message(PTYPE.LUA, 0, 2, body), false);
      while (reader.read(Number.POSITIVE_INFINITY) > 0);
    }
    expect(isDeepStrictEqual(arrived, sent)).toBe(true);
    expect(lent()).toBe(0);
  });

  it('wakes a reader that sleeps at once, and at its next look one that it has missed', () => {
    const { writer, reader, arrived, there, rung } = pair(512);
    const post = (value: number): void => writer.post(1, new Message(PTYPE.LUA, 0, 2, [value]), false);
    expect(reader.sleep()).toBe(true);
    post(1);
    post(2);
    expect(rung()).toBe(1);
    expect(reader.sleep()).toBe(false);
    // As if it had gone to sleep while the record was on its way.
    const sleep = 32;
    new Int32Array(there)[sleep] = 1;
    expect(rung()).toBe(1);
    writer.read(1);
    expect(rung()).toBe(2);
    writer.read(1);
    new Int32Array(there)[sleep] = 1;
    writer.read(1);
    expect(rung()).toBe(2);
    reader.read(3);
    expect(arrived).toEqual([[1], [2]]);
  });

  it('goes on after a message for which there was no memory', () => {
    const { writer, reader, arrived, maxRecord } = pair(8192);
    const post = (value: unknown): void => writer.post(1, new Message(PTYPE.LUA, 0, 2, [value]), false);
    post({ first: 1 });
    const noMemory = class {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    };
    vi.stubGlobal('SharedArrayBuffer', noMemory);
    try {
      expect(() => post({ second: new Uint8Array(maxRecord * 3) })).toThrow(RangeError);
    } finally {
      vi.unstubAllGlobals();
    }
    for (const value of [{ second: 2 }, { first: 3 }, { third: 4 }]) post(value);
    while (reader.read(Number.POSITIVE_INFINITY) > 0);
    expect(arrived).toEqual([[{ first: 1 }], [{ second: 2 }], [{ first: 3 }], [{ third: 4 }]]);
  });

  it('sends what the ring can never hold through the port, in its place', () => {
    const { writer, reader, arrived, lent, maxRecord } = pair(8192);
    const sent = [10, maxRecord * 3, 20, maxRecord * 40, 30].map((size) => [new Uint8Array(size).fill(size)]);
    for (const body of sent) {
      writer.post(1, new Message(PTYPE.LUA, 0, 2, body), false);
      while (reader.read(Number.POSITIVE_INFINITY) > 0);
    }
    expect(isDeepStrictEqual(arrived, sent)).toBe(true);
    expect(lent()).toBe(2);
  });

  it('keeps what waits for room as it was, of messages and of what drivers post', () => {
    const { writer, reader, arrived } = pair(512);
    const bytes = new Uint8Array(64);
    const message = [bytes];
    const count = 40;
    for (let i = 0; i < count; i++) {
      bytes.fill(i);
      writer.post(1, new Message(PTYPE.LUA, 0, 2, message), false);
      writer.postControl({ op: 'driver', key: 'test', values: [bytes] });
    }
    bytes.fill(255);
    for (; reader.read(Number.POSITIVE_INFINITY) > 0; writer.flush());
    const expected = Array.from({ length: count }, (_, i) => new Uint8Array(64).fill(i));
    expect(arrived).toEqual(
      expected.flatMap((values) => [[values], { op: 'driver', key: 'test', values: [values] }]),
    );
  });
});
