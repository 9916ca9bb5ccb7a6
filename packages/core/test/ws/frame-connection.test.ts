import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Happenings, RecordingReceiver } from '@skynet/core/testing';
import { type Connection, createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { certificate } from '../transport/certificate.ts';
import { frame, RawClient, rawClient } from './raw-client.ts';
import { listen, stranger } from './ws-listener.ts';

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

function closing(code: number, reason = ''): Buffer {
  return frame(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]));
}

describe('a connection of frames', () => {
  it('reads frames that come together with the request', async () => {
    const { port, next } = await listen();
    const key = randomBytes(16).toString('base64');
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const client = new RawClient(socket);
    const request = [
      'GET / HTTP/1.1',
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      '\r\n',
    ].join('\r\n');
    const early = Buffer.concat([frame(BINARY, 'early'), frame(PING, 'up?'), frame(BINARY, 'later')]);
    socket.write(Buffer.concat([Buffer.from(request), early.subarray(0, early.length - 3)]));
    const { heard } = await next();
    expect((await heard.size(5)).toString()).toBe('early');
    expect((await client.frames.find(({ opcode }) => opcode === PONG, 'a pong')).data.toString()).toBe('up?');
    socket.write(early.subarray(-3));
    expect((await heard.size(10)).toString()).toBe('earlylater');
    const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    expect(client.head).toContain(`Sec-WebSocket-Accept: ${proof}`);
  });

  it('takes the first of the protocols that are offered, and refuses what is none', async () => {
    const { port } = await listen();
    const taken = await rawClient(port, { 'Sec-WebSocket-Protocol': 'game.v2, game.v1' });
    expect(taken.head).toMatch(/^Sec-WebSocket-Protocol: game\.v2$/m);
    for (const bad of ['a,,b', ',a', 'a b', 'a, a', 'a;b', '']) {
      const client = await rawClient(port, { 'Sec-WebSocket-Protocol': bad });
      expect([bad, client.status]).toEqual([bad, 400]);
    }
  });

  it('tells which versions it speaks, and that upgrades are asked for with GET', async () => {
    const { port } = await listen();
    const old = await rawClient(port, { 'Sec-WebSocket-Version': '7' });
    expect([old.status, /^sec-websocket-version: 13, 8$/im.test(old.head)]).toEqual([400, true]);
    expect((await rawClient(port, { 'Sec-WebSocket-Version': '8' })).status).toBe(101);
  });

  it('answers every ping with what it said, in order, between and behind messages', async () => {
    const { port, next } = await listen();
    const { socket, frames } = await rawClient(port);
    const pings = Array.from({ length: 300 }, (_, i) => [frame(PING, `${i}`), frame(BINARY, 'x')]).flat();
    socket.write(
      Buffer.concat([
        frame(BINARY, 'a', { fin: false }),
        frame(PING, 'in'),
        frame(CONTINUATION, 'b'),
        ...pings,
      ]),
    );
    const came = await frames.count(301);
    expect(came.map(({ opcode, data }) => `${opcode} ${data}`)).toEqual(
      ['in', ...Array.from({ length: 300 }, (_, i) => i)].map((word) => `${PONG} ${word}`),
    );
    const { heard } = await next();
    expect((await heard.size(302)).toString()).toBe(`ab${'x'.repeat(300)}`);
  });

  it.each([
    [1000, '', ['end', 'closed']],
    [1001, 'bye', ['end', 'closed']],
    [3000, 'café', ['error ERR_CONNECTION_RESET', 'closed']],
    [4999, 'x'.repeat(123), ['error ERR_CONNECTION_RESET', 'closed']],
  ])('gives a close frame with %i back, and ends', async (code, reason, events) => {
    const { port, next } = await listen();
    const { socket, frames } = await rawClient(port);
    const { connection, heard } = await next();
    connection.write(Buffer.from('last words'));
    socket.write(Buffer.concat([frame(BINARY, 'before'), closing(code, reason), frame(BINARY, 'behind')]));
    const { data } = await frames.find(({ opcode }) => opcode === CLOSE, 'a close frame');
    expect([data.readUInt16BE(0), data.toString('utf8', 2)]).toEqual([code, reason]);
    await once(socket, 'end');
    socket.end();
    await heard.event('closed');
    expect(heard.events).toEqual(events);
    expect(heard.bytes.toString()).toBe('before');
    expect((await frames.count(2)).map(({ opcode }) => opcode)).toEqual([BINARY, CLOSE]);
  });

  it('gives an empty close frame back empty', async () => {
    const { port, next } = await listen();
    const { socket, frames } = await rawClient(port);
    socket.write(frame(CLOSE, ''));
    expect((await frames.find(({ opcode }) => opcode === CLOSE, 'a close frame')).data).toHaveLength(0);
    const { heard } = await next();
    await heard.event('closed');
    expect(heard.events).toEqual(['end', 'closed']);
  });

  it('waits a while only for who does not answer its close frame', async () => {
    const { port, next } = await listen();
    const client = await rawClient(port);
    const { connection, heard } = await next();
    connection.write(Buffer.from('bye'));
    connection.close(300);
    expect(await client.closeCode()).toBe(1000);
    await heard.event('closed');
    expect(heard.events).toEqual(['closed']);
    await client.closed;
  });

  it('waits until a peer that has closed has read everything, though it goes on sending', async () => {
    const { port, next } = await listen();
    const client = await rawClient(port);
    const { connection, heard } = await next();
    client.socket.pause();
    connection.write(Buffer.alloc(3_000_000, 'x'));
    client.socket.write(closing(1000));
    await heard.event('end');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    client.socket.write(Buffer.alloc(100_000));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    client.socket.resume();
    await client.frames.find(({ opcode }) => opcode === CLOSE, 'a close frame');
    expect(
      client.frames.all.reduce((sum, { opcode, data }) => sum + (opcode === BINARY ? data.length : 0), 0),
    ).toBe(3_000_000);
    client.socket.end();
    await heard.event('closed');
  });

  it('gives what comes behind its own close frame to nobody, but knows the answer', async () => {
    const { port, next } = await listen();
    const client = await rawClient(port);
    const { connection, heard } = await next();
    connection.close();
    expect(await client.closeCode()).toBe(1000);
    client.socket.write(Buffer.concat([frame(BINARY, 'late'), frame(PING, 'late'), closing(1000)]));
    await client.closed;
    await heard.event('closed');
    expect(heard.events).toEqual(['closed']);
    expect(heard.received).toBe(0);
    expect((await client.frames.count(1)).map(({ opcode }) => opcode)).toEqual([CLOSE]);
  });

  it('tells text that is no UTF-8 from text, with its first piece', async () => {
    const { port, next } = await listen();
    const client = await rawClient(port);
    client.socket.write(frame(TEXT, Buffer.of(0x61, 0xff), { fin: false }));
    expect(await client.closeCode()).toBe(1007);
    const { heard } = await next();
    expect(heard.errors[0]).toMatchObject({
      code: 'ERR_CONNECTION_RESET',
      message: 'WebSocket: text that is no UTF-8',
      details: { reason: 'WS_ERR_INVALID_UTF8' },
    });
  });

  it.each([
    [100, 1],
    [70_000, 1],
    [1 << 20, 1],
    [1 << 20, 1000],
    [1 << 20, 16_000],
  ])('takes a message of %i bytes in %i frames, whatever pieces it comes in', async (size, count) => {
    const { port, next } = await listen();
    const { socket } = await rawClient(port);
    const payload = randomBytes(size);
    const step = Math.ceil(size / count);
    const frames: Buffer[] = [];
    for (let at = 0; at < size; at += step)
      frames.push(
        frame(at === 0 ? BINARY : CONTINUATION, payload.subarray(at, at + step), { fin: at + step >= size }),
      );
    socket.write(Buffer.concat(frames));
    const { heard } = await next();
    expect(Buffer.compare(await heard.size(size), payload)).toBe(0);
  });

  it('goes on reading when a receiver throws', async () => {
    const { port, next } = await listen();
    const { socket } = await rawClient(port);
    const { heard } = await next();
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', note);
    onTestFinished(() => {
      process.off('uncaughtException', note);
      for (const listener of before) process.on('uncaughtException', listener);
    });
    heard.onData = () => {
      heard.onData = undefined;
      throw new Error('of a receiver');
    };
    socket.write(Buffer.concat([frame(BINARY, 'one'), frame(PING, ''), frame(BINARY, 'two')]));
    await heard.until('what came behind', () => heard.bytes.includes('two'));
    expect(String(thrown[0])).toBe('Error: of a receiver');
  });
});

