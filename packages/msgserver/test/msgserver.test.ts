import { defineService } from '@skynet/core';
import { hexencode } from '@skynet/core/crypt';
import { startTestNode, until } from '@skynet/core/testing';
import { startGateserver } from '@skynet/gateserver';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startMsgServer } from '../src/index.ts';
import { encodeRequest, handshakeText } from '../src/wire.ts';
import { connectClient, type FrameClient, logIn, startTestServer, type TestServer } from './harness.ts';

async function _turnOfLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Sends a first packet; the answer, and what comes behind it. */
async function shake(server: TestServer, text: string | Uint8Array): Promise<(string | undefined)[]> {
  const client = await connectClient(server.port);
  client.send(text);
  return [await client.text(), await client.text()];
}

describe('handshake', () => {
  test('each status has its condition, in this order, and closes the connection', async () => {
    const server = await startTestServer();
    const { username, secret } = await logIn(server);
    const good = handshakeText(username, 1, secret);
    const [name, index, hmac] = good.split(':') as [string, string, string];
    const other = handshakeText(username, 1, Buffer.from('22222222'));
    const notFound = '404 User Not Found';
    const badRequest = '400 Bad Request';
    for (const [text, status] of [
      ['', notFound],
      ['nobody', notFound],
      [`${name}:1`, notFound],
      [`x${name}:${index}:${hmac}`, notFound],
      ['__proto__:1:AAAAAAAAAAA=', notFound],
      ['a'.repeat(60_000), notFound],
      [`${name}::${hmac}`, badRequest],
      [`${name}:-1:${hmac}`, badRequest],
      [`${name}:1e3:${hmac}`, badRequest],
      [`${name}: 1:${hmac}`, badRequest],
      [`${name}:${'9'.repeat(21)}:${hmac}`, badRequest],
      [`${name}:1:A`, badRequest],
      [`${name}:0:A`, badRequest],
      [`${name}:0:${hmac}`, '403 Index Expired'],
      [`${name}:00:${hmac}`, '403 Index Expired'],
      [`${name}:1:`, '401 Unauthorized'],
      [`${name}:1:AAAAAAAAAAA=`, '401 Unauthorized'],
      [`${name}:2:${hmac}`, '401 Unauthorized'],
      [other, '401 Unauthorized'],
    ] as const) {
      expect([text, ...(await shake(server, text))]).toEqual([text, status, undefined]);
    }
    // None of these has used the index up.
    const client = await connectClient(server.port);
    client.send(good);
    expect(await client.text()).toBe('200 OK');
    expect(await shake(server, good)).toEqual(['403 Index Expired', undefined]);
  });

  test('what stands behind a third colon is ignored', async () => {
    const server = await startTestServer();
    const { username, secret } = await logIn(server);
    for (const [i, tail] of [
      '',
      'x',
      ':::',
      'push/2/0',
      'push/1/',
      'push/1/-1',
      'push/1/99999999999',
    ].entries()) {
      const client = await connectClient(server.port);
      client.send(`${handshakeText(username, i + 1, secret)}:${tail}`);
      expect([tail, await client.text()]).toEqual([tail, '200 OK']);
    }
  });

  test('a large index is compared as a number', async () => {
    const server = await startTestServer();
    const { username, secret } = await logIn(server);
    const large = 18_446_744_073_709_551_614n;
    expect((await shakeOpen(server, handshakeText(username, large, secret)))[0]).toBe('200 OK');
    expect(await shake(server, handshakeText(username, large - 1n, secret))).toEqual([
      '403 Index Expired',
      undefined,
    ]);
    expect((await shakeOpen(server, handshakeText(username, large + 1n, secret)))[0]).toBe('200 OK');
  });

  test('a connection without one is closed when its time is over, one with it is not', async () => {
    const server = await startTestServer({ handshakeTimeout: '2s' });
    const user = await logIn(server);
    const greeted = await user.connect(1);
    const silent = await connectClient(server.port);
    const partial = await connectClient(server.port);
    partial.socket.write(Buffer.from([0, 20, 65]));
    expect(await silent.frame()).toBeUndefined();
    expect(await partial.frame()).toBeUndefined();
    greeted.request('still', 1);
    expect(await greeted.answer()).toEqual(['STILL', 1, 1]);
  });

  test('requests may follow in the same write', async () => {
    const server = await startTestServer();
    const { username, secret } = await logIn(server);
    const client = await connectClient(server.port);
    client.send(handshakeText(username, 1, secret), encodeRequest('a', 1), encodeRequest('b', 2));
    expect([await client.text(), await client.answer(), await client.answer()]).toEqual([
      '200 OK',
      ['A', 1, 1],
      ['B', 1, 2],
    ]);
  });
});

