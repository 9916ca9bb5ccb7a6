import { execFileSync } from 'node:child_process';
import { constants, openSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RecordingReceiver } from '@skynet/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DescriptorConnection } from '../src/descriptor-connection.ts';
import { createSocket } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'skynet-socket-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('bind', () => {
  test('reads a file to its end', async () => {
    const file = path.join(folder, 'text');
    writeFileSync(file, 'one\ntwo\nrest');
    const socket = createSocket(await livingService(await testNode()));
    const id = await socket.bind(openSync(file, 'r'));
    expect(await socket.readLine(id)).toEqual(['one', undefined]);
    expect(await socket.readLine(id)).toEqual(['two', undefined]);
    expect(await socket.readLine(id)).toEqual([undefined, 'rest']);
    await socket.close(id);
    expect(socket.invalid(id)).toBe(true);
  });

  test('a number that is no descriptor', async () => {
    const socket = createSocket(await livingService(await testNode()));
    await expect(socket.bind(-1)).rejects.toMatchObject({ code: 'ERR_SOCKET_DESCRIPTOR' });
    await expect(socket.bind(1_000_000)).rejects.toMatchObject({
      code: 'ERR_SOCKET_DESCRIPTOR',
      message: 'descriptor 1000000: Bad file descriptor',
    });
  });
});

test('writes what fits, and refuses what a connection refuses', async () => {
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const connection = DescriptorConnection.open(openSync(file, constants.O_RDWR));
  const heard = new RecordingReceiver();
  connection.start(heard);
  expect(() => connection.write('text' as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  expect(() => connection.writeFrame('text' as never, 2)).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT' }),
  );
  expect(() => connection.writeFrame(new Uint8Array(65_536), 2)).toThrow(
    expect.objectContaining({
      code: 'ERR_FRAME_TOO_LARGE',
      message: 'a frame of 65536 bytes does not fit a header of two bytes',
      details: { size: 65_536, limit: 65_535 },
    }),
  );
  connection.writeFrame(Buffer.from('ab'), 2);
  connection.writeFrame(Buffer.from('cd'), 4);
  // A pipe opened both ways gives back what is written.
  expect((await heard.size(10)).toString('latin1')).toBe('\0\x02ab\0\0\0\x02cd');
  connection.destroy();
  await heard.event('closed');
});
