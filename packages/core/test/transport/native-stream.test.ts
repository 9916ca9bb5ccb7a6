import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { RecordingReceiver } from '@skynet/core/testing';
import { createTransports, tcp } from '@skynet/core/transport';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  handleOf,
  isNativeHandle,
  type NativeHandle,
  type NativeName,
  nativeStreams,
  takeHandle,
} from '../../src/transport/native-stream.ts';

const host = process as unknown as { binding: (name: string) => unknown };

/** Echoes one message through a transport. */
async function echoed(): Promise<string> {
  const transports = createTransports([tcp()]);
  const listener = await transports.listen('127.0.0.1:0', {}, (connection) => {
    const heard = new RecordingReceiver();
    heard.onData = (chunk) => connection.write(chunk);
    connection.start(heard);
  });
  const connection = await transports.connect(listener.url);
  const heard = new RecordingReceiver();
  connection.start(heard);
  connection.write(Buffer.from('hello'));
  const answer = (await heard.size(5)).toString();
  connection.close();
  await heard.event('closed');
  await listener.close();
  return answer;
}

describe('the handles of Node', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('are as expected in this version', () => {
    expect(nativeStreams()).toBeDefined();
  });

  it.each<[string, () => unknown]>([
    [
      'cannot be had',
      () => {
        throw new Error('access denied');
      },
    ],
    ['are gone', () => undefined],
    ['have changed', () => ({ WriteWrap: class {}, ShutdownWrap: class {}, streamBaseState: [] })],
  ])('are left alone where they %s', async (_, binding) => {
    vi.spyOn(host, 'binding').mockImplementation(binding);
    expect(nativeStreams()).toBeUndefined();
    await expect(echoed()).resolves.toBe('hello');
  });

  it('forget the socket that they are taken from, and live on when it is destroyed', async () => {
    const server = createServer((peer) => peer.on('error', () => {})).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1').pause();
    await once(socket, 'connect');
    const handle = handleOf(socket) as NativeHandle & Record<symbol, unknown>;
    expect(isNativeHandle(handle)).toBe(true);
    takeHandle(socket, handle);
    socket.destroy();
    for (const symbol of Object.getOwnPropertySymbols(handle)) expect(handle[symbol]).not.toBe(socket);
    expect(handleOf(socket)).toBe(null);
    const name: NativeName = {};
    handle.getpeername?.(name);
    expect(name.port).toBe((server.address() as { port: number }).port);
    await new Promise<void>((resolve) => handle.close(resolve));
    server.close();
  });

  it('are told from other things', () => {
    expect(isNativeHandle(undefined)).toBe(false);
    expect(isNativeHandle(null)).toBe(false);
    expect(isNativeHandle({ onread: undefined, readStart: () => 0 })).toBe(false);
  });
});
