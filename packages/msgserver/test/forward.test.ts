import { fileURLToPath } from 'node:url';
import { defineService, type Handle, PTYPE, type Request, type Response } from '@skynet/core';
import { expect, test } from 'vitest';
import { logIn, startTestServer, type TestServer, type TestUser, upper } from './harness.ts';

/** An agent that answers in upper case, and does other things when told to; it holds what begins with `hold`. */
function startAgent(server: TestServer, held: Response[] = []): Promise<Handle> {
  return server.node.newService(
    defineService((skynet) => {
      skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
      skynet.dispatch('client', (request: Request, content: Uint8Array) => {
        const text = Buffer.from(content).toString();
        if (text === '!error') throw new Error('agent failed');
        if (text === '!exit') skynet.exit();
        if (text === '!values') return request.rawRet(skynet.pack('värde', 2));
        if (text.startsWith('hold')) {
          held.push(request.response());
          return undefined;
        }
        request.rawRet(upper(content));
        return undefined;
      });
    }),
  );
}

async function forwarded(held?: Response[]): Promise<{ server: TestServer; user: TestUser }> {
  const server = await startTestServer();
  const user = await logIn(server);
  const agent = await startAgent(server, held);
  server.server.forward(user.username, agent);
  return { server, user };
}

test('requests go to the agent and not to the handler, and other users are not concerned', async () => {
  const { server, user } = await forwarded();
  const client = await user.connect(1);
  for (let i = 0; i < 100; i++) client.request(`to agent ${i}`, i);
  for (let i = 0; i < 100; i++) expect(await client.answer()).toEqual([`TO AGENT ${i}`, 1, i]);
  expect(server.requests).toEqual([]);
  const other = await (await logIn(server, 'other')).connect(1);
  other.request('to handler', 1);
  expect(await other.answer()).toEqual(['TO HANDLER', 1, 1]);
  expect(server.requests).toEqual(['to handler']);
});

test('values an agent answers with count by their first', async () => {
  const { user } = await forwarded();
  const client = await user.connect(1);
  client.request('!values', 1);
  expect(await client.answer()).toEqual([Buffer.from('värde').toString('latin1'), 1, 1]);
});

test('an agent that throws, ends at work, or has ended gives failed answers', async () => {
  const { server, user } = await forwarded();
  const client = await user.connect(1);
  client.request('!error', 1);
  expect(await client.answer()).toEqual(['', 0, 1]);
  await server.node.logged(
    /\] agent :[\da-f]{8} failed for aGVsbG8=@c2FtcGxl#MQ==, session 1: call failed: agent failed$/,
  );
  client.request('!exit', 2);
  expect(await client.answer()).toEqual(['', 0, 2]);
  client.request('anything', 3);
  expect(await client.answer()).toEqual(['', 0, 3]);
  await server.node.logged(/, session 3: call to invalid address :/);
  // Back to the request handler.
  server.server.forward(user.username, 0);
  client.request('again', 4);
  expect(await client.answer()).toEqual(['AGAIN', 1, 4]);
});

test('an answer is kept and repeated, and one that is not ready goes to the newer connection', async () => {
  const held: Response[] = [];
  const { server, user } = await forwarded(held);
  const first = await user.connect(1);
  first.request('kept', 1);
  await first.answer();
  first.request('hold', 2);
  while (held.length === 0) await new Promise(setImmediate);
  first.close();
  const second = await user.connect(2);
  second.request('fake', 1);
  expect(await second.answer()).toEqual(['KEPT', 1, 1]);
  second.request('fake', 2);
  second.request('last', 3);
  expect(await second.answer()).toEqual(['LAST', 1, 3]);
  held[0]?.(true, 'released');
  expect(await second.answer()).toEqual(['released', 1, 2]);
  await expect(server.call('nonsense')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_COMMAND' });
});

test('five thousand requests in one go are all answered, in order', async () => {
  const { server, user } = await forwarded();
  const client = await user.connect(1);
  for (let i = 0; i < 5000; i++) client.request('x'.repeat(200), i);
  for (let i = 0; i < 5000; i++) expect((await client.answer())?.[2]).toBe(i);
  expect(server.node.log.filter((line) => line.includes('Invalid package'))).toEqual([]);
});

test('a client whose agent does not catch up is read no more, and again when it has', async () => {
  const held: Response[] = [];
  const { server, user } = await forwarded(held);
  const client = await user.connect(1);
  for (let i = 0; i < 2000; i++) client.request('hold', i);
  while (held.length < 512) await new Promise(setImmediate);
  for (let i = 0; i < 20; i++) await server.call('login', `later${i}`, '12345678');
  expect(held).toHaveLength(512);
  for (let answered = 0; answered < 2000; ) {
    const ready = held.splice(0);
    for (const answer of ready) answer(true, 'x');
    for (const _ of ready) expect((await client.answer())?.[2]).toBe(answered++);
    while (held.length === 0 && answered < 2000) await new Promise(setImmediate);
  }
});

test('the service still gets answers to calls of its own', async () => {
  const { server, user } = await forwarded();
  await user.connect(1);
  expect(await server.call('login', 'later', '12345678')).toBe(2);
});

test('when the thread of the agent is lost every request under way fails, and the connection lives on', async () => {
  const services = [`${fileURLToPath(new URL('./fixtures', import.meta.url))}/?`];
  const server = await startTestServer({}, {}, {}, { thread: 2, services });
  const user = await logIn(server);
  const agent = await server.node.run((skynet) => skynet.newService({ name: 'holding-agent', thread: 1 }));
  server.server.forward(user.username, agent);
  const client = await user.connect(1);
  // Above the number at which the client is read no more.
  for (let i = 0; i < 600; i++) client.request('held', i);
  await server.node.run(async (skynet) => {
    while ((await skynet.call<number>(agent, 'lua', 'held')) < 512) await skynet.sleep('1ms');
    skynet.send(agent, 'lua', 'crash');
  });
  for (let i = 0; i < 600; i++) expect((await client.answer())?.[1]).toBe(0);
  server.server.forward(user.username, 0);
  client.request('alive', 1000);
  expect(await client.answer()).toEqual(['ALIVE', 1, 1000]);
});
