import { readFileSync } from 'node:fs';
import { hexdecode } from '@skynet/core/crypt';
import { pack } from '@skynet/core/netpack';
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { type ConnectOptions, connect, type MsgClient, webSocketDialer } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { encodeAnswer } from '../../src/answer.ts';
import { STATUS } from '../../src/wire.ts';
import { logIn, startTestServer, type TestServer } from '../harness.ts';
import { type ServerEnd, scripted } from './streams.ts';

const { rows } = JSON.parse(readFileSync(new URL('../vectors/msgserver.json', import.meta.url), 'utf8')) as {
  rows: Readonly<Record<string, string>>[];
};
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const secret = Buffer.from('11111111');

/** A client that closes with the test. */
async function connected(options: ConnectOptions): Promise<MsgClient> {
  const client = await connect(options);
  onTestFinished(() => client.close());
  return client;
}

/** A user who is logged in, and what a client needs to connect. */
async function loggedIn(server: TestServer, address = `127.0.0.1:${server.port}`) {
  await logIn(server, 'hello', secret);
  return { dial: dialer(address), user: 'hello', server: 'sample', subid: 1, secret };
}

const someone = { user: 'hello', server: 'sample', subid: 1, secret };

describe('client, against recorded bytes', () => {
  const handshakes = rows.filter(({ kind }) => kind === 'handshake');
  test.each(handshakes)('handshake $text', async (row) => {
    let sent = '';
    const dial = scripted(async (server) => {
      await server.until((written) => written.length > 0);
      sent = server.written;
      server.send(pack(STATUS.ok));
    });
    await connected({
      dial,
      user: hexdecode(row['uid'] ?? ''),
      server: hexdecode(row['server'] ?? ''),
      subid: hexdecode(Buffer.from(row['subid'] ?? '').toString('hex')),
      secret: hexdecode(row['secret'] ?? ''),
      index: Number(row['index']),
      push: false,
    });
    expect(Buffer.from(sent, 'latin1').toString('hex')).toBe(row['frame']);
  });

  test('requests and answers', async () => {
    let server: ServerEnd | undefined;
    const dial = scripted((end) => {
      server = end;
      end.send(pack(STATUS.ok));
    });
    const client = await connected({ ...someone, dial });
    // Sessions are the client's to choose; the rest is as recorded.
    const exchanges = rows.filter(({ kind, content }) => kind === 'exchange' && typeof content === 'string');
    expect(exchanges.length).toBeGreaterThan(7);
    for (const row of exchanges) {
      const before = server?.written.length ?? 0;
      const answer = client.request(hexdecode(row['content'] ?? ''));
      const frame = Buffer.from(server?.written.slice(before) ?? '', 'latin1').toString('hex');
      expect(frame.slice(0, -8)).toBe(row['request']?.slice(0, -8));
      server?.send(Buffer.from((row['response'] ?? '').slice(0, -8) + frame.slice(-8), 'hex'));
      const [, content = '', ok] = /^....(.*)(0[01])........$/.exec(row['response'] ?? '') ?? [];
      if (ok === '01') expect(Buffer.from(await answer).toString('hex')).toBe(content);
      else await expect(answer).rejects.toMatchObject({ code: 'ERR_CLIENT_REQUEST' });
    }
  });
});

