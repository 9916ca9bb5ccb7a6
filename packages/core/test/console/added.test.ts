import { defineService, isSkynetError, type Skynet, supervise } from '@skynet/core';
import { type AddedCommand, kernelOf } from '@skynet/core/kernel';
import type { ConnectionStat } from '@skynet/core/transport';
import { describe, expect, test } from 'vitest';
import { startTestNode } from '../test-node.ts';
import { open, openedNode, visit } from './visitor.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const command = (name: string): AddedCommand => ({ name, help: 'h', run: () => name });

/** Code of what adding a command fails with, undefined if it does not. */
function refusal(skynet: Skynet, added: AddedCommand): unknown {
  try {
    kernelOf(skynet).console.add(added);
    return undefined;
  } catch (error) {
    return isSkynetError(error) ? error.code : error;
  }
}

describe('console commands of packages', () => {
  test.each([1, 2])('are listed and done in their service, with %i threads', async (thread) => {
    const node = await startTestNode({ thread });
    const console = await open(node);
    const added = thread - 1;
    const service = await node.run((skynet) =>
      skynet.newService({ name: 'commander', thread: added }, 'sums'),
    );
    expect(await console.type('help')).toContain('sums\twords... : tells them, and the thread');
    expect(await console.type('sums a  b')).toEqual([
      'password\t******',
      `thread\t${added}`,
      'words\ta+b',
      '<CMD OK>',
    ]);
    expect((await console.type('sums-fails'))[0]).toContain('not today');
    expect((await console.type('sums-fails')).at(-1)).toBe('<CMD Error>');
    expect(await console.type('sum')).toContain(
      'Invalid command, type help for command list; did you mean "sums"?',
    );
    // Over HTTP: what only reads is a GET.
    const get = await visit(node);
    get.send('GET /sums/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(await get.rest()).toContain('words\tx\n<CMD OK>\n');
    const changes = await visit(node);
    changes.send('GET /sums-fails HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect(await changes.rest()).toMatch(/^This changes something/);
    await node.run((skynet) => skynet.kill(service));
    await node.logged(/KILL :/);
    expect((await console.type('sums')).at(-1)).toBe('<CMD Error>');
    expect((await console.type('help')).join()).not.toContain('sums');
  });

  test('a name is given once: to the consoles, or to one service that lives', async () => {
    const node = await startTestNode({ thread: 2 });
    const first = await node.run((skynet) => skynet.newService({ name: 'commander', thread: 1 }, 'mine'));
    await node.run(async (skynet) => {
      expect(refusal(skynet, command('list'))).toBe('ERR_NAME_TAKEN');
      expect(refusal(skynet, command('mine'))).toBe('ERR_NAME_TAKEN');
      expect(refusal(skynet, command('other'))).toBe(undefined);
      expect(refusal(skynet, command('other'))).toBe('ERR_NAME_TAKEN');
      const event = skynet.await(new Promise((resolve) => void skynet.watch(first, resolve)));
      skynet.kill(first);
      await event;
      expect(refusal(skynet, command('mine'))).toBe(undefined);
    });
    // With its service, or when it is taken away.
    await node.run((skynet) => {
      const { console } = kernelOf(skynet);
      console.add(command('mine'))();
      const takeAway = console.add(command('mine'));
      takeAway();
      const kept = console.add(command('mine'));
      takeAway();
      expect(refusal(skynet, command('mine'))).toBe('ERR_NAME_TAKEN');
      kept();
    });
  });

  test('of a service that was lost with its thread it is free', async () => {
    const node = await startTestNode({ thread: 2, services: ['./services/?', './threads/?'] });
    await node.run((skynet) => skynet.newService({ name: 'commander', thread: 1 }, 'mine'));
    await node.run(async (skynet) => {
      skynet.send(await skynet.newService({ name: 'mortal', thread: 1 }), 'lua', 'crash');
    });
    await node.logged(/thread 1 was lost/);
    await node.run((skynet) => expect(refusal(skynet, command('mine'))).toBe(undefined));
  });

  const run = (): number => 1;
  test.each([
    undefined,
    {},
    { name: '', help: 'h', run },
    { name: 'two words', help: 'h', run },
    { name: '<CMD', help: 'h', run },
    { name: 7, help: 'h', run },
    { name: 'x', run },
    { name: 'x', help: 'h' },
  ])('what is no command is refused: %o', async (nonsense) => {
    const node = await startTestNode();
    await node.run((skynet) => {
      expect(refusal(skynet, nonsense as AddedCommand)).toBe('ERR_ARGUMENT');
    });
  });
});

test('netstat has the sockets that packages add', async () => {
  const { node, console } = await openedNode();
  const stat: ConnectionStat = {
    id: 4711,
    type: 'TCP',
    address: 0,
    read: 5,
    write: 6,
    rbuffer: 0,
    wbuffer: 0,
    sock: undefined,
    peer: '[2001:db8::1]:80',
  };
  let takeAway = (): void => {};
  const keeper = await node.newService(
    defineService((skynet) => {
      takeAway = kernelOf(skynet).console.addSockets(() => [stat]);
    }),
  );
  expect((await console.type('netstat')).join('\n')).toMatch(/^4711\t.*peer:\[2001:db8::1\]:80/m);
  takeAway();
  expect((await console.type('netstat')).join('\n')).not.toContain('4711');
  await node.run((skynet) => skynet.kill(keeper));
});

test('tree shows who keeps whom running, in whichever thread', async () => {
  const node = await startTestNode({ thread: 2 });
  const console = await open(node);
  expect(await console.type('tree')).toEqual(['', '<CMD OK>']);
  const inner = defineService(async (skynet) => {
    await supervise(skynet, {}, [{ name: 'leaf', service: 'echo', thread: 1 }]);
  });
  const outer = defineService(async (skynet) => {
    await supervise(skynet, {}, [{ name: 'inner', service: inner }]);
    // Two of one service.
    const second = await supervise(skynet, {}, [{ name: 'echo', service: 'echo' }]);
    await second.restart('echo');
  });
  const top = await node.newService(outer);
  const tree = (await console.type('tree')).map((line) => line.replace(/:\w{8}/, ':H'));
  expect(tree).toEqual([
    ':H snlua service',
    '\tinner :H running',
    '\t\tleaf :H running',
    '\techo :H running',
    '<CMD OK>',
  ]);
  await node.run((skynet) => skynet.kill(top));
  await node.logged(/KILL :/);
  expect((await console.type('tree')).join()).not.toContain('inner');
});
