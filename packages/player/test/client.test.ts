import { Happenings } from '@skynet/core/testing';
import {
  connectPlayer,
  type MessageClient,
  type MessageConnect,
  type PlayerClient,
  type Ticket,
} from '@skynet/player/client';
import { expect, onTestFinished, test } from 'vitest';
import { encodeAnswer, encodeKick, encodePush } from '../src/wire.ts';

const TICKET: Ticket = { user: 'anna', server: 'game', subid: '1', secret: new Uint8Array(8) };

/** A server at the other end of the ports. */
class Server {
  readonly connections: MessageConnect[] = [];
  readonly told = new Happenings<string>('events');
  logins = 0;
  refuses: unknown;

  async enter(): Promise<PlayerClient> {
    const listener = (name: string) => (event: unknown) =>
      void this.told.add(`${name} ${JSON.stringify(event) ?? ''}`.trim());
    const client = await connectPlayer({
      login: () => {
        this.logins++;
        return this.refuses === undefined ? Promise.resolve(TICKET) : Promise.reject(this.refuses);
      },
      connect: (options) => {
        this.connections.push(options);
        const messages: MessageClient = {
          state: 'open',
          request: () => Promise.resolve(encodeAnswer('yes')),
          drop() {},
          close() {},
        };
        return Promise.resolve(messages);
      },
      on: Object.fromEntries(
        ['connected', 'lost', 'resumed', 'kicked', 'missed', 'failed', 'said'].map((name) => [
          name,
          listener(name),
        ]),
      ),
      backoff: { first: 1, max: 2 },
    });
    onTestFinished(() => client.close());
    return client;
  }

  get last(): MessageConnect {
    return this.connections.at(-1) as MessageConnect;
  }
}

const forgotten = Object.assign(new Error('404'), { code: 'ERR_CLIENT_REFUSED' });

test('pushes and events come to their listeners; a push cannot pass for an event', async () => {
  const server = new Server();
  const client = await server.enter();
  server.last.on.push(encodePush('said', 'hello'));
  server.last.on.push(encodePush('kicked', 'a lie'));
  server.last.on.missed({ count: 3 });
  expect(server.told.all).toEqual(['connected', 'said "hello"', 'missed {"count":3}']);
  expect(client.state).toBe('open');
  server.last.on.push(encodeKick('elsewhere', 'there'));
  expect(server.told.all.at(-1)).toBe('kicked {"reason":"elsewhere","text":"there"}');
  expect(client.state).toBe('closed');
});

test('what is no push is the end', async () => {
  const server = new Server();
  const client = await server.enter();
  server.last.on.push(Uint8Array.of(1, 2, 3));
  expect(server.told.all.at(-1)).toContain('failed');
  await expect(client.request['any']?.()).rejects.toMatchObject({
    code: 'ERR_PLAYER_SERVER',
  });
});

test('a login that is forgotten is made anew, again and again; one whose password is wrong now is the end', async () => {
  const server = new Server();
  const client = await server.enter();
  const before = server.last;
  server.refuses = Object.assign(new Error('not yet'), { code: 'ERR_CLIENT_CONNECT' });
  before.on.failed(forgotten);
  await server.told.find((event) => event.startsWith('lost'), 'the loss');
  setTimeout(() => {
    server.refuses = undefined;
  }, 20);
  await server.told.find((event) => event === 'resumed {"fresh":true}', 'the return');
  expect(server.logins).toBeGreaterThan(2);
  // What the former connection still says counts no more.
  before.on.push(encodePush('said', 'old'));
  before.on.failed(forgotten);
  expect(server.told.all).not.toContain('said "old"');
  expect(client.state).toBe('open');
  server.refuses = Object.assign(new Error('401'), { code: 'ERR_CLIENT_LOGIN', details: { status: 401 } });
  server.last.on.failed(forgotten);
  await server.told.find((event) => event.startsWith('failed'), 'the end');
  await expect(client.request['any']?.()).rejects.toMatchObject({
    code: 'ERR_PLAYER_CONNECT',
  });
});

test('a connection that is lost while it is made is waited for', async () => {
  const server = new Server();
  const client = await server.enter();
  server.last.on.disconnected({ error: undefined });
  expect(client.state).toBe('lost');
  server.last.on.reconnected({ index: 2, repeated: 0 });
  expect(client.state).toBe('open');
  expect(server.told.all).toEqual(['connected', 'lost {}', 'resumed {"fresh":false}']);
});
