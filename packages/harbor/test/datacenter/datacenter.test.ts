import { isSkynetError, type Skynet } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createDatacenter, type Datacenter } from '../../src/datacenter.ts';
import { startNetwork } from '../harbor/nodes.ts';

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => ({ value }),
    (error: unknown) => (isSkynetError(error) ? error.code : error),
  );

/** Runs work with the datacenter of a node without a network. */
const alone =
  (work: (datacenter: Datacenter, skynet: Skynet) => Promise<void>) => async (): Promise<void> => {
    const node = await startTestNode({}, { after: onTestFinished });
    await node.run((skynet) => work(createDatacenter(skynet), skynet));
  };

test(
  'keeps values of every kind by their path',
  alone(async (datacenter) => {
    for (const value of [1, 'text', true, false, 1.5, 2n ** 60n, new Uint8Array([0xff])]) {
      await datacenter.set('a', 'b', value);
      expect(await datacenter.get('a', 'b')).toEqual(value);
    }
    expect(await datacenter.set('a', 'b', 'new')).toEqual(new Uint8Array([0xff]));
    expect(await datacenter.get('a')).toEqual({ b: 'new' });
    expect(await datacenter.get('nosuch')).toBeUndefined();
    expect(await datacenter.get('a', 'nosuch', 'deeper')).toBeUndefined();
    expect(await datacenter.set('a', 'b', undefined)).toBe('new');
    expect(await datacenter.get('a')).toEqual([]);
  }),
);

test(
  'objects, lists and maps are branches; a number and its text are two keys',
  alone(async (datacenter) => {
    await datacenter.set('t', { list: ['x', 'y'], deep: { n: 1 }, none: undefined });
    expect(await datacenter.get('t', 'list', 2)).toBe('y');
    expect(await datacenter.get('t', 'deep', 'n')).toBe(1);
    await datacenter.set('t', 'list', 3, 'z');
    expect(await datacenter.get('t', 'list')).toEqual(['x', 'y', 'z']);
    await datacenter.set('k', 1, 'number');
    await datacenter.set('k', '1', 'text');
    expect(await datacenter.get('k')).toEqual(
      new Map<unknown, unknown>([
        [1, 'number'],
        ['1', 'text'],
      ]),
    );
    // A name that every object has is a key like any other.
    expect(await datacenter.get('t', '__proto__')).toBeUndefined();
    await datacenter.set('t', '__proto__', 'mine');
    expect(await datacenter.get('t', '__proto__')).toBe('mine');
  }),
);

test(
  'a path through a value is refused',
  alone(async (datacenter) => {
    await datacenter.set('a', 1);
    expect(await codeOf(datacenter.get('a', 'b'))).toBe('ERR_DATACENTER_PATH');
    expect(await codeOf(datacenter.set('a', 'b', 2))).toBe('ERR_DATACENTER_PATH');
    expect(await codeOf(datacenter.get('a', Number.NaN))).toBe('ERR_DATACENTER_PATH');
    expect(await codeOf(datacenter.get('a', {} as never))).toBe('ERR_DATACENTER_PATH');
    expect(await datacenter.get('a')).toBe(1);
  }),
);

test(
  'a value is waited for; a branch in its place fails who waits',
  alone(async (datacenter, skynet) => {
    await datacenter.set('there', false);
    expect(await datacenter.wait('there')).toBe(false);
    const waiting = [datacenter.wait('x', 'y'), datacenter.wait('x', 'y')];
    const branch = codeOf(datacenter.wait('b'));
    await skynet.yield();
    expect(await codeOf(datacenter.wait('x'))).toBe('ERR_DATACENTER_PATH');
    expect(await codeOf(datacenter.wait('x', 'y', 'z'))).toBe('ERR_DATACENTER_PATH');
    await datacenter.set('x', 'y', { a: 1 });
    expect(await Promise.all(waiting)).toEqual([{ a: 1 }, { a: 1 }]);
    await datacenter.set('b', 'c', 1);
    expect(await branch).toBe('ERR_DATACENTER_PATH');
  }),
);

test(
  'compare and set lets one of many win',
  alone(async (datacenter) => {
    const won = await Promise.all(
      Array.from({ length: 5 }, (_, i) => datacenter.compareAndSet('leader', undefined, `node${i}`)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    const leader = await datacenter.get('leader');
    expect(await datacenter.compareAndSet('leader', 'other', 'me')).toBe(false);
    expect(await datacenter.compareAndSet('leader', leader, { id: 1, tags: ['a'] })).toBe(true);
    expect(await datacenter.compareAndSet('leader', { id: 1, tags: ['b'] }, 'x')).toBe(false);
    expect(await datacenter.compareAndSet('leader', { id: 1, tags: ['a'] }, undefined)).toBe(true);
    expect(await datacenter.get('leader')).toBeUndefined();
  }),
);

test('is one for all nodes', async () => {
  const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
  const waiting = one.run((skynet) => createDatacenter(skynet).wait('from', 'two'));
  await two.run(async (skynet) => {
    const datacenter = createDatacenter(skynet);
    await datacenter.set('from', 'two', [1, 2]);
    expect(await datacenter.compareAndSet('from', 'two', [1, 2], 'done')).toBe(true);
  });
  expect(await waiting).toEqual([1, 2]);
  expect(await one.run((skynet) => createDatacenter(skynet).get('from'))).toEqual({ two: 'done' });
});
