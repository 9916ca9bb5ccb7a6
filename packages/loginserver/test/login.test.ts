import { readFileSync } from 'node:fs';
import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hexdecode,
  hexencode,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';
import { kernelOf } from '@skynet/core/kernel';
import { type TestNode, until } from '@skynet/core/testing';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { ClassicHandshake } from '../src/handshake.ts';
import { okStatus } from '../src/status.ts';
import { connectLine, logIn, startTestLogin, startTestNode, tokenOf } from './harness.ts';

interface Row {
  readonly kind: 'computed' | 'live';
  readonly note?: string;
  readonly challenge: string;
  readonly clientkey: string;
  readonly serverkey?: string;
  readonly secret?: string;
  readonly user: string;
  readonly server: string;
  readonly pass: string;
  readonly subid?: string;
  readonly token?: string;
  readonly lines: { [name: string]: string | undefined };
}

const { rows } = JSON.parse(readFileSync(new URL('./vectors/login.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};

describe('golden vectors', () => {
  for (const row of rows.filter(({ kind }) => kind === 'computed')) {
    test(`${row.note ?? row.token} is answered line by line as recorded`, () => {
      const handshake = new ClassicHandshake(hexdecode(row.challenge), hexdecode(row.serverkey ?? ''));
      expect(handshake.take(row.lines['c1'] ?? '')).toEqual({ say: row.lines['s2'] });
      expect(handshake.take(row.lines['c2'] ?? '')).toEqual({ say: '' });
      const last = handshake.take(row.lines['c3'] ?? '');
      expect('token' in last && Buffer.from(last.token).toString()).toBe(row.token);
      expect('secret' in last && hexencode(last.secret)).toBe(row.secret);
      expect(okStatus(Buffer.from(row.subid ?? '', 'hex'))).toBe(row.lines['s3']);
    });
  }

  // What the live rows came to, by the rule that everything before the token is 400.
  const outcome: { readonly [note: string]: RegExp } = {
    accepted: /^200 .+$/,
    'wrong password': /^401 Unauthorized$/,
    'unknown server': /^403 Forbidden$/,
    'wrong hmac': /^400 Bad Request$/,
    'client key of the wrong length': /^400 Bad Request$/,
    'client key that is not base64': /^400 Bad Request$/,
    'client key zero': /^400 Bad Request$/,
    'empty client key': /^400 Bad Request$/,
    'token with the wrong shape': /^401 Unauthorized$/,
    'token under another key': /^401 Unauthorized$/,
    'token that is not whole blocks': /^401 Unauthorized$/,
  };

  test('live conversations end in the same way over a socket', async () => {
    const { port } = await startTestLogin();
    for (const row of rows.filter(({ kind }) => kind === 'live')) {
      const note = row.note ?? '';
      const client = await connectLine(port);
      const challenge = base64decode((await client.line()) ?? '');
      const key = hexdecode(row.clientkey);
      const sound = !note.includes('client key');
      client.send(sound ? base64encode(dhexchange(key)) : (row.lines['c1'] ?? ''));
      if (sound) {
        const secret = dhsecret(base64decode((await client.line()) ?? ''), key);
        client.send(base64encode(hmac64(note === 'wrong hmac' ? randomkey() : challenge, secret)));
        if (note !== 'wrong hmac') {
          const text = (hex: string): string => base64encode(hexdecode(hex));
          const token =
            note === 'token with the wrong shape'
              ? 'x'
              : `${text(row.user)}@${text(row.server)}:${text(row.pass)}`;
          const encrypted = desencode(note === 'token under another key' ? randomkey() : secret, token);
          client.send(
            base64encode(note === 'token that is not whole blocks' ? encrypted.subarray(1) : encrypted),
          );
        }
      }
      const lines = await client.rest();
      expect([note, lines]).toEqual([note, [expect.stringMatching(outcome[note] ?? /never/)]]);
    }
  });
});

describe('a login server', () => {
  test('starts its slaves, tells where it listens, and answers commands', async () => {
    const { node, port, ask } = await startTestLogin();
    expect(node.log.filter((line) => line.includes('LAUNCH snlua login '))).toHaveLength(9);
    await node.logged(new RegExp(`login server listen at : 127.0.0.1 ${port}$`));
    expect(await ask('url')).toBe(`tcp://127.0.0.1:${port}`);
    await expect(ask('nonsense')).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    expect(await node.run((skynet) => skynet.localName('.login_master'))).toBeGreaterThan(0);
  });

  test('gives the subid, and slaves take turns', async () => {
    const { node, port } = await startTestLogin({ instance: 3 });
    const statuses: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await logIn(port, tokenOf('hello'))).status);
    expect(statuses).toEqual(['200 MQ==', '200 Mg==', '200 Mw==', '200 NA==']);
    const slaves = node.log.filter((line) => line.includes('connect from')).map((line) => line.split(']')[0]);
    expect(new Set(slaves).size).toBe(3);
    expect(slaves[3]).toBe(slaves[0]);
  });

  test('with slaves in other threads works the same', async () => {
    const { node, port } = await startTestLogin({ instance: 4 }, { thread: 2 });
    const logins = await Promise.all([1, 2, 3, 4].map((n) => logIn(port, tokenOf(`user${n}`))));
    expect(logins.map(({ status }) => status).sort()).toEqual([
      '200 MQ==',
      '200 Mg==',
      '200 Mw==',
      '200 NA==',
    ]);
    expect(node.log.filter((line) => line.includes('connect from'))).toHaveLength(4);
  });

  test('without a subid sends an empty one', async () => {
    const { port } = await startTestLogin({ instance: 1 });
    expect((await logIn(port, tokenOf('nobody'))).status).toBe('200 ');
  });

  test('refuses with 401, 403 and 400, tells the log, and never the password or the secret', async () => {
    const { node, port } = await startTestLogin({ instance: 1 });
    const refused = [
      await logIn(port, tokenOf('hello', 'sesame-open')),
      await logIn(port, tokenOf('hello', 'password', 'nowhere')),
      await logIn(port, tokenOf('hello'), { hmac: () => base64encode('11111111') }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([
      '401 Unauthorized',
      '403 Forbidden',
      '400 Bad Request',
    ]);
    await node.logged(/invalid client \(fd = \d+\) error = Invalid password/);
    await node.logged(/invalid client \(fd = \d+\) error = unknow server/);
    await node.logged(/invalid client \(fd = \d+\) error = challenge failed/);
    const log = node.log.join('\n');
    for (const { secret } of refused) expect(log).not.toContain(hexencode(secret));
    expect(log).not.toContain('sesame-open');
    expect(log).not.toContain(base64encode('sesame-open'));
  });

  test('refuses a second login of a user inside the login handler with 406, others not', async () => {
    const { node, port, ask } = await startTestLogin();
    const first = logIn(port, tokenOf('held'));
    await node.logged(/held$/);
    expect((await logIn(port, tokenOf('held'))).status).toBe('406 Not Acceptable');
    expect((await logIn(port, tokenOf('hello'))).status).toBe('200 MQ==');
    await node.logged(/error = User held is already login/);
    await ask('release');
    expect((await first).status).toBe('200 Mg==');
  });

  test('with multilogin lets both in', async () => {
    const { node, port, ask } = await startTestLogin({ multilogin: true });
    const both = [logIn(port, tokenOf('held')), logIn(port, tokenOf('held'))];
    while (node.log.filter((line) => line.endsWith(' held')).length < 2) await new Promise(setImmediate);
    await ask('release');
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual(['200 MQ==', '200 Mg==']);
  });

  test('takes the token in the same write as the answer to the challenge, and bytes that follow', async () => {
    const { port } = await startTestLogin();
    const client = await connectLine(port);
    const challenge = base64decode((await client.line()) ?? '');
    const key = randomkey();
    client.send(base64encode(dhexchange(key)));
    const secret = dhsecret(base64decode((await client.line()) ?? ''), key);
    client.send(
      base64encode(hmac64(challenge, secret)),
      base64encode(desencode(secret, tokenOf('hello'))),
      'and more',
    );
    expect(await client.rest()).toEqual(['200 MQ==']);
  });

  test('answers lines that come without waiting for it one after another', async () => {
    const { port } = await startTestLogin();
    const client = await connectLine(port);
    await client.line();
    const proof = base64encode(randomkey());
    client.send(base64encode(dhexchange(randomkey())), proof, ...new Array<string>(9).fill('and more'));
    expect(await client.rest()).toEqual([expect.stringMatching(/^[\w+/]{11}=$/), '400 Bad Request']);
  });

  test('takes a login byte by byte', async () => {
    const { port } = await startTestLogin();
    const client = await connectLine(port);
    client.socket.setNoDelay(true);
    const trickle = async (line: string): Promise<void> => {
      for (const character of `${line}\n`) {
        client.socket.write(character);
        await new Promise(setImmediate);
      }
    };
    const challenge = base64decode((await client.line()) ?? '');
    const key = randomkey();
    await trickle(base64encode(dhexchange(key)));
    const secret = dhsecret(base64decode((await client.line()) ?? ''), key);
    await trickle(base64encode(hmac64(challenge, secret)));
    await trickle(base64encode(desencode(secret, tokenOf('hello'))));
    expect(await client.rest()).toEqual(['200 MQ==']);
  });

  test('can be started once only under a name', async () => {
    const { node } = await startTestLogin();
    await expect(node.newService('login')).rejects.toThrow('there is a login server .login_master already');
  });

  test('that cannot listen does not start, and starts no slaves', async () => {
    const { node, port } = await startTestLogin();
    const options = Buffer.from(JSON.stringify({ port, name: 'second' })).toString('hex');
    await expect(node.newService('login', options)).rejects.toThrow(/EADDRINUSE|in use/);
    const start = node.log.indexOf(await node.logged(new RegExp(options)));
    await until(() => node.log.slice(start).some((entry) => entry.endsWith('KILL self')));
    const failure = node.log.slice(start).map((entry) => entry.replace(/^\[:\w+\] /, '').split('\n'));
    expect(failure).toEqual([
      [`LAUNCH snlua login ${options}`],
      [
        `init service failed: Error: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
        `led to SkynetError: Listen error: 127.0.0.1:${port} is already in use (ERR_LISTEN)`,
        expect.stringMatching(/^ {4}at .*services\/login\.ts:\d+:\d+\)$/),
      ],
      ['KILL self'],
    ]);
  });

  test('serves those that come before its slaves have started', async () => {
    const port = await freePort();
    const node = await startTestNode();
    const started = node.newService('held-login', port);
    await listening(port);
    const login = logIn(port, tokenOf('anna'));
    await listening(port);
    expect(node.log.join('\n')).not.toContain('login server listen at');
    await node.run((skynet) => skynet.register('go'));
    expect((await login).status).toBe('200 Nw==');
    await started;
  });

  test('starts another slave for one that has ended', async () => {
    const { node, port } = await startTestLogin({ instance: 1 });
    await logIn(port, tokenOf('hello'));
    const slave = /\[(:\w+)\] connect from/.exec(await node.logged(/connect from/))?.[1] ?? '';
    await node.run((skynet) => skynet.kill(slave));
    const launches = (): number => node.log.filter((line) => line.includes('LAUNCH snlua login')).length;
    const before = launches();
    const refused = await connectLine(port);
    expect(await refused.rest()).toEqual(['400 Bad Request']);
    await until(() => launches() > before);
    await until(() => node.services > 0);
    expect((await retry(() => logIn(port, tokenOf('hello')))).status).toBe('200 Mg==');
  });

  test.each([1, 2])(
    'takes its slaves along when it is killed, with %i threads, and can be started anew',
    async (thread) => {
      const { node, handle } = await startTestLogin({ instance: 3 }, { thread });
      await node.run((skynet) => skynet.kill(handle));
      await until(() => node.log.filter((line) => line.endsWith('KILL self')).length >= 3);
      const again = await node.newService('login', Buffer.from('{}').toString('hex'));
      expect(await node.run((skynet) => skynet.localName('.login_master'))).toBe(again);
    },
  );

  test('listens no more after close, and goes on with logins under way', async () => {
    const { node, port, ask } = await startTestLogin();
    const first = logIn(port, tokenOf('held'));
    await node.logged(/held$/);
    await ask('close');
    await expect(connectLine(port)).rejects.toThrow(/ECONNREFUSED/);
    await ask('release');
    expect((await first).status).toBe('200 MQ==');
  });

  test('works over any transport', async () => {
    const { ask, node } = await startTestLogin({ url: 'memory://login-test' });
    expect(await ask('url')).toBe('memory://login-test');
    expect(await ask('port')).toBe(0);
    const greeting = await node.run(async (skynet) => {
      const connection = await kernelOf(skynet).thread.transports.connect('memory://login-test');
      return await new Promise<string>((resolve) =>
        connection.start({
          data: (chunk) => resolve(Buffer.from(chunk).toString()),
          end() {},
          drained() {},
          error() {},
          closed() {},
        }),
      );
    });
    expect(greeting).toMatch(/^[A-Za-z0-9+/]{11}=\n$/);
  });

  test.each([
    [{ port: -1 }, 'port'],
    [{ instance: 0 }, 'instance'],
    [{ name: '' }, 'name'],
    [{ classic: false }, 'classic'],
    [{ handshakeTimeout: 'soon' as '1s' }, 'handshakeTimeout'],
    [{ limits: { connections: -1 } }, 'limits.connections'],
    [{ modern: { privateKey: 'short' } }, 'modern.privateKey'],
  ])('refuses the options %j', async (options, key) => {
    const node = await startTestNode();
    const start = node.newService('login', Buffer.from(JSON.stringify(options)).toString('hex'));
    await expect(start).rejects.toThrow(`login option ${key} must be`);
  });

  test.each([
    [{ hosts: '127.0.0.1' }, 'unknown login option "hosts", perhaps host is meant'],
    [{ multiLogin: true }, 'perhaps multilogin is meant'],
    [{ address: '127.0.0.1' }, 'unknown login option "address"; there are: authHandler, loginHandler'],
    [{ limits: { connection: 5 } }, 'perhaps limits.connections is meant'],
    [
      { modern: { publicKey: 'x' } },
      'unknown login option "modern.publicKey"; there are: privateKey, ciphers',
    ],
  ])('refuses the unknown option of %j, and names the nearest', async (options, message) => {
    const node = await startTestNode();
    const start = node.newService('login', Buffer.from(JSON.stringify(options)).toString('hex'));
    await expect(start).rejects.toThrow(message);
  });
});

describe('what a handler throws', () => {
  const entryOf = (node: TestNode, text: string): Promise<string> =>
    node.logged(new RegExp(`invalid client \\(fd = \\d+\\) error = ${text}`));

  test('is logged with the handler, the user, and the lines of the application', async () => {
    const { node, port } = await startTestLogin({ instance: 2 }, { thread: 2 });
    expect((await logIn(port, tokenOf('anna', 'wrong'))).status).toBe('401 Unauthorized');
    expect(await entryOf(node, 'Invalid password')).toMatch(
      /error = Invalid password\n {4}in authHandler\n {4}at .*fixtures\/services\/login\.ts:\d+:\d+\)?$/,
    );
    expect((await logIn(port, tokenOf('anna', 'password', 'elsewhere'))).status).toBe('403 Forbidden');
    expect(await entryOf(node, 'unknow server')).toMatch(
      /error = unknow server\n {4}in loginHandler for anna@elsewhere\n {4}at .*fixtures\/services\/login\.ts:\d+:\d+\)?$/,
    );
  });

  test('cannot forge a log line, whatever the client has put into it', async () => {
    const { node, port } = await startTestLogin();
    const forged = '\n[:00000001] admin logged in\r\n\u001b[31mRED\u0007';
    await logIn(port, `shapeless${forged}`);
    await logIn(port, tokenOf(`anna${forged}`, 'password', `elsewhere${forged}`));
    const client = await connectLine(port);
    client.send(`\u001b[2J${'x'.repeat(200)}`);
    await client.rest();
    await entryOf(node, 'token with the wrong shape: shapeless');
    await entryOf(node, 'not a client key');
    expect(await entryOf(node, 'unknow server')).toContain('anna\\n[:00000001] admin');
    for (const entry of node.log) {
      expect(entry).not.toMatch(/(?![\n\t])\p{Cc}/u);
      expect(entry).not.toMatch(/\n\[:00000001\]/);
    }
  });

  test('is also what it returns, where that says nothing', async () => {
    const { node, port } = await startTestLogin();
    expect((await logIn(port, tokenOf('odd subid'))).status).toBe('403 Forbidden');
    await entryOf(node, 'loginHandler must return text, a number, bytes or nothing, not object');
    expect((await logIn(port, tokenOf('odd user'))).status).toBe('401 Unauthorized');
    await entryOf(node, 'authHandler must return \\{ server, uid \\}, or throw');
  });
});

/** Resolves when somebody listens. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const client = await connectLine(port).catch(() => undefined);
    // From a port to itself a connection comes about without anybody who listens.
    const isServed = client !== undefined && client.socket.localPort !== port;
    client?.socket.destroy();
    if (isServed) return;
  }
}

async function retry(login: () => ReturnType<typeof logIn>): ReturnType<typeof logIn> {
  for (;;) {
    const result = await login().catch(() => undefined);
    if (result !== undefined && result.status !== '400 Bad Request') return result;
  }
}
