import { expect, test } from 'vitest';
import type { LogOutput, Written } from '../../src/log/log-output.ts';
import { LogWriter } from '../../src/log/log-writer.ts';

/** An output that the test lets go on. */
class HeldOutput implements LogOutput {
  text = '';
  now = '';
  reopened = 0;
  mayRecover = true;
  #held: { bytes: Buffer; done: Written } | undefined;
  #asked: (() => void) | undefined;

  write(bytes: Buffer, done: Written): void {
    this.#held = { bytes, done };
    this.#asked?.();
  }

  writeNow(bytes: Buffer): void {
    this.now += bytes.toString();
  }

  reopen(): void {
    this.reopened++;
    this.text += '(reopened)';
  }

  get isAsked(): boolean {
    return this.#held !== undefined;
  }

  async asked(): Promise<void> {
    if (this.#held === undefined)
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    this.#asked = undefined;
  }

  /** Lets so many bytes of what was asked for through, all by default. */
  async pass(bytes?: number): Promise<void> {
    await this.asked();
    const { bytes: piece, done } = this.#held as { bytes: Buffer; done: Written };
    this.#held = undefined;
    const part = piece.subarray(0, bytes ?? piece.length);
    this.text += part.toString();
    done(null, part.length);
  }

  async fail(reason: string): Promise<void> {
    await this.asked();
    const { done } = this.#held as { done: Written };
    this.#held = undefined;
    done(new Error(reason), 0);
  }
}

function setup(): { output: HeldOutput; writer: LogWriter; failures: string[] } {
  const output = new HeldOutput();
  const failures: string[] = [];
  const writer = new LogWriter(output, {
    gap: (lost, reason) => `(${lost} lost: ${reason})\n`,
    failed: (reason) => failures.push(reason),
  });
  return { output, writer, failures };
}

test('lines of one turn leave in one write; what comes meanwhile in the next', async () => {
  const { output, writer } = setup();
  writer.add('a\n');
  writer.add('b\n');
  await output.asked();
  writer.add('c\n');
  await output.pass();
  expect(output.text).toBe('a\nb\n');
  await output.pass();
  expect(output.text).toBe('a\nb\nc\n');
});

test('a short write goes on where it ended; the file is opened anew behind the lines that came before', async () => {
  const { output, writer } = setup();
  writer.add('before\n');
  writer.reopen();
  writer.add('after\n');
  await output.pass(3);
  await output.pass();
  await output.pass();
  expect(output.text).toBe('before\n(reopened)after\n');
});

test('a full disk is tried again; nothing that fits is lost, and the log says that it was interrupted', async () => {
  const { output, writer, failures } = setup();
  writer.add('a\nb\n');
  await output.pass(3);
  await output.fail('ENOSPC');
  writer.add('c\n');
  // A second later by itself, or when the file is to be opened anew.
  await output.fail('ENOSPC');
  writer.reopen();
  await output.pass();
  await output.pass();
  expect(output.text).toBe('a\nb\nc\n(0 lost: ENOSPC)\n');
  expect(failures).toEqual(['ENOSPC']);
  writer.add('d\n');
  await output.pass();
  expect(output.text).toBe('a\nb\nc\n(0 lost: ENOSPC)\nd\n');
});

test.each(['an output nobody reads', 'a disk that stays full'])(
  '%s: what waits has a limit, and what was lost is counted at its place',
  async (what) => {
    const { output, writer } = setup();
    const line = `${'x'.repeat(1023)}\n`;
    const isFull = what.startsWith('a disk');
    writer.add(line);
    if (isFull) await output.fail('ENOSPC');
    else await output.asked();
    for (let i = 0; i < 20_000; i++) writer.add(line);
    if (isFull) writer.reopen();
    const flushed = writer.flush();
    let isFlushed = false;
    void flushed.then(() => {
      isFlushed = true;
    });
    while (!isFlushed) await (output.isAsked ? output.pass() : new Promise(setImmediate));
    const lines = output.text.split('\n').filter((text) => text !== '');
    const gaps = lines.filter((text) => text.startsWith('('));
    const reason = isFull ? 'ENOSPC' : 'nobody took them';
    expect(gaps).toEqual([`(${20_001 - (lines.length - 1)} lost: ${reason})`]);
    expect(lines.length - 1).toBeGreaterThanOrEqual(16 * 1024);
    expect(lines.length - 1).toBeLessThan(16 * 1024 + 10);
  },
);

test('an output that is gone for good costs its lines, and keeps nobody from stopping', async () => {
  const { output, writer } = setup();
  output.mayRecover = false;
  writer.add('a\n');
  await output.fail('EPIPE');
  writer.add('b\n');
  await writer.flush();
  expect(output.isAsked).toBe(false);
});

test('the last lines are tried once more and then given up, when the node stops on a full disk', async () => {
  const { output, writer } = setup();
  writer.add('a\n');
  await output.fail('ENOSPC');
  const flushed = writer.flush();
  await output.fail('ENOSPC');
  await flushed;
});

test('nobody who reads no more keeps a node from stopping', async () => {
  const { output, writer } = setup();
  writer.add('a\n');
  await output.asked();
  await writer.flush();
});

test('when the process ends at once, what waits is written without the event loop', async () => {
  const { output, writer } = setup();
  writer.add('a\n');
  writer.reopen();
  writer.add('b\n');
  writer.writeNow();
  writer.writeNow();
  expect(output.now).toBe('a\nb\n');
  const held = setup();
  held.writer.add('under way\n');
  await held.output.asked();
  held.writer.add('behind it\n');
  held.writer.writeNow();
  expect(held.output.now).toBe('behind it\n');
});
