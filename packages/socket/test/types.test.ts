import type { Skynet } from '@skynet/core';
import { expectTypeOf, test } from 'vitest';
import { createSocket, type SocketApi, type WriteData } from '../src/index.ts';

declare const skynet: Skynet;

// The functions are never called: only what the compiler makes of them counts.
test('reading gives text unless bytes are asked for', () => {
  const text = () => createSocket(skynet);
  const timed = () => createSocket(skynet, { idleTimeout: '5s' });
  const latin1 = () => createSocket(skynet, { encoding: 'latin1' }).readAll(1);
  const bytes = () => createSocket(skynet, { encoding: 'bytes' }).readAll(1);
  expectTypeOf(text).returns.toEqualTypeOf<SocketApi<'utf8'>>();
  expectTypeOf(timed).returns.toEqualTypeOf<SocketApi<'utf8'>>();
  expectTypeOf(latin1).returns.resolves.toEqualTypeOf<string | undefined>();
  expectTypeOf(bytes).returns.resolves.toEqualTypeOf<Buffer | undefined>();
});

test('the two halves of a result narrow each other', () => {
  async function lines(socket: SocketApi): Promise<void> {
    const [line, rest] = await socket.readLine(1);
    if (line === undefined) expectTypeOf(rest).toEqualTypeOf<string>();
    else expectTypeOf(line).toEqualTypeOf<string>();
  }
  expectTypeOf(lines).parameter(0).toEqualTypeOf<SocketApi>();
});

test('what can be written', () => {
  expectTypeOf<string | number | Uint8Array | (string | number | Buffer)[]>().toExtend<WriteData>();
  expectTypeOf<{ a: 1 }>().not.toExtend<WriteData>();
  expectTypeOf<string[][]>().not.toExtend<WriteData>();
});
