import { base64decode, equal, hmacHash } from '@skynet/core/crypt';
import { pack } from '@skynet/core/netpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { History } from '../src/history.ts';
import { encodeAck, encodeRequest, handshakeText, parseHandshake } from '../src/wire.ts';
import {
  connectClient,
  type FrameClient,
  logIn,
  startTestServer,
  type TestServer,
  type TestUser,
} from './harness.ts';

/** A way to spoil bytes. */
type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bits: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(200), bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(200), byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(200) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: fc.nat(200),
    count: fc.integer({ min: 2, max: 400 }),
  }),
);

function mutate(bytes: Buffer, { kind, at, ...rest }: Mutation): Buffer {
  if (bytes.length === 0) return bytes;
  const i = at % bytes.length;
  const [before, after] = [bytes.subarray(0, i), bytes.subarray(i + 1)];
  if (kind === 'cut') return before;
  if (kind === 'remove') return Buffer.concat([before, after]);
  if (kind === 'insert')
    return Buffer.concat([before, Buffer.of((rest as { byte: number }).byte), bytes.subarray(i)]);
  if (kind === 'repeat')
    return Buffer.concat([
      before,
      Buffer.alloc((rest as { count: number }).count, bytes.subarray(i, i + 1)),
      after,
    ]);
  return Buffer.concat([before, Buffer.of((bytes[i] ?? 0) ^ (rest as { bits: number }).bits), after]);
}

const STATUSES = ['200 OK', '400 Bad Request', '401 Unauthorized', '403 Index Expired', '404 User Not Found'];

/** Whether the server works for others. */
async function expectAlive(server: TestServer, user: TestUser, index: number): Promise<void> {
  const client = await user.connect(index);
  expect(client.status).toBe('200 OK');
  client.request('alive', index);
  expect(await client.answer()).toEqual(['ALIVE', 1, index]);
  client.close();
  expect(server.node.log.filter((line) => /stack|Error:/.test(line))).toEqual([]);
}