async function shakeOpen(server: TestServer, text: string): Promise<[string | undefined, FrameClient]> {
  const client = await connectClient(server.port);
  client.send(text);
  return [await client.text(), client];
}

describe('requests', () => {
  test('text, bytes, numbers and nothing are answers, an error is a failed one', async () => {
    const replies: unknown[] = ['täxt', Uint8Array.of(255, 0), 42, undefined, null, 7n];
    const server = await startTestServer(
      {},
      {},
      { requestHandler: (_name, content) => replies[content[0] as number] as string },
    );
    const client = await (await logIn(server)).connect(1);
    for (let i = 0; i < replies.length; i++) client.request(Uint8Array.of(i), i);
    const got: unknown[] = [];
    for (let i = 0; i < replies.length; i++) got.push((await client.answer())?.slice(0, 2));
    expect(got).toEqual([
      ['t\u00c3\u00a4xt', 1],
      ['\u00ff\0', 1],
      ['42', 1],
      ['', 1],
      ['', 1],
      ['7', 1],
    ]);
  });

  test('handlers that fail, at once or later, give ok 0 without content, and the log tells why', async () => {
    const server = await startTestServer(
      {},
      {},
      {
        requestHandler: (_name, content) => {
          if (content[0] === 1) throw new Error('at once');
          return Promise.reject(new Error('later'));
        },
      },
    );
    const client = await (await logIn(server)).connect(1);
    client.request(Uint8Array.of(1), 5);
    client.request(Uint8Array.of(2), 6);
    expect([await client.answer(), await client.answer()]).toEqual([
      ['', 0, 5],
      ['', 0, 6],
    ]);
    const whom = 'aGVsbG8=@c2FtcGxl#MQ==';
    for (const [text, session] of [
      ['at once', 5],
      ['later', 6],
    ]) {
      const entry = await server.node.logged(new RegExp(`Error: ${text}`));
      expect(entry).toContain(`requestHandler failed for ${whom}, session ${session}: Error: ${text}\n`);
      expect(entry).toMatch(/\n\s+at .*requestHandler.*msgserver\.test\.ts/);
    }
  });

  test('answers that are no content fail the request, not the connection', async () => {
    const odd: unknown[] = [{}, true, Symbol('s'), [1], Object.create(null), () => 1];
    const server = await startTestServer(
      {},
      {},
      {
        requestHandler: (_name, content) => {
          const value = odd[content[0] as number] as string;
          return content[1] === 0 ? value : Promise.resolve(value);
        },
      },
    );
    const client = await (await logIn(server)).connect(1);
    for (const late of [0, 1]) {
      for (const at of odd.keys()) {
        client.request(Uint8Array.of(at, late), late * 100 + at);
        expect(await client.answer()).toEqual(['', 0, late * 100 + at]);
      }
    }
    await server.node.logged(/an answer is text, bytes, a number or nothing, not symbol/);
  });

  test('what login, logout and kick handlers throw says for whom, and keeps its code', async () => {
    const broken = (): never => {
      throw new Error('out of order');
    };
    const server = await startTestServer(
      {},
      {},
      {
        loginHandler: broken,
        logoutHandler: async () => broken(),
        kickHandler: (uid) => server.server.logout(String(uid)),
      },
    );
    for (const [command, handler] of [
      ['login', 'loginHandler'],
      ['logout', 'logoutHandler'],
    ] as const) {
      await expect(server.call(command, 'anna', '12345678')).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: `call failed: ${handler} failed for anna: out of order`,
      });
      const entry = await server.node.logged(new RegExp(`${handler} failed for anna`));
      expect(entry).toMatch(
        /error : SkynetError: \w+ failed for anna: out of order \(ERR_REMOTE\)\n\s+at .*broken.*msgserver\.test\.ts/,
      );
    }
    await expect(server.call('kick', 'anna', 1)).rejects.toMatchObject({
      code: 'ERR_MSG_USER',
      message: 'call failed: kickHandler failed for anna: no user anna is logged in',
      details: { username: 'anna' },
    });
  });

  test('no client and no handler can forge a log line', async () => {
    const forged = '\n[:00000001] admin logged in\r\n\u001b[31mRED\u0007';
    const server = await startTestServer(
      {},
      {},
      { requestHandler: (_name, content) => JSON.parse(Buffer.from(content).toString()) },
    );
    await shake(server, `nobody${forged}:1:x`);
    await shake(server, `${'x'.repeat(5000)}${forged}`);
    const user = await logIn(server, `anna${forged}`);
    const client = await user.connect(1);
    client.request(`{"a": ${forged}`, 1);
    expect(await client.answer()).toEqual(['', 0, 1]);
    client.send(Buffer.from('\n\u001b'));
    expect(await client.frame()).toBeUndefined();
    await expect(server.call('kick', `nobody${forged}`, 1)).rejects.toThrow('no user');
    await expect(server.call(`walk${forged}`)).rejects.toThrow('Unknown command walk\\n');
    await server.node.logged(/Invalid package of 2 bytes : 0a1b/);
    await server.node.logged(/kickHandler failed|no user/);
    for (const entry of server.node.log) {
      expect(entry).not.toMatch(/(?![\n\t])\p{Cc}/u);
      expect(entry).not.toMatch(/\n\[:00000001\]/);
    }
  });

  test('are answered in the order in which they are finished', async () => {
    const server = await startTestServer();
    const client = await (await logIn(server)).connect(1);
    client.request('hold', 1);
    client.request('quick', 2);
    expect(await client.answer()).toEqual(['QUICK', 1, 2]);
    server.release();
    expect(await client.answer()).toEqual(['HOLD', 1, 1]);
  });

  test('an answer that is too long closes the connection, and the session can be asked again', async () => {
    let size = 65_531;
    const server = await startTestServer({}, {}, { requestHandler: () => Buffer.alloc(size) });
    const user = await logIn(server);
    const client = await user.connect(1);
    client.request('x', 1);
    expect(await client.frame()).toBeUndefined();
    await server.node.logged(/Invalid package of 65531 bytes as answer/);
    size = 65_530;
    const again = await user.connect(2);
    again.request('x', 1);
    expect((await again.frame())?.length).toBe(65_535);
  });

  test('more than the limit of one user closes the connection', async () => {
    const server = await startTestServer({ pendingRequests: 3 });
    const user = await logIn(server);
    const first = await user.connect(1);
    for (let i = 0; i < 2; i++) first.request(`hold ${i}`, i);
    const second = await user.connect(2);
    second.request('hold 2', 2);
    await until(() => server.requests.length === 3);
    second.request('hold 3', 3);
    expect(await second.frame()).toBeUndefined();
    expect(server.requests).toHaveLength(3);
    server.release();
    expect(await first.answer()).toEqual(['HOLD 0', 1, 0]);
    first.request('more', 9);
    expect(await first.answer()).toEqual(['HOLD 1', 1, 1]);
    expect(await first.answer()).toEqual(['MORE', 1, 9]);
  });

  test('an oversized log line does not come of what a client sends', async () => {
    const server = await startTestServer();
    const client = await (await logIn(server)).connect(1);
    client.send(Uint8Array.of(0x1b, 0x0a, 0x41));
    expect(await client.frame()).toBeUndefined();
    expect(await server.node.logged(/Invalid package/)).toMatch(/Invalid package of 3 bytes : 1b0a41$/);
  });
});

