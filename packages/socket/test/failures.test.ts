import type { Skynet } from '@skynet/core';
import { describe, expect, test } from 'vitest';
import { firstLine } from '../../core/test/failure-places.ts';
import { createSocket, type SocketApi } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

type Failing = (socket: SocketApi, skynet: Skynet) => Promise<unknown>;

/** Ways to fail, with their codes; the line that waits says `// here`. */
const failures: Record<string, readonly [code: string, fail: Failing]> = {
  'open refused': [
    'ERR_CONNECT',
    async (socket) => {
      await socket.open('127.0.0.1', 1); // here
    },
  ],
  'open of an address without port': [
    'ERR_ADDRESS_INVALID',
    async (socket) => {
      await socket.open('127.0.0.1'); // here
    },
  ],
  'listen where somebody listens': [
    'ERR_LISTEN',
    async (socket) => {
      const { port } = socket.localAddress(await socket.listen('127.0.0.1', 0));
      await socket.listen('127.0.0.1', port); // here
    },
  ],
  'read of an unknown id': [
    'ERR_SOCKET_ID',
    async (socket) => {
      await socket.read(987); // here
    },
  ],
  'read of a negative size': [
    'ERR_ARGUMENT',
    async (socket) => {
      await socket.read(987, -1); // here
    },
  ],
  'two reads at once': [
    'ERR_SOCKET_BUSY',
    async (socket, skynet) => {
      const listener = await socket.listen('127.0.0.1', 0);
      await socket.start(listener, () => {});
      const id = await socket.open('127.0.0.1', socket.localAddress(listener).port);
      skynet.fork(() => socket.read(id));
      await skynet.yield();
      await socket.readLine(id); // here
    },
  ],
  'start of an unknown id': [
    'ERR_SOCKET_ID',
    async (socket) => {
      await socket.start(987); // here
    },
  ],
  'udp where somebody is': [
    'ERR_LISTEN',
    async (socket) => {
      const { port } = socket.localAddress(await socket.udp(() => {}, '127.0.0.1', 0));
      await socket.udp(() => {}, '127.0.0.1', port); // here
    },
  ],
  'a name that nobody has': [
    'ERR_SOCKET_LOOKUP',
    async (socket) => {
      await socket.resolve('no-such-host.invalid'); // here
    },
  ],
};

describe('the stack of a failure begins where it was waited for', () => {
  test.each(Object.entries(failures))('%s', async (_name, [code, fail]) => {
    const skynet = await livingService(await testNode());
    const error = await fail(createSocket(skynet), skynet).then(
      () => undefined,
      (thrown: Error & { code: string }) => thrown,
    );
    expect(error?.code).toBe(code);
    expect(firstLine(error?.stack ?? ''), error?.stack).toMatch(/\/\/ here$/);
  });
});
