import { type CommandsOf, type ServiceHandle, type Skynet, SkynetError } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { createSocket } from '../src/index.ts';
import type courier from './fixtures/threads/courier.ts';
import type echoAgent from './fixtures/threads/echo-agent.ts';
import { type Client, client, livingService, Signal, testNode } from './setup.ts';

// The worker threads of these nodes run the built packages: `npm test` builds before it tests.

type Agent = ServiceHandle<CommandsOf<typeof echoAgent>>;

const agentIn = (skynet: Skynet, thread: number): Promise<Agent> =>
  skynet.newService({ name: 'echo-agent', thread });

/** A node with three threads, a socket accepted in the first one, and the client at its other end. */
async function accepted(): Promise<{ node: TestNode; skynet: Skynet; id: number; peer: Client }> {
  const base = new URL('./fixtures/threads', import.meta.url).pathname;
  const node = await testNode({ thread: 3, watchdog: false, services: [`${base}/?`] });
  const skynet = await livingService(node);
  const socket = createSocket(skynet);
  const listener = await socket.listen('127.0.0.1', 0);
  const arrived = new Signal<number>();
  await socket.start(listener, (id) => arrived.resolve(id));
  const peer = await client(socket.localAddress(listener).port);
  return { node, skynet, id: await arrived.promise, peer };
}

test('a connection accepted in one thread is served by a service in another, until the peer goes', async () => {
  const { node, skynet, id, peer } = await accepted();
  const agent = skynet.proxy(await agentIn(skynet, 1));
  await agent.serve(id);
  peer.socket.write('hello');
  await peer.until(() => peer.received.toString() === 'HELLO');
  peer.socket.end(' and bye');
  await peer.until(() => peer.received.toString() === 'HELLO AND BYE');
  await node.logged('peer gone');
  await peer.until(() => peer.ended);
});

test('it is handed on from thread to thread and back, and no byte is lost', async () => {
  const { skynet, id, peer } = await accepted();
  const one = skynet.proxy(await agentIn(skynet, 1));
  const two = skynet.proxy(await agentIn(skynet, 2));
  const home = skynet.proxy(await agentIn(skynet, 0));
  const socket = createSocket(skynet);
  for (const [round, holder] of [one, two, home, one, home, two].entries()) {
    peer.socket.write(`part ${round}`);
    expect(await holder.readOnce(id)).toBe(`part ${round}`);
  }
  peer.socket.write('the end');
  await socket.start(id);
  expect(await socket.read(id)).toEqual(['the end', undefined]);
});

test('bytes that were received and not read go along', async () => {
  const { skynet, id, peer } = await accepted();
  const one = skynet.proxy(await agentIn(skynet, 1));
  const two = skynet.proxy(await agentIn(skynet, 2));
  await one.startOnly(id);
  peer.socket.write('unread bytes');
  while ((await one.unread(id)) !== 12) await skynet.yield();
  // Whoever starts it last has it, also without being asked to let go (book 9.1).
  peer.socket.end(' and more');
  await two.startOnly(id);
  expect(await two.readAll(id)).toBe('unread bytes and more'.length);
});

test('any service may write to it or close it, whichever thread holds it', async () => {
  const { skynet, id, peer } = await accepted();
  const one = skynet.proxy(await agentIn(skynet, 1));
  const two = skynet.proxy(await agentIn(skynet, 2));
  const socket = createSocket(skynet);
  await two.write(id, 'before; ');
  await peer.until(() => peer.received.toString() === 'before; ');
  await one.startOnly(id);
  await two.write(id, 'from two; ');
  await one.write(id, 'from one; ');
  await peer.until(() => peer.received.length === 28);
  socket.write(id, 'from home');
  await peer.until(() => peer.received.toString().endsWith('from home'));
  await two.closeFd(id);
  await peer.until(() => peer.ended);
});

test('back-pressure holds: a holder that does not read stops the sender, and one that reads gets everything', async () => {
  const { skynet, id, peer } = await accepted();
  const agent = await agentIn(skynet, 1);
  await skynet.proxy(agent).startOnly(id);
  const chunk = Buffer.alloc(1 << 20, 'x');
  const total = 15;
  let taken = 0;
  const all = new Promise<void>((resolve) => {
    const next = (): void => {
      if (taken === total) resolve();
      else {
        taken++;
        peer.socket.write(chunk, next);
      }
    };
    next();
  });
  // What the kernel and the two threads hold is bounded, so not all of it can have been taken.
  let before = -1;
  while (taken !== before) {
    before = taken;
    await skynet.sleep('100ms');
  }
  expect(taken).toBeLessThan(total);
  const reading = skynet.proxy(agent).readAll(id);
  await skynet.await(all);
  peer.socket.end();
  expect(await reading).toBe(total << 20);
});

test('an id that nobody has, and one that was closed, cannot be started from another thread', async () => {
  const { skynet, id, peer } = await accepted();
  const one = skynet.proxy(await agentIn(skynet, 1));
  await expect(one.start(id + 3000)).rejects.toThrow(SkynetError);
  await expect(one.start(-1)).rejects.toMatchObject({ code: 'ERR_SOCKET_ID' });
  await one.startOnly(id);
  await one.close(id);
  await peer.until(() => peer.ended);
  await expect(one.start(id)).rejects.toMatchObject({ code: 'ERR_SOCKET_ID' });
});

test('when the thread of the holder is lost its clients are disconnected, others notice nothing', async () => {
  const { skynet, id, peer } = await accepted();
  const doomed = skynet.proxy(await agentIn(skynet, 1));
  await doomed.serve(id);
  peer.socket.write('a');
  await peer.until(() => peer.received.toString() === 'A');
  await doomed.exitProcess().catch(() => {});
  await peer.until(() => peer.ended);
  const again = skynet.proxy(await agentIn(skynet, 1));
  await expect(again.start(id)).rejects.toMatchObject({ code: 'ERR_SOCKET_ID' });
});

test('its holder may move to another thread and take it along; one that does not hand it over stays', async () => {
  const { skynet, id, peer } = await accepted();
  const start = (...args: string[]) =>
    skynet.newService<CommandsOf<typeof courier>>({ name: 'courier', thread: 0 }, ...args);
  const handle = await start();
  const holder = skynet.proxy(handle);
  await holder.take(id);
  for (const thread of [1, 2, 0, 1]) {
    peer.socket.write(`to ${thread}`);
    await skynet.move(handle, { thread });
    expect(await holder.read(id, 4)).toBe(`to ${thread}`);
    const length = peer.received.length;
    await holder.write(id, `from ${thread}`);
    await peer.until(() => peer.received.toString().slice(length) === `from ${thread}`);
  }
  const reading = holder.read(id, 4);
  await expect(skynet.move(handle, { thread: 2, patience: 1 })).rejects.toThrow(/cannot move/);
  peer.socket.write('last');
  expect(await reading).toBe('last');
  const keeping = await start('keep');
  await skynet.proxy(keeping).take(id);
  await expect(skynet.move(keeping, { thread: 1 })).rejects.toMatchObject({
    code: 'ERR_MOVE',
    details: { reason: 'sockets' },
  });
  peer.socket.write('here');
  expect(await skynet.proxy(keeping).read(id, 4)).toBe('here');
});
