import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSkynetError } from '../../src/errors.ts';
import { createRing, maxRecordOf, RingReader, RingWriter } from '../../src/threads/ring.ts';

function pair(size: number): { writer: RingWriter; reader: RingReader } {
  const memory = createRing(size);
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

function put(writer: RingWriter, length: number, mark: number): boolean {
  const start = writer.reserve(length);
  if (start < 0) return false;
  writer.region.bytes.fill(mark, start, start + length);
  writer.commit(length);
  return true;
}

function take(reader: RingReader, limit?: number): Buffer[] {
  const records: Buffer[] = [];
  reader.read((start, end) => records.push(Buffer.from(reader.region.bytes.subarray(start, end))), limit);
  return records;
}

function codeOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (thrown) {
    return isSkynetError(thrown) ? thrown.code : thrown;
  }
  return undefined;
}

describe('a ring', () => {
  it('is a queue of records, for any sequence of writing and reading', () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(124), used: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ take: fc.integer({ min: 1, max: 6 }) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.constantFrom(0, 2 ** 31 - 64, -64),
        (steps, begin) => {
          const memory = createRing(256);
          // Both counters begin where they are about to overflow.
          const words = new Int32Array(memory);
          words[0] = begin;
          words[16] = begin;
          const writer = new RingWriter(memory);
          const reader = new RingReader(memory);
          const model: Buffer[] = [];
          let mark = 0;
          for (const todo of steps) {
            if ('take' in todo) {
              expect(take(reader, todo.take)).toEqual(model.splice(0, todo.take));
              continue;
            }
            const start = writer.reserve(todo.put);
            if (start < 0) {
              expect(model.length).toBeGreaterThan(0);
              continue;
            }
            expect(writer.limit).toBeGreaterThanOrEqual(start + todo.put);
            // A record may be shorter than what was reserved, or fill all the room there is.
            const length = Math.floor(todo.used * (writer.limit - start));
            mark++;
            writer.region.bytes.fill(mark, start, start + length);
            writer.commit(length);
            model.push(Buffer.alloc(length, mark));
            expect(reader.hasRecords).toBe(true);
          }
          expect(take(reader)).toEqual(model);
          expect(writer.pending).toBe(0);
          expect(reader.hasRecords).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('carries the largest record at any place', () => {
    const { writer, reader } = pair(1024);
    expect(writer.maxRecord).toBe(508);
    for (let i = 0; i < 300; i++) {
      expect(put(writer, i % 64, 1)).toBe(true);
      expect(take(reader)).toEqual([Buffer.alloc(i % 64, 1)]);
      expect(put(writer, writer.maxRecord, 2)).toBe(true);
      expect(take(reader)).toEqual([Buffer.alloc(508, 2)]);
    }
  });

  it('shows nothing of a record before it is committed', () => {
    const { writer, reader } = pair(256);
    const start = writer.reserve(100);
    writer.region.bytes.fill(1, start, start + 100);
    expect(take(reader)).toEqual([]);
    writer.reserve(10);
    writer.commit(3);
    expect(take(reader)).toEqual([Buffer.alloc(3, 1)]);
  });

  it('takes a record as read whose reader threw', () => {
    const { writer, reader } = pair(256);
    for (let i = 1; i <= 3; i++) put(writer, 4, i);
    expect(() =>
      reader.read((start) => {
        if (reader.region.bytes[start] === 2) throw new Error('second');
      }),
    ).toThrow('second');
    expect(take(reader)).toEqual([Buffer.alloc(4, 3)]);
  });

  it('asks for the reader to be woken once, and only when it sleeps', () => {
    const { writer, reader } = pair(256);
    const commit = (): boolean => {
      writer.reserve(4);
      return writer.commit(4);
    };
    expect(commit()).toBe(false);
    expect(reader.sleep()).toBe(false);
    take(reader);
    expect(reader.sleep()).toBe(true);
    expect([commit(), commit()]).toEqual([true, false]);
    take(reader);
    expect(reader.sleep()).toBe(true);
    reader.wake();
    expect(commit()).toBe(false);
  });

  it('asks for it when something is published, too, or when that is confirmed', () => {
    const memory = createRing(256);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    const publish = (): boolean => {
      writer.reserve(4);
      return writer.publish(4);
    };
    expect([publish(), writer.isConfirmed, writer.confirm(), writer.isConfirmed]).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(take(reader)).toHaveLength(1);
    expect(reader.sleep()).toBe(true);
    expect([publish(), publish(), writer.confirm()]).toEqual([true, false, false]);
    // As if it had gone to sleep while the last was on its way.
    new Int32Array(memory)[32] = 1;
    expect([writer.confirm(), writer.confirm()]).toEqual([true, false]);
  });

  it('tells a writer that waits for room once, when there is some', () => {
    const { writer, reader } = pair(256);
    while (put(writer, 28, 1));
    expect(writer.waitForRoom()).toBe(true);
    take(reader, 1);
    expect([reader.writerWaits(), reader.writerWaits()]).toEqual([true, false]);
    expect(put(writer, 28, 2)).toBe(true);
    expect(writer.reserve(28)).toBe(-1);
    take(reader, 1);
    expect(writer.waitForRoom()).toBe(false);
    expect(reader.writerWaits()).toBe(false);
  });

  it('refuses sizes that are none, records that never fit, and commits beyond the room', () => {
    for (const size of [0, 128, 300, 2 ** 31, Number.NaN, 256.5])
      expect(codeOf(() => createRing(size))).toBe('ERR_ARGUMENT');
    expect(codeOf(() => new RingReader(new SharedArrayBuffer(1000)))).toBe('ERR_ARGUMENT');
    const { writer } = pair(256);
    for (const bytes of [-1, writer.maxRecord + 1, Number.NaN])
      expect(codeOf(() => writer.reserve(bytes))).toBe('ERR_ARGUMENT');
    expect(codeOf(() => writer.commit(0))).toBe('ERR_ARGUMENT');
    writer.reserve(4);
    for (const bytes of [-1, 253, Number.NaN])
      expect(codeOf(() => writer.commit(bytes))).toBe('ERR_ARGUMENT');
  });

  it.each([
    { size: 256, records: 20_000, step: 1 },
    { size: 4096, records: 20_000, step: 1 },
    { size: 4096, records: 20_000, step: 5 },
    { size: 262_144, records: 20_000, step: 1 },
    { size: 262_144, records: 20_000, step: 50 },
  ])(
    'loses, doubles and disorders nothing between two threads ($size bytes, $step confirmed at once)',
    async ({ size, records, step }) => {
      const memory = createRing(size);
      const reader = new RingReader(memory);
      const largest = Math.min(maxRecordOf(memory), 2000);
      const seed = 42;
      const { outputFiles } = buildSync({
        entryPoints: [fileURLToPath(new URL('./ring-writer.ts', import.meta.url))],
        bundle: true,
        platform: 'node',
        write: false,
      });
      const worker = new Worker(outputFiles[0]?.text as string, {
        eval: true,
        workerData: { memory, records, seed, largest, step },
      });
      const ended = new Promise<number>((resolve, reject) => worker.on('exit', resolve).on('error', reject));
      let state = seed;
      let next = 0;
      const check = (start: number, end: number): void => {
        const { bytes, view } = reader.region;
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        if (end - start !== 4 + ((state >>> 8) % (largest - 3)))
          throw new Error(`record ${next}: wrong size ${end - start}`);
        if (view.getInt32(start, true) !== next)
          throw new Error(`record ${view.getInt32(start, true)} instead of ${next}`);
        for (let i = 4; i < end - start; i++)
          if (bytes[start + i] !== ((next + i) & 255)) throw new Error(`record ${next}: wrong bytes`);
        next++;
      };
      const drain = (): void => {
        do {
          reader.read(check, 1 + (next % 50));
          if (reader.writerWaits()) worker.postMessage('room');
        } while (reader.hasRecords || !reader.sleep());
        if (reader.writerWaits()) worker.postMessage('room');
        if (next === records) worker.postMessage('end');
      };
      worker.on('message', drain);
      drain();
      expect(await ended).toBe(0);
      expect(next).toBe(records);
    },
  );
});
