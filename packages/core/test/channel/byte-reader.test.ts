import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../src/channel/index.ts';
import { SkynetError } from '../../src/errors.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('a byte reader', () => {
  test('waits for what is asked: a number of bytes, a line, anything', async () => {
    const reader = new ByteReader();
    const five = reader.read(5);
    reader.push(Buffer.from('hel'));
    reader.push(Buffer.from('lo one\r'));
    expect(text(await five)).toBe('hello');
    const line = reader.readLine(Buffer.from('\r\n'));
    reader.push(Buffer.from('\nrest'));
    expect(text(await line)).toBe(' one');
    expect(text(await reader.read())).toBe('rest');
    expect(text(await reader.read(0))).toBe('');
  });

  test('at the end what is there can be read, then it fails with the reason', async () => {
    const reader = new ByteReader();
    reader.push(Buffer.from('line\nhalf'));
    reader.end(new SkynetError('ERR_CONNECTION_RESET', 'broken'));
    reader.push(Buffer.from('too late\n'));
    expect(text(await reader.readLine())).toBe('line');
    await expect(reader.readLine()).rejects.toMatchObject({ code: 'ERR_CONNECTION_RESET' });
    expect(text(await reader.read())).toBe('half');
  });

  test('the one who waits hears of the end', async () => {
    const reader = new ByteReader();
    const waiting = reader.read(3);
    reader.push(Buffer.from('ab'));
    reader.end();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  });

  test('what does not fit, and nonsense, has a code', async () => {
    const reader = new ByteReader({ limit: 10 });
    await expect(reader.read(11)).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    await expect(reader.read(-1)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(reader.read(1.5)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(reader.readLine(Buffer.alloc(0))).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(() => new ByteReader({ limit: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    const line = reader.readLine();
    await expect(reader.read(1)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    reader.push(Buffer.from('no line in sight'));
    await expect(line).rejects.toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
  });

  test('pauses its source while nobody takes what comes', async () => {
    const calls: string[] = [];
    const source = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
    const reader = new ByteReader({ source });
    reader.push(Buffer.alloc(200_000));
    reader.push(Buffer.alloc(200_000));
    expect(calls).toEqual(['pause']);
    await reader.read(300_000);
    const rest = reader.read(150_000);
    expect(calls).toEqual(['pause', 'resume']);
    reader.push(Buffer.alloc(50_000));
    expect((await rest).length).toBe(150_000);
  });

  test('however a stream is cut, lines and pieces come out whole', async () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '\n'), { maxLength: 60 }).map((each) => each.join(''));
    await fc.assert(
      fc.asyncProperty(letters, fc.array(fc.nat(9), { minLength: 1 }), async (stream, cuts) => {
        const reader = new ByteReader();
        const lines: string[] = [];
        const done = (async () => {
          for (;;) lines.push(text(await reader.readLine()));
        })().catch(() => {});
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const size = 1 + (cuts[i % cuts.length] as number);
          reader.push(Buffer.from(stream.slice(at, at + size)));
          at += size;
          await Promise.resolve();
        }
        reader.end();
        await done;
        expect(lines).toEqual(stream.split('\n').slice(0, -1));
      }),
    );
  });
});
