import { openSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