describe('users', () => {
  test('are told of to whoever wants to know when they connect, and may be logged out then', async () => {
    const connected: string[] = [];
    const server: TestServer = await startTestServer(
      {},
      {},
      {
        connectHandler(username) {
          connected.push(`${username} ${server.server.ip(username)?.split(':')[0]}`);
          if (connected.length === 2) server.server.logout(username);
        },
      },
    );
    const user = await logIn(server);
    const refused = await connectClient(server.port);
    refused.send(handshakeText(user.username, 1, Buffer.from('22222222')));
    expect(await refused.text()).toBe('401 Unauthorized');
    const client = await user.connect(1, 0);
    client.request('hello', 1);
    expect(await client.answer()).toEqual(['HELLO', 1, 1]);
    server.server.push(user.username, 'good bye');
    const again = await user.connect(2, 0);
    expect(again.status).toBe('200 OK push/1/1');
    // What waited comes before the end.
    expect(await again.answer()).toEqual(['good bye', 2, 1]);
    expect(await again.frame()).toBe(undefined);
    expect(connected).toEqual([`${user.username} 127.0.0.1`, `${user.username} 127.0.0.1`]);
  });

  test('stay when their connection goes, and hear of it', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const client = await user.connect(1);
    expect(server.server.ip(user.username)).toBe(`127.0.0.1:${client.socket.localPort}`);
    client.close();
    await until(() => server.events.includes(`disconnect ${user.username}`));
    expect(server.server.ip(user.username)).toBeUndefined();
    expect(server.server.userCount).toBe(1);
    expect((await user.connect(2)).status).toBe('200 OK');
    expect(server.events.filter((event) => event.startsWith('disconnect'))).toHaveLength(1);
  });

  test('the newest of two connections counts, whichever goes first', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const older = await user.connect(1);
    const newer = await user.connect(2);
    older.request('a', 1);
    newer.request('b', 2);
    expect([await older.answer(), await newer.answer()]).toEqual([
      ['A', 1, 1],
      ['B', 1, 2],
    ]);
    older.close();
    await until(() => server.events.includes(`disconnect ${user.username}`));
    expect(server.server.ip(user.username)).toBe(`127.0.0.1:${newer.socket.localPort}`);
  });

  test('logout closes all connections at once, without a disconnect, and the name is unknown', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const clients = [await user.connect(1), await user.connect(2)];
    await server.call('logout', 'hello', 1);
    for (const client of clients) expect(await client.frame()).toBeUndefined();
    expect((await user.connect(3)).status).toBe('404 User Not Found');
    expect(server.events).toEqual(['register sample', 'login hello', 'logout hello 1']);
  });

  test('an answer given before the logout still arrives', async () => {
    const server = await startTestServer(
      {},
      {},
      {
        requestHandler: (username) => {
          setImmediate(() => server.server.logout(username));
          return 'bye';
        },
      },
    );
    const client = await (await logIn(server)).connect(1);
    client.request('quit', 1);
    expect([await client.answer(), await client.frame()]).toEqual([['bye', 1, 1], undefined]);
  });

  test('an answer that comes after the logout goes nowhere', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const client = await user.connect(1);
    client.request('hold', 1);
    await until(() => server.requests.length === 1);
    await server.call('kick', 'hello', 1);
    server.release();
    expect(await client.frame()).toBeUndefined();
    expect(server.events.at(-1)).toBe('kick hello 1');
  });

  test('one more connection than allowed closes the oldest', async () => {
    const server = await startTestServer({ connectionsPerUser: 2 });
    const user = await logIn(server);
    const [first, second, third] = [await user.connect(1), await user.connect(2), await user.connect(3)];
    expect(await first.frame()).toBeUndefined();
    second.request('a', 1);
    third.request('b', 2);
    expect([await second.answer(), await third.answer()]).toEqual([
      ['A', 1, 1],
      ['B', 1, 2],
    ]);
  });

  test('of another name get nothing of each other, with the same sessions', async () => {
    const server = await startTestServer();
    const [one, two] = [await logIn(server, 'one'), await logIn(server, 'two')];
    const a = await one.connect(1);
    a.request('mine', 7);
    expect(await a.answer()).toEqual(['MINE', 1, 7]);
    const b = await two.connect(1);
    b.request('yours', 7);
    expect(await b.answer()).toEqual(['YOURS', 1, 7]);
    const again = await two.connect(2);
    again.request('whatever', 7);
    expect(await again.answer()).toEqual(['YOURS', 1, 7]);
  });
});

