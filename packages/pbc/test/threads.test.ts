import { fileURLToPath } from 'node:url';
import type { CommandsOf, Skynet } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { createProtobuf } from '@skynet/pbc';
import { expect, onTestFinished, test } from 'vitest';
import type coder from './fixtures/threads/coder.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

// The threads of these nodes run the built package: `npm test` builds before it tests.
const startThreads = (thread: number): Promise<TestNode> =>
  startTestNode(
    { thread, services: ['./threads/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );

const start = async (skynet: Skynet, thread: number) =>
  skynet.proxy(await skynet.newService<CommandsOf<typeof coder>>({ name: 'coder', thread }));

const message = (name: string, fields = 'optional int32 n = 1;'): string =>
  `syntax = "proto2"; package t; message ${name} { ${fields} }`;

test.each([1, 3])(
  'what one service registers, all services of %i threads can use at once',
  async (threads) => {
    const node = await startThreads(threads);
    await node.run(async (skynet) => {
      const one = await start(skynet, threads - 1);
      const other = await start(skynet, Math.min(1, threads - 1));
      const here = createProtobuf(skynet);
      await one.register(
        `${message('A')} message Open { optional int32 a = 1; extensions 100 to 199; }`,
        'a.proto',
      );
      expect(here.check('t.A')).toBe(true);
      expect(await other.check('t.A', 'n')).toBe(true);
      const bytes = here.encode('t.A', { n: 5 });
      expect(await other.decode('t.A', bytes)).toEqual({ n: 5 });
      expect(await one.decode('t.A', bytes)).toEqual({ n: 5 });
      // Types that are in use everywhere get a new field.
      expect(await other.encode('t.Open', { a: 1 })).toHaveLength(2);
      expect(here.encode('t.Open', { a: 1 })).toHaveLength(2);
      here.register('syntax = "proto2"; package u; extend t.Open { optional t.A more = 100; }');
      expect(await other.encode('t.Open', { 'u.more': { n: 1 } })).toHaveLength(5);
      expect(await one.decode('t.Open', here.encode('t.Open', { 'u.more': { n: 1 } }))).toEqual({
        'u.more': { n: 1 },
      });
      await expect(other.register(message('A', ''), 'b.proto')).rejects.toThrow(code('ERR_PBC_CONFLICT'));
      await expect(other.encode('t.A', { nobody: 1 })).rejects.toThrow(code('ERR_PBC_FIELD'));
    });
  },
);

test('threads that register at the same time lose nothing, and of two definitions of a name one', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const coders = await Promise.all([0, 1, 2].map((thread) => start(skynet, thread)));
    const all = Array.from({ length: 30 }, (_, n) =>
      coders.map((each, nth) => each.register(message(`M${n}_${nth}`), `${n}.proto`)),
    );
    await Promise.all(all.flat());
    const same = await Promise.allSettled(
      coders.map((each, nth) =>
        each.register(message('Same', `optional int32 n = ${nth + 1};`), 'same.proto'),
      ),
    );
    expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const known = await Promise.all(coders.map((each) => each.types()));
    expect(known[0]).toHaveLength(91);
    for (const each of known) expect([...each].sort()).toEqual([...(known[0] as string[])].sort());
    const bytes = await Promise.all(coders.map((each) => each.encode('t.Same', { n: 1 })));
    for (const each of bytes) expect(each).toEqual(bytes[0]);
  });
});

test('a thread that takes the place of a lost one knows what was registered', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const first = await start(skynet, 1);
    await first.register(message('A'), 'a.proto');
    await expect(first.crash()).rejects.toThrow(code('ERR_SERVICE_GONE'));
    const second = await start(skynet, 1);
    expect(await second.encode('t.A', { n: 1 })).toHaveLength(2);
  });
});

test('nodes in one process have types of their own', async () => {
  const [one, two] = [await startThreads(1), await startThreads(1)];
  await one.run((skynet) => createProtobuf(skynet).register(message('A')));
  await two.run((skynet) => {
    expect(createProtobuf(skynet).check('t.A')).toBe(false);
  });
});
