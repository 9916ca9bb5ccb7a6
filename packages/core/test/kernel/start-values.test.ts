import { expect, test } from 'vitest';
import { defineService, type Handle, type Skynet } from '../../src/index.ts';
import type keepsStart from '../fixtures/services/keeps-start.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const keeper = defineService((_skynet, ...given: unknown[]) => ({ given: () => given }));

type Keeper = { default: typeof keepsStart };

const startKeeper = (skynet: Skynet, ...args: never[]): Promise<unknown> =>
  skynet.newService(keeper, ...args).then((handle) => skynet.call(handle, 'lua', 'given'));

test('words arrive as text, values as they are, each a copy', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const player = { uid: 7, gate: skynet.self(), friends: [1, 'a b', ''], seen: new Map([[1, null]]) };
    const start = (...args: unknown[]): Promise<unknown> => startKeeper(skynet, ...(args as never[]));
    expect(await start()).toEqual([]);
    expect(await start('a', 5, -0.5)).toEqual(['a', '5', '-0.5']);
    expect(await start(player)).toEqual([player]);
    expect(await start('two words', 5, player, '', Number.NaN)).toEqual([
      'two words',
      5,
      player,
      '',
      Number.NaN,
    ]);
    expect(await start(true)).toEqual([true]);
    expect(await start(null, 1n, new Uint8Array([1]))).toEqual([null, 1n, new Uint8Array([1])]);
    const handle = await skynet.newService(keeper, ...([player] as never[]));
    player.friends.push(2);
    expect(await skynet.call(handle, 'lua', 'given')).toEqual([{ ...player, friends: [1, 'a b', ''] }]);
    // The list that was given is still the caller's.
    const args = [{ a: 1 }];
    const [first] = args;
    await start(...args);
    expect(args[0]).toBe(first);
  });
});

test.each([[['a b']], [['']], [[Number.POSITIVE_INFINITY]], [['a', 'b\tc']]])(
  'words that are none are refused: %j',
  async (args) => {
    const node = await startTestNode();
    await node.run(async (skynet) => {
      await expect(startKeeper(skynet, ...(args as never[]))).rejects.toThrow(code('ERR_LAUNCH_ARGUMENT'));
      await expect(node.newService(keeper, ...(args as never[]))).rejects.toThrow(
        code('ERR_LAUNCH_ARGUMENT'),
      );
    });
  },
);

test.each([[() => 1], [Symbol('s')], [new Date()], [{ deep: [new Set()] }]])(
  'what cannot be sent is refused: %s',
  async (value) => {
    const node = await startTestNode();
    await node.run(async (skynet) => {
      await expect(startKeeper(skynet, value as never)).rejects.toThrow(code('ERR_UNSERIALIZABLE'));
      await expect(skynet.newService('keeps-start', value as never)).rejects.toThrow(
        code('ERR_UNSERIALIZABLE'),
      );
      await expect(skynet.uniqueService('keeps-start', value as never)).rejects.toThrow(
        code('ERR_UNSERIALIZABLE'),
      );
    });
  },
);

test('lists and log show words, and of values no more than what they are', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const values = [
      { uid: 7, password: 'hidden' },
      [1, 2],
      'a\nb',
      new Uint8Array(3),
      new Map(),
      5,
      true,
      null,
    ];
    const handle = await skynet.newService('keeps-start', ...values);
    const title = String.raw`snlua keeps-start {uid,password} [2] "a\\nb" <3 bytes> <map of 0> 5 true null`;
    await node.logged(/LAUNCH snlua keeps-start/);
    const list = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
    expect(list[skynet.address(handle)]).toBe(title);
    expect(node.log.join('\n')).not.toContain('hidden');
  });
});

test.each([1, 2])(
  'in a node of %i threads a name is started with values wherever it runs',
  async (threads) => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const given = { uid: 7, gate: skynet.self(), list: [undefined, 1n], bytes: new Uint8Array([1, 2]) };
      for (let thread = 0; thread < threads; thread++) {
        const handle = await skynet.newService<Keeper>({ name: 'keeps-start', thread }, given, 'two words');
        expect(await skynet.proxy(handle).given()).toEqual([given, 'two words']);
        const words = await skynet.newService({ name: 'keeps-start', thread }, 'a', 1);
        expect(await skynet.call(words, 'lua', 'given')).toEqual(['a', '1']);
      }
      const unique: Handle = await skynet.uniqueService('keeps-start', given);
      expect(await skynet.call(unique, 'lua', 'given')).toEqual([given]);
      await expect(skynet.newService({ name: 'keeps-start', thrad: 0 } as never)).rejects.toThrow(
        code('ERR_ARGUMENT'),
      );
    });
  },
);
