import { until } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PushBuffer } from '../src/push-buffer.ts';
import { decodeAnswer, encodeAck, encodeRequest, handshakeText, parseStatus } from '../src/wire.ts';
import { type FrameClient, logIn, startTestServer } from './harness.ts';

const PUSH = 2;

async function take(client: FrameClient, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  for (let i = 0; i < count; i++) got.push(await client.answer());
  return got;
}

describe('pushes', () => {
  test('come numbered from 1, between answers, and those before the first connection too', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    expect(server.push(user.username, 'welcome')).toBe(true);
    const client = await user.connect(1, 0);
    expect(client.status).toBe('200 OK push/1/1');
    server.push(user.username, Uint8Array.of(104, 105));
    client.request('x', 9);
    expect(await take(client, 3)).toEqual([
      ['welcome', PUSH, 1],
      ['hi', PUSH, 2],
      ['X', 1, 9],
    ]);
  });

  test('that were not acknowledged come again on the next connection, and no others', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    const first = await user.connect(1, 0);
    for (const text of ['a', 'b', 'c', 'd']) server.push(user.username, text);
    await take(first, 4);
    first.send(encodeAck(1));
    await until(() => server.pendingPushes(user.username) === 3);
    first.close();
    server.push(user.username, 'e');
    const second = await user.connect(2, 2);
    expect(second.status).toBe('200 OK push/1/3');
    expect(await take(second, 3)).toEqual([
      ['c', PUSH, 3],
      ['d', PUSH, 4],
      ['e', PUSH, 5],
    ]);
    second.send(encodeAck(5));
    await until(() => server.pendingPushes(user.username) === 0);
    const third = await user.connect(3, 5);
    expect(third.status).toBe('200 OK push/1/6');
  });

  test('beyond the bounds are given up, oldest first, and the status tells', async () => {
    const { server, ...test } = await startTestServer({ pushNumber: 3 });
    const user = await logIn({ server, ...test });
    for (let i = 1; i <= 10; i++) server.push(user.username, `p${i}`);
    expect(server.pendingPushes(user.username)).toBe(3);
    const client = await user.connect(1, 0);
    expect(parseStatus(client.status ?? '')).toEqual({ code: 200, firstPush: 8 });
    expect(await take(client, 3)).toEqual([
      ['p8', PUSH, 8],
      ['p9', PUSH, 9],
      ['p10', PUSH, 10],
    ]);
  });

  test('a client without the extension sees the old protocol exactly', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    server.push(user.username, 'lost');
    const old = await user.connect(1);
    expect(old.status).toBe('200 OK');
    expect(server.push(user.username, 'never')).toBe(false);
    // The session that the extension takes for itself is one like any other.
    old.request('abcd', 0xffff_ffff);
    expect(await old.answer()).toEqual(['ABCD', 1, 0xffff_ffff]);
    expect(server.pendingPushes(user.username)).toBe(0);
    const modern = await user.connect(2, 0);
    expect(modern.status).toBe('200 OK push/1/2');
    server.push(user.username, 'now');
    expect(await modern.answer()).toEqual(['now', PUSH, 2]);
  });

  test('go to the newest connection only', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    const older = await user.connect(1);
    const newer = await user.connect(2, 0);
    server.push(user.username, 'x');
    expect(await newer.answer()).toEqual(['x', PUSH, 1]);
    older.request('y', 1);
    expect(await older.answer()).toEqual(['Y', 1, 1]);
  });

  test.each([
    ['what was never sent', encodeAck(2)],
    ['with a content that is no number', encodeRequest('xyz', 0xffff_ffff)],
    ['with nothing', encodeRequest('', 0xffff_ffff)],
  ])('a client that acknowledges %s is cut off', async (_what, payload) => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    const client = await user.connect(1, 0);
    server.push(user.username, 'x');
    await client.answer();
    client.send(payload);
    expect(await client.frame()).toBeUndefined();
    expect(server.pendingPushes(user.username)).toBe(1);
  });

  test('a handshake that has got what was never sent is 400 and uses no index', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    expect((await user.connect(1, 1)).status).toBe('400 Bad Request');
    expect((await user.connect(1, 0)).status).toBe('200 OK push/1/1');
  });

  test('above the largest size are refused where they are made; the largest passes', async () => {
    const { server, ...test } = await startTestServer();
    const user = await logIn({ server, ...test });
    const client = await user.connect(1, 0);
    expect(() => server.push(user.username, Buffer.alloc(65_531))).toThrow(
      expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }),
    );
    server.push(user.username, Buffer.alloc(65_530, 'z'));
    expect((await client.answer())?.[0]).toHaveLength(65_530);
  });

  test('are made by the lua message push', async () => {
    const test = await startTestServer();
    const user = await logIn(test);
    const client = await user.connect(1, 0);
    expect(await test.call('push', 'hello', 1, 'from an agent')).toBe(true);
    expect(await client.answer()).toEqual(['from an agent', PUSH, 1]);
    await expect(test.call('push', 'hello', 2, 'x')).rejects.toMatchObject({ code: 'ERR_MSG_USER' });
  });

  test('nothing is lost or comes twice, however often the connection drops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('drop' as const), fc.integer({ min: 1, max: 5 })), { maxLength: 20 }),
        async (plan) => {
          const { server, ...test } = await startTestServer();
          const user = await logIn({ server, ...test });
          let index = 1;
          let sent = 0;
          const received: number[] = [];
          let client = await user.connect(index++, 0);
          for (const step of plan) {
            if (step === 'drop') {
              client.close();
              client = await user.connect(index++, received.length);
              continue;
            }
            for (let i = 0; i < step; i++) server.push(user.username, String(++sent));
            // Reads some of them, and acknowledges what it has.
            for (let i = 0; i < step - 1 && received.length < sent; i++)
              received.push(Number((await client.answer())?.[0]));
            client.send(encodeAck(received.length));
          }
          while (received.length < sent) received.push(Number((await client.answer())?.[0]));
          expect(received).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
          await test.node.stop();
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('push buffer', () => {
  test('keeps within its bounds whatever happens, and in order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.nat(300).map((size) => ({ size })),
            fc.nat(60).map((ack) => ({ ack })),
          ),
          { maxLength: 80 },
        ),
        (steps) => {
          const buffer = new PushBuffer(8, 1000);
          for (const step of steps) {
            if ('size' in step) buffer.add(new Uint8Array(step.size));
            else {
              const before = buffer.size;
              expect(buffer.acknowledge(step.ack)).toBe(step.ack <= buffer.sent);
              if (step.ack > buffer.sent) expect(buffer.size).toBe(before);
              else expect(buffer.first).toBeGreaterThan(step.ack);
            }
            const numbers = [...buffer.payloads()].map((payload) => decodeAnswer(payload)?.session);
            expect(numbers).toEqual(numbers.map((_, i) => buffer.first + i));
            expect(buffer.size).toBeLessThanOrEqual(8);
            expect(buffer.bytes).toBeLessThanOrEqual(1000);
            expect(buffer.bytes).toBe([...buffer.payloads()].reduce((sum, { length }) => sum + length, 0));
          }
        },
      ),
    );
  });
});

test('a status that is none of ours has no code', () => {
  expect(parseStatus('200 OK')).toEqual({ code: 200, firstPush: undefined });
  expect(parseStatus('200 OK push/2/7')).toEqual({ code: 200, firstPush: undefined });
  expect(parseStatus('403 Index Expired')).toEqual({ code: 403, firstPush: undefined });
  for (const text of ['', '2000 OK', 'OK', '20']) expect(parseStatus(text).code).toBe(0);
  expect(handshakeText('u', 1, Buffer.from('11111111'), 7)).toMatch(/:push\/1\/7$/);
});