describe('client, at a message server', () => {
  test('gets answers, each its own, in whatever order they come', async () => {
    const server = await startTestServer();
    const client = await connected(await loggedIn(server));
    expect(client.state).toBe('open');
    expect(text(await client.request('hello'))).toBe('HELLO');
    expect(text(await client.request(Uint8Array.of(1, 2, 97)))).toBe('\x01\x02A');
    const slow = client.request('hold me');
    const fast = await Promise.all(['a', 'b', 'c'].map((word) => client.request(word)));
    expect(fast.map(text)).toEqual(['A', 'B', 'C']);
    expect(client.pending).toBe(1);
    server.release();
    expect(text(await slow)).toBe('HOLD ME');
    expect(await client.request('!nil')).toEqual(new Uint8Array(0));
    await expect(client.request('!error')).rejects.toMatchObject({ code: 'ERR_CLIENT_REQUEST' });
    expect(text(await client.request('after'))).toBe('AFTER');
    const large = 'x'.repeat(65_530);
    expect(text(await client.request(large))).toBe(large.toUpperCase());
  });

  test('keeps to its window, and works on what waits', async () => {
    const server = await startTestServer();
    const client = await connected({ ...(await loggedIn(server)), window: 3, queue: 5 });
    const answers = Array.from({ length: 8 }, (_, at) => client.request(`hold ${at}`));
    await expect(client.request('one too many')).rejects.toMatchObject({
      code: 'ERR_CLIENT_BUSY',
      details: { limit: 5 },
    });
    while (server.requests.length < 3) await new Promise(setImmediate);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(server.requests).toHaveLength(3);
    const all = Promise.all(answers).then((list) => list.map(text));
    let done = false;
    void all.finally(() => {
      done = true;
    });
    while (!done) {
      server.release();
      await new Promise(setImmediate);
    }
    expect(await all).toEqual(Array.from({ length: 8 }, (_, at) => `HOLD ${at}`));
  });

  test('fails what takes too long or is given up, and goes on', async () => {
    const server = await startTestServer();
    const client = await connected({ ...(await loggedIn(server)), window: 1 });
    await expect(client.request('hold', { timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_CLIENT_TIMEOUT',
      message: 'no answer within 20 ms',
    });
    const controller = new AbortController();
    const given = client.request('hold', { signal: controller.signal });
    const next = client.request('next');
    controller.abort('why');
    await expect(given).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED', cause: 'why' });
    expect(text(await next)).toBe('NEXT');
    server.release();
    expect(text(await client.request('more'))).toBe('MORE');
    await expect(client.request('never', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_CLIENT_ABORTED',
    });
    expect(server.requests).not.toContain('never');
    expect(client.pending).toBe(0);
  });

  test('refuses what does not fit', async () => {
    const server = await startTestServer();
    const client = await connected(await loggedIn(server));
    await expect(client.request(new Uint8Array(65_532))).rejects.toMatchObject({
      code: 'ERR_CLIENT_TOO_LARGE',
      details: { size: 65_532, limit: 65_531 },
    });
    for (const content of [5, undefined, null, {}, [1], Symbol('s'), new ArrayBuffer(2)])
      await expect(client.request(content as never)).rejects.toMatchObject({ code: 'ERR_CLIENT_ARGUMENT' });
    for (const options of [null, 5, { timeout: 'soon' }, { timeout: -1 }, { signal: 1 }, { tiemout: 5 }])
      await expect(client.request('x', options as never)).rejects.toMatchObject({
        code: 'ERR_CLIENT_ARGUMENT',
      });
    for (const [name, listener] of [
      ['pushed', () => {}],
      ['push', 'x'],
      [undefined, undefined],
    ])
      expect(() => client.on(name as never, listener as never)).toThrow(
        expect.objectContaining({ code: 'ERR_CLIENT_ARGUMENT' }),
      );
    expect(client.pending).toBe(0);
    expect(server.requests).toEqual([]);
  });

  test('fails what is pending when it is closed', async () => {
    const server = await startTestServer();
    const client = await connected(await loggedIn(server));
    const pending = client.request('hold');
    client.close();
    client.close();
    await expect(pending).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    await expect(client.request('more')).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
    expect(client.state).toBe('closed');
    while (!server.events.some((event) => event.startsWith('disconnect'))) await new Promise(setImmediate);
  });

  test.each([
    ['404', { subid: 2 }],
    ['401', { secret: Buffer.from('22222222') }],
    ['403', { index: 3 }],
  ])('tells a refusal with %s', async (status, other) => {
    const server = await startTestServer();
    const options = await loggedIn(server);
    const before = await connected({ ...options, index: 4 });
    before.close();
    await expect(connect({ ...options, index: 5, ...other })).rejects.toMatchObject({
      code: 'ERR_CLIENT_REFUSED',
      details: { status: Number(status) },
    });
  });

  test('goes on with an old login above the last index, and meets no old answers', async () => {
    const server = await startTestServer();
    const options = await loggedIn(server);
    const first = await connected(options);
    expect(text(await first.request('one'))).toBe('ONE');
    first.close();
    const second = await connected({ ...options, index: first.index + 1 });
    expect(text(await second.request('two'))).toBe('TWO');
    expect(server.requests).toEqual(['one', 'two']);
  });

  test('fails for good when the user is logged out', async () => {
    const server = await startTestServer();
    const client = await connected({ ...(await loggedIn(server)), backoff: { first: 1 } });
    const failed = new Promise((resolve) => client.on('failed', resolve));
    const pending = client.request('hold').catch((error) => error);
    while (server.requests.length === 0) await new Promise(setImmediate);
    await server.call('logout', 'hello', 1);
    expect(await failed).toMatchObject({ code: 'ERR_CLIENT_REFUSED', details: { status: 404 } });
    expect(await pending).toMatchObject({ code: 'ERR_CLIENT_REFUSED' });
    expect(client.state).toBe('closed');
  });

  test('works over WebSocket', async () => {
    const server = await startTestServer({}, { url: 'ws://127.0.0.1:0/game' }, {}, { transports: [ws()] });
    const options = await loggedIn(server);
    const client = await connected({
      ...options,
      dial: webSocketDialer(`ws://127.0.0.1:${server.port}/game`, WebSocket),
      backoff: { first: 1 },
    });
    const answers = Array.from({ length: 100 }, (_, at) => client.request(`r${at}`));
    client.drop();
    expect((await Promise.all(answers)).map(text)).toEqual(answers.map((_, at) => `R${at}`));
    expect(new Set(server.requests).size).toBe(server.requests.length);
    const other = await connected({
      ...options,
      index: 1000,
      dial: dialer(`ws://127.0.0.1:${server.port}/game`, createTransports([ws()])),
    });
    expect(text(await other.request('node'))).toBe('NODE');
  });
});

describe('client, at a server it cannot trust', () => {
  test.each([
    ['hangs up', (server: ServerEnd) => server.hangUp(new Error('reset'))],
    ['says nothing', () => {}],
  ])('tries again while the server %s, until its time is over', async (_, script) => {
    const dial = scripted(script);
    const attempt = connect({ ...someone, dial, timeout: 60, backoff: { first: 1, max: 2 } });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
    const { count } = dial;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(dial.count).toBe(count);
  });

  test('gives up connecting when it is told to', async () => {
    const controller = new AbortController();
    const attempt = connect({
      ...someone,
      dial: scripted(() => controller.abort()),
      signal: controller.signal,
    });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED' });
  });

  test.each([
    ['a status that is none', 'hello'],
    ['an answer that is too short', STATUS.ok, 'four'],
  ])('fails at %s', async (_, ...frames) => {
    const dial = scripted((server) => {
      for (const frame of frames) server.send(pack(frame));
    });
    const failed = new Promise<unknown>((resolve) => {
      connect({ ...someone, dial, on: { failed: resolve } }).catch(resolve);
    });
    expect(await failed).toMatchObject({ code: 'ERR_CLIENT_SERVER' });
  });

  test('does not mind answers nobody waits for', async () => {
    const dial = scripted(async (server) => {
      server.send(pack(STATUS.ok));
      server.send(pack(encodeAnswer(Buffer.from('what'), 1, 77)));
      await server.until((written) => written.includes('hello'));
      server.send(pack(encodeAnswer(Buffer.from('yes'), 1, 1)));
      server.send(pack(encodeAnswer(Buffer.from('twice'), 1, 1)));
    });
    const client = await connected({ ...someone, dial });
    expect(text(await client.request('hello'))).toBe('yes');
    expect(client.state).toBe('open');
  });

  test('gives a connection up on which nothing comes', async () => {
    const dial = scripted(async (server, number) => {
      server.send(pack(STATUS.ok));
      await server.until((written) => written.includes('hello'));
      if (number > 1) server.send(pack(encodeAnswer(Buffer.from('at last'), 1, 1)));
    });
    const client = await connected({ ...someone, dial, silence: 30, backoff: { first: 1 } });
    const lost = new Promise((resolve) => client.on('disconnected', resolve));
    expect(text(await client.request('hello'))).toBe('at last');
    expect(await lost).toMatchObject({ error: { message: 'nothing came for 30 ms' } });
  });

  test('fails after so long without a connection', async () => {
    let up = true;
    const dial = scripted((server) => {
      if (up) server.send(pack(STATUS.ok));
      else server.hangUp();
    });
    const client = await connected({ ...someone, dial, giveUpAfter: 30, backoff: { first: 1, max: 5 } });
    const failed = new Promise((resolve) => client.on('failed', resolve));
    up = false;
    client.drop();
    expect(await failed).toMatchObject({ code: 'ERR_CLIENT_CONNECT', message: 'no connection for 30 ms' });
  });

  test.each([
    [{ window: 0 }, 'window'],
    [{ index: 0 }, 'index'],
    [{ secret: new Uint8Array(7) }, 'secret'],
    [{ dial: undefined as never }, 'dial'],
    [{ backoff: { first: -1 } }, 'backoff.first'],
    [{ backoff: { frist: 1 } }, 'backoff.frist'],
    [{ timeOut: 5 }, 'timeOut'],
    [{ host: '127.0.0.1' }, 'host'],
    [{ on: { reconected: () => {} } }, 'on.reconected'],
    [{ on: { push: 5 } }, 'on.push'],
    [{ user: undefined }, 'user'],
    [{ subid: {} }, 'subid'],
    [{ signal: {} }, 'signal'],
    [{ push: 'yes' }, 'push'],
    [{ silence: Number.NaN }, 'silence'],
    [{ timeout: 2 ** 40 }, 'timeout'],
  ])('refuses the options %j', async (other, key) => {
    const attempt = connect({ ...someone, dial: scripted(() => {}), ...(other as object) });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_CLIENT_ARGUMENT', details: { key } });
  });
});
