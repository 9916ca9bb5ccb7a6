// With the extension a session stands for one request for ever: places where the original would run one twice.
import { describe, expect, test } from 'vitest';
import { logIn, startTestServer } from './harness.ts';

describe('a request of a client with the extension', () => {
  test('whose answer became ready between a handshake and its repetition is not run again', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const first = await user.connect(1, 0);
    first.request('hold', 7);
    while (server.requests.length === 0) await new Promise(setImmediate);
    const second = await user.connect(2, 0);
    server.release();
    // Answered in order: once this answer is there the other is ready.
    second.request('after', 8);
    expect(await second.answer()).toEqual(['AFTER', 1, 8]);
    second.request('hold', 7);
    expect(await second.answer()).toEqual(['HOLD', 1, 7]);
    expect(server.requests).toEqual(['hold', 'after']);
  });

  test('without it such a request runs again, as in the original', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const first = await user.connect(1);
    first.request('hold', 7);
    while (server.requests.length === 0) await new Promise(setImmediate);
    first.close();
    const second = await user.connect(2);
    server.release();
    second.request('after', 8);
    expect(await second.answer()).toEqual(['AFTER', 1, 8]);
    second.request('again', 7);
    expect(await second.answer()).toEqual(['AGAIN', 1, 7]);
    expect(server.requests).toEqual(['hold', 'after', 'again']);
  });

  test('may be repeated as often as one likes, on the same connection too', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const client = await user.connect(1, 0);
    for (let i = 0; i < 3; i++) client.request('hold', 7);
    while (server.requests.length === 0) await new Promise(setImmediate);
    client.request('other', 8);
    expect(await client.answer()).toEqual(['OTHER', 1, 8]);
    server.release();
    expect(await client.answer()).toEqual(['HOLD', 1, 7]);
    client.request('changed', 7);
    expect(await client.answer()).toEqual(['HOLD', 1, 7]);
    expect(server.requests).toEqual(['hold', 'other']);
  });

  test('is not taken from a connection that a newer one has replaced', async () => {
    const server = await startTestServer();
    const user = await logIn(server);
    const first = await user.connect(1, 0);
    const second = await user.connect(2, 0);
    first.request('late', 7);
    expect(await first.frame()).toBeUndefined();
    second.request('new', 8);
    expect(await second.answer()).toEqual(['NEW', 1, 8]);
    expect(server.requests).toEqual(['new']);
    // That the older one has ended does not concern the newer one.
    expect(server.server.ip(user.username)).toBeDefined();
  });

  test('is remembered however often others are repeated', async () => {
    const server = await startTestServer({ expiredNumber: 4 });
    const user = await logIn(server);
    let client = await user.connect(1, 0);
    for (let session = 1; session <= 4; session++) client.request(`r${session}`, session);
    for (let i = 0; i < 4; i++) await client.frame();
    for (let index = 2; index < 12; index++) {
      client.close();
      client = await user.connect(index, 0);
      for (let session = 1; session <= 3; session++) client.request('', session);
      for (let i = 0; i < 3; i++) await client.frame();
    }
    client.request('', 4);
    expect(await client.answer()).toEqual(['R4', 1, 4]);
    expect(server.requests).toEqual(['r1', 'r2', 'r3', 'r4']);
  });
});