describe('answers kept', () => {
  test('of N = 2 and 12 requests the last two are repeated, the others run again', async () => {
    const server = await startTestServer({ expiredNumber: 2 });
    const user = await logIn(server);
    const client = await user.connect(1);
    for (let session = 100; session < 112; session++) {
      client.request(`r${session}`, session);
      expect(await client.answer()).toEqual([`R${session}`, 1, session]);
    }
    const again = await user.connect(2);
    server.requests.length = 0;
    for (const session of [110, 111, 100, 109]) {
      again.request('again', session);
      await again.answer();
    }
    expect(server.requests).toEqual(['again', 'again']);
  });

  test('a request pending at the drop is run once and answered where it was asked again', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const first = await user.connect(1);
    first.request('hold', 1);
    await until(() => server.requests.length === 1);
    first.close();
    const second = await user.connect(2);
    second.request('other', 1);
    second.request('now', 2);
    expect(await second.answer()).toEqual(['NOW', 1, 2]);
    server.release();
    expect(await second.answer()).toEqual(['HOLD', 1, 1]);
    expect(server.requests).toEqual(['hold', 'now']);
  });
});

describe('messages', () => {
  test('are answered by what handlers return, and fail by what they throw', async () => {
    const server = await startTestServer(
      {},
      {},
      { commandHandler: (command, ...args) => `${command} ${args.join()}` },
    );
    expect(await server.call('login', 'u', '12345678')).toBe(1);
    expect(await server.call('other', 1, 2)).toBe('other 1,2');
    await expect(server.call('logout', 'u', 99)).rejects.toMatchObject({ code: 'ERR_MSG_USER' });
    await expect(server.call('login', 'u', 'short')).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await server.call('close');
    await expect(connectClient(server.port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('unknown ones fail where no handler takes them, and names are made and read', async () => {
    const { call, server } = await startTestServer();
    await expect(call('nonsense')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_COMMAND' });
    expect(server.userid(server.username('nzhsoft', 1, 'sample'))).toEqual({
      uid: 'nzhsoft',
      subid: '1',
      servername: 'sample',
    });
    expect(() => server.userid('nonsense')).toThrow(expect.objectContaining({ code: 'ERR_MSG_USERNAME' }));
    server.login('x@y#z', '12345678');
    expect(() => server.login('x@y#z', '12345678')).toThrow(
      expect.objectContaining({ code: 'ERR_MSG_USER_EXISTS' }),
    );
    expect(() => server.push('nobody', 'x')).toThrow(expect.objectContaining({ code: 'ERR_MSG_USER' }));
  });

  test('open needs a servername, and the gate closes again without one', async () => {
    const node = await startTestNode({}, { after: onTestFinished });
    let thrown: unknown;
    const handle = await node.newService(
      defineService((skynet) => {
        const nothing = (): undefined => undefined;
        const handlers = {
          logoutHandler: nothing,
          kickHandler: nothing,
          requestHandler: nothing,
          registerHandler: nothing,
        };
        const server = startMsgServer(skynet, startGateserver, { ...handlers, loginHandler: () => 1 });
        try {
          server.servername;
        } catch (error) {
          thrown = error;
        }
        expect(() => startMsgServer(skynet, startGateserver, handlers as never)).toThrow(
          'needs the function loginHandler',
        );
        expect(() =>
          startMsgServer(
            skynet,
            startGateserver,
            { ...handlers, loginHandler: () => 1 },
            { expiredNumber: 0 },
          ),
        ).toThrow('option expiredNumber');
        expect(() =>
          startMsgServer(skynet, startGateserver, { ...handlers, loginHandler: () => 1 }, {
            expired_number: 5,
          } as never),
        ).toThrow('unknown msgserver option "expired_number", perhaps expiredNumber is meant');
        expect(() =>
          startMsgServer(skynet, startGateserver, {
            ...handlers,
            loginHandler: () => 1,
            disconectHandler: nothing,
          } as never),
        ).toThrow('perhaps disconnectHandler is meant');
        expect(() => startMsgServer(skynet, {} as never, handlers as never)).toThrow('starts its gate');
      }),
    );
    expect(thrown).toMatchObject({ code: 'ERR_MSG_NOT_OPEN' });
    const open = (config: object): Promise<unknown> =>
      node.run((skynet) => skynet.call(handle, 'lua', 'open', config));
    await expect(open({ port: 0 })).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(open({ port: 0, serverName: 's' })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('unknown gate option "serverName", perhaps servername is meant'),
    });
    await expect(open({ port: 0, servername: 's', users: 5 })).rejects.toMatchObject({
      message: expect.stringContaining('unknown gate option "users"; there are: '),
    });
    await open({ port: 0, servername: 's' });
  });

  test('secrets do not reach the log', async () => {
    const server = await startTestServer();
    const secret = Buffer.from('Zq8!s3cr');
    const { username } = await logIn(server, 'hello', secret);
    await shake(server, `${handshakeText(username, 1, Buffer.from('22222222'))}`);
    const user = { username, secret };
    const client = await connectClient(server.port);
    client.send(handshakeText(user.username, 1, user.secret));
    await client.text();
    client.request('!error', 1);
    await client.answer();
    const log = server.node.log.join('\n');
    expect(log).toContain('request failed');
    expect(log).not.toContain('Zq8!s3cr');
    expect(log).not.toContain(hexencode(secret));
  });
});
