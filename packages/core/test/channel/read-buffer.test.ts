import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReadBuffer } from '../../src/channel/read-buffer.ts';

function filled(...pieces: string[]): ReadBuffer {
  const buffer = new ReadBuffer();
  for (const piece of pieces) buffer.push(Buffer.from(piece));
  return buffer;
}

const line = (buffer: ReadBuffer, separator = '\n'): string | undefined =>
  buffer.takeLine(Buffer.from(separator))?.toString();

describe('ReadBuffer', () => {
  test('takes what was pushed, in any portions', () => {
    const buffer = filled('hello', ' ', 'world');
    expect(buffer.size).toBe(11);
    expect(buffer.take(7).toString()).toBe('hello w');
    expect(buffer.take(4).toString()).toBe('orld');
    expect(buffer.size).toBe(0);
    expect(() => buffer.take(1)).toThrow(RangeError);
  });

  test('copies what is pushed', () => {
    const source = Buffer.from('abc');
    const buffer = new ReadBuffer();
    buffer.push(source);
    source.fill(0);
    expect(buffer.take(3).toString()).toBe('abc');
  });

  test('what was taken does not change when more comes', () => {
    const buffer = filled('ab', 'cd', 'efgh');
    const taken = buffer.take(3);
    buffer.push(Buffer.from('x'.repeat(100)));
    buffer.take(50);
    buffer.push(Buffer.from('y'.repeat(100)));
    expect(taken.toString()).toBe('abc');
  });

  test('finds a separator that straddles pieces', () => {
    const buffer = filled('one\r');
    expect(line(buffer, '\r\n')).toBeUndefined();
    buffer.push(Buffer.from('\ntwo\r'));
    expect(line(buffer, '\r\n')).toBe('one');
    expect(line(buffer, '\r\n')).toBeUndefined();
    buffer.push(Buffer.from('x\r\n'));
    expect(line(buffer, '\r\n')).toBe('two\rx');
  });

  test('an empty line is a line', () => {
    const buffer = filled('\n\na\n');
    expect([line(buffer), line(buffer), line(buffer), line(buffer)]).toEqual(['', '', 'a', undefined]);
  });

  test('the separator may change from line to line', () => {
    const buffer = filled('a;b\nc;');
    expect(line(buffer)).toBe('a;b');
    expect(line(buffer)).toBeUndefined();
    expect(line(buffer, ';')).toBe('c');
  });

  test('tail shows the end across pieces', () => {
    expect(Buffer.from(filled('a', 'b', 'c', 'd').tail(3)).toString()).toBe('bcd');
    expect(filled('a').tail(3)).toHaveLength(1);
  });

  test('so many bytes as are expected are one piece', () => {
    const buffer = new ReadBuffer();
    buffer.expect(6);
    for (const piece of ['abc', 'd', 'ef', 'g']) buffer.push(Buffer.from(piece));
    expect(buffer.takePiece()?.toString()).toBe('abcdef');
    expect(buffer.takePiece()?.toString()).toBe('g');
    expect(buffer.takePiece()).toBeUndefined();
  });

  test('a flood of single bytes is few pieces', () => {
    const buffer = new ReadBuffer();
    for (let i = 0; i < 100_000; i++) buffer.push(Buffer.of(i));
    const pieces: Buffer[] = [];
    for (let piece = buffer.takePiece(); piece !== undefined; piece = buffer.takePiece()) pieces.push(piece);
    expect(pieces.length).toBeLessThan(30);
    expect(Buffer.concat(pieces)).toEqual(Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => i)));
  });

  test('a flood of single bytes costs memory like its bytes', () => {
    const buffer = new ReadBuffer();
    const one = Buffer.from('x');
    for (let i = 0; i < 100_000; i++) buffer.push(one);
    expect(buffer.size).toBe(100_000);
    expect(buffer.take(100_000).equals(Buffer.alloc(100_000, 'x'))).toBe(true);
  });

  test('lines come out as split would cut the whole, however the bytes are cut', () => {
    const alphabet = fc.constantFrom('a', 'b', '\r', '\n');
    const separator = fc.array(alphabet, { minLength: 1, maxLength: 4 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(fc.array(fc.array(alphabet, { maxLength: 9 })), separator, (pieces, sep) => {
        const buffer = new ReadBuffer();
        const lines: string[] = [];
        for (const piece of pieces) {
          buffer.push(Buffer.from(piece.join('')));
          for (let next = line(buffer, sep); next !== undefined; next = line(buffer, sep)) lines.push(next);
        }
        const rest = buffer.take(buffer.size).toString();
        expect([...lines, rest]).toEqual(pieces.flat().join('').split(sep));
      }),
      { numRuns: 3000 },
    );
  });

  test('behaves as one long string under any mixture of operations', () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('push' as const),
        text: fc.string({ maxLength: 5000 }).map((text) => text.replace(/[^a-c\n]/g, 'a')),
      }),
      fc.record({ kind: fc.constant('take' as const), count: fc.nat(6000) }),
      fc.record({ kind: fc.constant('line' as const), separator: fc.constantFrom('\n', 'aa', 'ab', 'aab') }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const buffer = new ReadBuffer();
        let model = '';
        for (const op of operations) {
          if (op.kind === 'push') {
            buffer.push(Buffer.from(op.text));
            model += op.text;
          } else if (op.kind === 'take') {
            const count = Math.min(op.count, model.length);
            expect(buffer.take(count).toString()).toBe(model.slice(0, count));
            model = model.slice(count);
          } else {
            const at = model.indexOf(op.separator);
            expect(line(buffer, op.separator)).toBe(at === -1 ? undefined : model.slice(0, at));
            if (at !== -1) model = model.slice(at + op.separator.length);
          }
          expect(buffer.size).toBe(model.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