describe('a client can never', () => {
  test('log in without the secret, by whatever becomes of a good handshake', async () => {
    const server = await startTestServer();
    const witness = await logIn(server, 'witness');
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const user = await logIn(server, `victim${turn++}`);
        const bytes = mutations.reduce(mutate, Buffer.from(handshakeText(user.username, 5, user.secret)));
        const client = await connectClient(server.port);
        client.send(bytes);
        const status = await client.text();
        expect(STATUSES).toContain(status);
        if (status === '200 OK') {
          // Only what proves the secret for just this name and index gets in, however it is written.
          const { username, index, hmac } = parseHandshake(bytes.toString('latin1')) ?? {
            username: '',
            index: '',
            hmac: '',
          };
          expect(equal(base64decode(hmac), hmacHash(user.secret, `${username}:${index}`))).toBe(true);
        } else {
          expect(await client.frame()).toBeUndefined();
        }
        client.close();
      }),
      { numRuns: 150 },
    );
    await expectAlive(server, witness, 1);
  });

  test('replay a handshake', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const seen: string[] = [];
    for (let index = 1; index <= 20; index++) {
      const text = handshakeText(user.username, index, user.secret, index % 2 === 0 ? 0 : undefined);
      seen.push(text);
      const client = await connectClient(server.port);
      client.send(text);
      expect((await client.text())?.startsWith('200 OK')).toBe(true);
      for (const old of seen) {
        const thief = await connectClient(server.port);
        thief.send(old);
        expect([await thief.text(), await thief.frame()]).toEqual(['403 Index Expired', undefined]);
      }
    }
  });

  test('crash the service with bytes of any kind, in chunks of any size', async () => {
    const server = await startTestServer({ handshakeTimeout: '5s' });
    const witness = await logIn(server, 'witness');
    let index = 1;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 12 }),
        fc.boolean(),
        async (chunks, extended) => {
          const user = await logIn(server, `noise${index}`);
          const client = await connectClient(server.port);
          client.send(handshakeText(user.username, 1, user.secret, extended ? 0 : undefined));
          await client.text();
          for (const chunk of chunks) client.socket.write(chunk);
          client.socket.end();
          while ((await client.frame()) !== undefined);
          const raw = await connectClient(server.port);
          for (const chunk of chunks) raw.socket.write(chunk);
          raw.socket.end();
          while ((await raw.frame()) !== undefined);
          index++;
        },
      ),
      { numRuns: 60 },
    );
    await expectAlive(server, witness, 1);
  });

  test('read answers of another user, whatever sessions, repetitions and reconnects it tries', async () => {
    const server = await startTestServer();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            who: fc.nat(2),
            what: fc.constantFrom('ask', 'ask', 'hold', 'drop', 'release'),
            session: fc.nat(5),
          }),
          { minLength: 5, maxLength: 40 },
        ),
        async (steps) => {
          const names = ['ann', 'bob', 'cid'];
          const users: TestUser[] = [];
          const clients: FrameClient[] = [];
          const indexes = [1, 1, 1];
          const heard: Promise<void>[] = [];
          const listen = (client: FrameClient, name: string): void => {
            heard.push(
              (async () => {
                for (let answer = await client.answer(); answer !== undefined; answer = await client.answer())
                  expect(answer[0]).toContain(name.toUpperCase());
              })(),
            );
          };
          for (const name of names) {
            const user = await logIn(server, name);
            users.push(user);
            const client = await user.connect(1);
            clients.push(client);
            listen(client, name);
          }
          for (const { who, what, session } of steps) {
            const name = names[who] as string;
            if (what === 'ask') (clients[who] as FrameClient).request(`${name} ${session}`, session);
            else if (what === 'hold') (clients[who] as FrameClient).request(`hold ${name}`, session);
            else if (what === 'release') server.release();
            else {
              (clients[who] as FrameClient).close();
              indexes[who] = (indexes[who] as number) + 1;
              const client = await (users[who] as TestUser).connect(indexes[who] as number);
              expect(client.status).toBe('200 OK');
              clients[who] = client;
              listen(client, name);
            }
          }
          server.release();
          for (const client of clients) client.socket.end();
          await Promise.all(heard);
          for (const { username } of users) server.server.logout(username);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('hold a slot longer than its time, by sending nothing or a byte now and then', async () => {
    const server = await startTestServer({ handshakeTimeout: '150ms' });
    const { username, secret } = await logIn(server);
    const clients: FrameClient[] = [];
    for (let i = 0; i < 20; i++) clients.push(await connectClient(server.port));
    const bytes = pack(handshakeText(username, 1, secret));
    let at = 0;
    const drip = setInterval(() => {
      for (const client of clients) client.socket.write(bytes.subarray(at % 40, (at % 40) + 1));
      at++;
    }, 10);
    for (const client of clients) while ((await client.frame()) !== undefined);
    clearInterval(drip);
    expect(server.events.some((event) => event.startsWith('disconnect'))).toBe(false);
  });

  test('make the kept answers grow without bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ session: fc.nat(200), reconnect: fc.boolean(), finish: fc.nat(3) }), {
          maxLength: 400,
        }),
        (steps) => {
          const keep = 8;
          const history = new History(keep);
          const pending: ReturnType<History['take']>['answer'][] = [];
          let version = 1;
          for (const { session, reconnect, finish } of steps) {
            if (reconnect) version++;
            const { verdict, answer } = history.take(session, 1, version);
            if (verdict === 'run') pending.push(answer);
            if (verdict === 'repeat') history.given(answer);
            for (let i = 0; i < finish && pending.length > 0; i++) {
              const done = pending.shift() as (typeof pending)[0];
              history.complete(done, new Uint8Array(1), version);
              history.given(done);
            }
            expect(history.size).toBeLessThanOrEqual(keep * 2 + pending.length);
          }
        },
      ),
    );
  });

  test('make pushes grow without bound by never acknowledging', async () => {
    const server = await startTestServer({ pushNumber: 16, pushBytes: 2000 });
    const user = await logIn(server);
    const client = await user.connect(1, 0);
    for (let i = 0; i < 500; i++) server.server.push(user.username, 'x'.repeat(i % 300));
    for (let i = 0; i < 500; i++) await client.answer();
    expect(server.server.pendingPushes(user.username)).toBeLessThanOrEqual(16);
    client.send(encodeAck(0), encodeAck(500), encodeAck(3));
    client.request('ok', 1);
    expect(await client.answer()).toEqual(['OK', 1, 1]);
    expect(server.server.pendingPushes(user.username)).toBe(0);
  });
});

test('requests cut into single bytes are answered all the same', async () => {
  const server = await startTestServer();
  const client = await (await logIn(server)).connect(1);
  client.socket.setNoDelay(true);
  for (const byte of Buffer.concat([pack(encodeRequest('slow', 1)), pack(encodeRequest('', 2))])) {
    client.socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([await client.answer(), await client.answer()]).toEqual([
    ['SLOW', 1, 1],
    ['', 1, 2],
  ]);
});
