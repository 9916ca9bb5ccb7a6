import type { ThreadKernel } from '@skynet/core/kernel';
import { RecordingReceiver } from '@skynet/core/testing';
import type { Connection, Receiver } from '@skynet/core/transport';
import { expect, test } from 'vitest';
import { type Order, SocketExchange, type Taken } from '../src/exchange.ts';

const ID = 7;

/** An exchange of thread 1, driven by hand. The id is at home in thread 0. */
function exchangeOf(released?: Taken) {
  const handlers = new Map<string, (values: unknown[], from: number) => void>();
  const posted: Order[] = [];
  const thread = {
    number: 1,
    threads: 3,
    threadOf: (id: number) => (id === ID ? 0 : 1),
    nextId: () => 100 + posted.length,
    post: (_to: number, _key: string, values: Order) => posted.push(values),
    onPost: (key: string, handler: (values: unknown[], from: number) => void) => handlers.set(key, handler),
    onThreadLost: () => {},
  };
  const exchange = new SocketExchange(thread as unknown as ThreadKernel, () => released);
  const hear = (key: 'notes' | 'orders', from: number, ...values: unknown[]): void =>
    handlers.get(`@skynet/socket ${key}`)?.(values, from);
  return { exchange, posted, hear };
}

test('a connection whose end comes right behind it is taken over with all that came before', async () => {
  const { exchange, posted, hear } = exchangeOf();
  const taking = exchange.fetch(ID, (taken) => taken);
  const [, , ask] = posted[0] as Order;
  const unread = Buffer.from('before');
  hear('orders', 0, 'fetched', ID, ask, { remoteAddress: 'a:1', localAddress: 'b:2', unread });
  hear('notes', 0, 'data', ID, Buffer.from('then'));
  hear('notes', 0, 'ended', ID);
  hear('notes', 0, 'closed', ID);
  const taken = (await taking) as Taken;
  expect(taken.unread).toBe(unread);
  const heard = new RecordingReceiver();
  taken.connection.start(heard);
  await heard.event('closed');
  expect(Buffer.from(await heard.size(4)).toString()).toBe('then');
});

test('a connection that ends while it is taken back comes with what was not read', async () => {
  let receiver: Receiver | undefined;
  const connection = {
    remoteAddress: 'a:1',
    localAddress: 'b:2',
    start: (given: Receiver) => {
      receiver = given;
    },
    pause: () => {},
    resume: () => {},
    close: () => {},
  } as Partial<Connection> as Connection;
  const { exchange, posted, hear } = exchangeOf({ connection, unread: Buffer.alloc(0) });
  // Thread 2 has it.
  const id = ID + 1;
  hear('orders', 2, 'fetch', id, 50);
  await new Promise(setImmediate);
  const taking = exchange.fetch(id, (taken) => taken);
  const [order, , ask] = posted.at(-1) as Order;
  expect(order).toBe('release');
  receiver?.data(Buffer.from(', late'));
  receiver?.closed();
  hear('orders', 2, 'released', ask, Buffer.from('unread'));
  const taken = (await taking) as Taken;
  expect(taken.connection).toBe(connection);
  expect(Buffer.from(taken.unread).toString()).toBe('unread, late');
});