describe('where the handles of Node are out of reach', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('the same works over sockets', async () => {
    vi.spyOn(process as unknown as { binding: () => unknown }, 'binding').mockReturnValue(undefined);
    const { port, next } = await listen();
    const { socket, frames } = await rawClient(port);
    const { connection, heard } = await next();
    socket.write(Buffer.concat([frame(BINARY, 'hello'), frame(PING, 'x')]));
    expect((await heard.size(5)).toString()).toBe('hello');
    await frames.find(({ opcode }) => opcode === PONG, 'a pong');
    connection.write(Buffer.from('answer'));
    await frames.find(({ data }) => data.toString() === 'answer', 'the answer');
    connection.close();
    await frames.find(({ opcode }) => opcode === CLOSE, 'a close frame');
    socket.write(closing(1000));
    await heard.event('closed');
    expect(heard.events).toEqual(['closed']);
  });
});

describe('compression', () => {
  const words = Buffer.from('the same words again and again, '.repeat(2000));

  async function echoes(connection: Connection, heard: RecordingReceiver): Promise<void> {
    connection.write(Buffer.concat([words, words]));
    await heard.size(words.length);
    expect(Buffer.compare(heard.bytes, words)).toBe(0);
  }

  it.each(['ws://127.0.0.1:0', 'wss://127.0.0.1:0'])(
    'is used at %s where both sides want it',
    async (address) => {
      const tlsSettings = address.startsWith('wss')
        ? { server: certificate, client: { ca: certificate.cert } }
        : {};
      const { url, next } = await listen({ perMessageDeflate: true, ...tlsSettings }, address);
      const client = await stranger(url, { ca: certificate.cert });
      expect(client.extensions).toMatch(/^permessage-deflate/);
      const messages = new Happenings<Buffer>('messages');
      client.on('message', (data: Buffer) => messages.add(data));
      client.send(words);
      const { connection, heard } = await next();
      await echoes(connection, heard);
      const size = (): number => messages.all.reduce((sum, { length }) => sum + length, 0);
      await messages.find(() => size() === 2 * words.length, 'all that was written');
      const socket = (client as unknown as { _socket: { bytesRead: number; bytesWritten: number } })._socket;
      if (address.startsWith('ws:')) {
        expect(socket.bytesRead).toBeLessThan(words.length);
        expect(socket.bytesWritten).toBeLessThan(words.length);
      }
      client.close(1000);
      await heard.event('closed');
      expect(heard.events).toEqual(['end', 'closed']);
    },
  );

  it('works between two of ours, and is left out for a peer that does not offer it, and without the option', async () => {
    const { url, port, next } = await listen({ perMessageDeflate: true });
    const ours = await createTransports([ws({ perMessageDeflate: true })]).connect(url);
    onTestFinished(() => ours.destroy());
    const heard = new RecordingReceiver();
    ours.start(heard);
    ours.write(words);
    const { connection, heard: heardThere } = await next();
    expect(Buffer.compare(await heardThere.size(words.length), words)).toBe(0);
    connection.write(words);
    expect(Buffer.compare(await heard.size(words.length), words)).toBe(0);
    const plain = await rawClient(port);
    expect(plain.head).not.toMatch(/extensions/i);
    plain.socket.write(frame(BINARY, 'plain'));
    expect((await (await next()).heard.size(5)).toString()).toBe('plain');
    const without = await listen();
    expect((await stranger(without.url)).extensions).toBe('');
  });

  it('does not let a small message become larger than the limit', async () => {
    const { url, next } = await listen({ perMessageDeflate: true, maxPayload: 10_000 });
    const client = await stranger(url);
    client.send(words);
    const [code] = await once(client, 'close');
    expect(code).toBe(1009);
    const { heard } = await next();
    await heard.event('closed');
    expect(heard.events).toEqual(['error ERR_FRAME_TOO_LARGE', 'closed']);
  });
});
