import { fileURLToPath } from 'node:url';
import { defineService } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { createSnax } from '@skynet/snax';
import { describe, expect, onTestFinished, test } from 'vitest';
import type counter from './fixtures/snax/counter.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
type Counter = typeof counter;

const start = (thread = 1): Promise<TestNode> =>
  startTestNode(
    { thread, snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );

describe('services', () => {
  test('get any arguments at their start, answer, take posts, and end with arguments for exit', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const object = await snax.newService<Counter>('counter', 5, 'first');
      expect(String(object)).toBe(`[counter:${object.handle.toString(16)}]`);
      expect(object.type).toBe('counter');
      skynet.error('the object', object, { object });
      await node.logged(/the object \[counter:\w+\] \{ object: \[counter:\w+\] \}/);
      expect(object.post.add(2)).toBeUndefined();
      expect(await object.req.get()).toBe(7);
      expect(await object.req.label()).toBe('first');
      expect(await object.req.slow(1, { deep: [1, new Uint8Array(2)] })).toEqual({
        deep: [1, new Uint8Array(2)],
      });
      expect(await snax.request(object, 'echo', 1, null, 'x')).toEqual([1, null, 'x']);
      expect(await object.req.whoami()).toBe(String(object));
      await snax.kill(object, 'bye', 1);
      await expect(object.req.get()).rejects.toThrow(code('ERR_NO_SERVICE'));
      await node.logged(/counter exit 7 bye 1/);
    });
  });

  test('what is not there is told: scripts, methods, modules that are none', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      await expect(snax.newService('nosuch')).rejects.toThrow(code('ERR_SERVICE_NOT_FOUND'));
      await expect(snax.newService('broken')).rejects.toMatchObject({
        cause: { code: 'ERR_SNAX_DEFINITION' },
      });
      await expect(snax.newService('')).rejects.toThrow(code('ERR_ARGUMENT'));
      const raw = await skynet.newService('snaxd', 'counter');
      await expect(skynet.call(raw, 'snax', 8)).rejects.toThrow(code('ERR_SNAX_INIT'));
      const object = await snax.newService('counter');
      expect(() => object.post['zz']).toThrow('post counter:zz no exist');
      expect(() => object.req['hello']).toThrow(code('ERR_SNAX_METHOD'));
      expect(await snax.bind(object.handle, 'counter')).toBe(object);
      await expect(snax.bind(object.handle, 'twofaced')).rejects.toThrow(code('ERR_SNAX_TYPE'));
      expect(() => snax.self()).toThrow(code('ERR_SNAX_TYPE'));
      await expect(skynet.call(object.handle, 'snax', 99)).rejects.toThrow(code('ERR_SNAX_METHOD'));
    });
  });

  test('one whose init fails ends; its caller gets why', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      await expect(createSnax(skynet).newService('counter', 'fail')).rejects.toThrow(/asked to fail/);
      await node.logged(/KILL self/);
    });
  });

  test('methods have the original’s numbers: in the order of definition, or in the one that is given', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const system = { init: 1, exit: 2, hotfix: 3, profile: 4 };
      const { accept, response } = await snax.interface('counter');
      expect({ ...accept }).toEqual({ add: 5, note: 6, fail: 7 });
      expect(response['get']).toBe(8);
      expect(await snax.interface('twofaced')).toMatchObject({
        accept: { z: 6, b: 8 },
        response: { b: 5, a: 7, c: 9 },
        system,
      });
      const object = await snax.newService('twofaced');
      expect(await object.req['a']?.()).toBe('a');
    });
  });

  test('who learns the methods of a script goes on as the task it was, and waits for nobody else’s answer', async () => {
    const node = await start();
    let isFirst = true;
    const silentAtFirst = defineService((skynet) => {
      kernelOf(skynet).answerDebug('SNAX', () => {
        if (!isFirst) return ['counter', { accept: {}, response: {}, system: {} }];
        isFirst = false;
        skynet.error('asked');
        return new Promise(() => {});
      });
    });
    const target = await node.newService(silentAtFirst);
    const asks = defineService((skynet) => ({ bind: () => createSnax(skynet).bind(target, 'counter') }));
    await node.run(async (skynet) => {
      const asker = await node.newService(asks);
      skynet.send(asker, 'lua', 'bind');
      await skynet.await(node.logged(/asked/));
      skynet.kill(asker);
      const snax = createSnax(skynet);
      expect((await snax.bind(target, 'counter')).type).toBe('counter');
      const task = skynet.running();
      await snax.interface('twofaced');
      expect(skynet.running()).toBe(task);
    });
  });

  test('unique services of the node and of the network, and who waits for them', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const waiting = snax.queryService<Counter>('counter');
      const objects = await Promise.all([
        snax.uniqueService<Counter>('counter', 3, { any: 1 }),
        snax.uniqueService('counter', 9),
      ]);
      expect(objects[0]).toBe(objects[1]);
      expect(await waiting).toBe(objects[0]);
      expect(await (await waiting).req.get()).toBe(3);
      const global = await snax.globalService<Counter>('counter', 4);
      expect(global.handle).not.toBe(objects[0].handle);
      expect(await snax.queryGlobal('counter')).toBe(global);
    });
  });

  test('profile: calls and seconds by method', async () => {
    const node = await start();
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const object = await snax.newService<Counter>('counter');
      await object.req.get();
      await object.req.get();
      const profile = await snax.profileInfo(object);
      expect(profile['get']).toEqual({ count: 2, time: expect.any(Number) });
      expect(profile['add']).toEqual({ count: 0, time: 0 });
    });
  });
});
