import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Happenings, RecordingReceiver } from '@skynet/core/testing';
import { createTransports } from '@skynet/core/transport';
import { type WsOptions, ws } from '@skynet/core/ws';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { frame, type RawClient, rawClient } from './raw-client.ts';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const CONTINUATION = 0;
/** More than any system buffers for a connection. */
const MUCH = 256 << 20;

let accepted = new Happenings<RecordingReceiver>('connections');

/** A listener that echoes; resolves to its port. */
async function echo(options: WsOptions = {}): Promise<number> {
  const listener = await createTransports([ws(options)]).listen('ws://127.0.0.1:0', {}, (connection) => {
    const heard = new RecordingReceiver();
    heard.onData = (chunk) => connection.write(chunk.slice());
    connection.start(heard);
    onTestFinished(() => connection.destroy());
    accepted.add(heard);
  });
  onTestFinished(() => listener.close());
  return listener.port;
}

/** Writes a block again and again until the connection is over; how much was taken. */
async function flood({ socket, closed }: RawClient, block: Buffer): Promise<number> {
  let over = false;
  void closed.then(() => {
    over = true;
  });
  let sent = 0;
  while (!over && sent < MUCH) {
    sent += block.length;
    if (!socket.write(block)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
  }
  return sent;
}

async function expectServed(port: number): Promise<void> {
  const { socket, frames } = await rawClient(port);
  socket.write(frame(BINARY, 'alive'));
  const { data } = await frames.find(({ opcode }) => opcode === BINARY, 'the echo');
  expect(data.toString()).toBe('alive');
}

beforeEach(() => {
  accepted = new Happenings('connections');
});

describe('what one connection can take is bounded', () => {
  it('closes on who pings without end and reads no answer', async () => {
    const port = await echo();
    const client = await rawClient(port);
    client.socket.pause();
    const sent = flood(client, Buffer.concat(Array<Buffer>(2000).fill(frame(PING, 'y'.repeat(125)))));
    const [heard] = await accepted.count(1);
    await heard?.event('closed');
    client.socket.destroy();
    expect(await sent).toBeLessThan(MUCH);
    await expectServed(port);
  });

  it.each([
    ['of one byte', 'x'],
    ['of nothing', ''],
  ])('closes on a message in fragments %s without end', async (_, data) => {
    const port = await echo();
    const client = await rawClient(port);
    client.socket.write(frame(BINARY, 'x', { fin: false }));
    const block = Buffer.concat(Array<Buffer>(1000).fill(frame(CONTINUATION, data, { fin: false })));
    const sent = flood(client, block);
    expect(await client.closeCode()).toBe(1008);
    const [heard] = await accepted.count(1);
    await heard?.event('closed');
    expect(heard?.events).toEqual(['error ERR_CONNECTION_RESET', 'closed']);
    expect(heard?.received).toBe(0);
    client.socket.destroy();
    expect(await sent).toBeLessThan(MUCH);
    await expectServed(port);
  });

  it('closes on a message whose fragments become too large together', async () => {
    const port = await echo({ maxPayload: 1000 });
    const client = await rawClient(port);
    client.socket.write(frame(BINARY, 'x'.repeat(600), { fin: false }));
    client.socket.write(frame(CONTINUATION, 'x'.repeat(600), { fin: false }));
    expect(await client.closeCode()).toBe(1009);
    const [heard] = await accepted.count(1);
    await heard?.event('closed');
    expect(heard?.events).toEqual(['error ERR_FRAME_TOO_LARGE', 'closed']);
  });

  it('takes the library only in versions that see to that, which are those that are tested', () => {
    const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');
    const { peerDependencies } = JSON.parse(read('../../package.json')) as {
      peerDependencies: Record<string, string>;
    };
    const tested = /^ {2}ws: (.*)$/m.exec(read('../../../../pnpm-workspace.yaml'))?.[1];
    expect(peerDependencies.ws).toBe(tested);
  });
});

describe('frames', () => {
  it('may have others between their fragments, and come byte by byte', async () => {
    const { socket, frames } = await rawClient(await echo());
    socket.write(
      Buffer.concat([
        frame(BINARY, 'ab', { fin: false }),
        frame(PING, 'are you there'),
        frame(CONTINUATION, 'cd', { fin: false }),
        frame(CONTINUATION, 'ef'),
      ]),
    );
    const pong = await frames.find(({ opcode }) => opcode === PONG, 'a pong');
    expect(pong.data.toString()).toBe('are you there');
    const whole = await frames.find(({ opcode }) => opcode === BINARY, 'the echo');
    expect(whole.data.toString()).toBe('abcdef');
    for (const byte of frame(BINARY, 'slowly')) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await frames.find(({ data }) => data.toString() === 'slowly', 'the slow frame');
  });

  it.each<[string, Buffer, number | readonly number[]]>([
    ['without a mask', frame(BINARY, 'x', { mask: false }), 1002],
    ['with a reserved bit', frame(BINARY, 'x', { reserved: 4 }), 1002],
    ['that continue nothing', frame(CONTINUATION, 'x'), 1002],
    ['of an unknown kind', frame(3, 'x'), 1002],
    ['that ping with too much', frame(PING, 'x'.repeat(200)), 1002],
    ['that ping in fragments', frame(PING, 'x', { fin: false }), 1002],
    ['with text that is no UTF-8', frame(TEXT, Buffer.of(0xc3, 0x28)), [1003, 1007]],
    ['with text', frame(TEXT, 'hi'), 1003],
    ['that announce 2 MiB', frame(BINARY, 'x', { announce: 2 << 20 }), 1009],
    ['that announce 2^62 bytes', frame(BINARY, 'x', { announce: 2 ** 62 }), 1009],
    ['that close with 1005', frame(CLOSE, Buffer.of(0x03, 0xed)), 1002],
    ['that close with half a code', frame(CLOSE, Buffer.of(3)), 1002],
    ['that close with 4000', frame(CLOSE, Buffer.of(0x0f, 0xa0)), 4000],
  ])('%s end the connection', async (_, bytes, code) => {
    const port = await echo();
    const client = await rawClient(port);
    client.socket.write(bytes);
    expect([code].flat()).toContain(await client.closeCode());
    client.socket.end();
    const [heard] = await accepted.count(1);
    await heard?.event('closed');
    expect(heard?.received).toBe(0);
    await expectServed(port);
  });
});

describe('a request for an upgrade', () => {
  it.each<[string, Record<string, string | undefined>, readonly number[]]>([
    ['an extension with a name of Object.prototype', { 'Sec-WebSocket-Extensions': 'constructor' }, [101]],
    ['extensions that are none', { 'Sec-WebSocket-Extensions': ',;constructor' }, [101, 400]],
    ['parameters with such names', { 'Sec-WebSocket-Extensions': '__proto__; toString=1' }, [101]],
    [
      'compression offered',
      { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
      [101],
    ],
    ['version 99', { 'Sec-WebSocket-Version': '99' }, [400, 426]],
    ['no key', { 'Sec-WebSocket-Key': undefined }, [400]],
    ['a short key', { 'Sec-WebSocket-Key': 'test' }, [400]],
    ['a header of 20 KB', { 'X-Long': 'a'.repeat(20_000) }, [431, 0]],
    ['a subprotocol', { 'Sec-WebSocket-Protocol': 'binary' }, [101]],
    ['another protocol', { Upgrade: 'h2c' }, [400, 426]],
    ['what Firefox sends', { Connection: 'keep-alive, Upgrade' }, [101]],
    ['small letters', { Connection: 'upgrade' }, [101]],
    ['capitals', { Connection: 'Keep-Alive, UPGRADE', Upgrade: 'WEBSOCKET' }, [101]],
  ])('with %s', async (_, headers, statuses) => {
    const port = await echo();
    const client = await rawClient(port, headers);
    expect(statuses).toContain(client.status);
    // Nothing that was offered is used.
    expect(client.head).not.toMatch(/sec-websocket-extensions/i);
    await expectServed(port);
  });

  it('for a whole address', async () => {
    const port = await echo();
    expect((await rawClient(port, {}, `http://127.0.0.1:${port}/`)).status).toBe(101);
  });
});
