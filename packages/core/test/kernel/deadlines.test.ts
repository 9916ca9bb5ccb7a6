import { describe, expect, test } from 'vitest';
import type { CallTarget, CommandsOf, Handle, Skynet } from '../../src/index.ts';
import { until } from '../../src/testing/index.ts';
import type middle from '../fixtures/services/middle.ts';
import { startTestNode } from '../test-node.ts';

type Middle = CommandsOf<typeof middle>;

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Three services in a row, each in the next thread of so many. */
async function three(skynet: Skynet, threads: number): Promise<[Handle, Handle, Handle]> {
  const start = (thread: number): Promise<Handle> =>
    skynet.newService<Middle>({ name: 'middle', thread: thread % threads });
  return [await start(0), await start(1), await start(2)];
}

const proxy = (skynet: Skynet, to: Handle, limits: Omit<CallTarget, 'to'> = {}) =>
  skynet.proxy<Middle>({ to, ...limits });

describe.each([1, 3])('in a node of %i threads', (threads) => {
  test('a deadline limits the calls that are made for the request, however deep', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b, c] = await three(skynet, threads);
      const { ask } = proxy(skynet, a, { timeout: '2s' });
      await expect(ask(b, {}, 'ask', c, {}, 'never')).rejects.toThrow(code('ERR_TIMEOUT'));
      expect(await proxy(skynet, a).ended(1)).toEqual(['ERR_TIMEOUT']);
      expect(await proxy(skynet, b).ended(1)).toEqual(['ERR_TIMEOUT']);
      expect(await proxy(skynet, c).endings()).toEqual([]);
      await expect(proxy(skynet, a, { timeout: '50ms' }).askLater(b, 'never')).rejects.toThrow(
        code('ERR_TIMEOUT'),
      );
      expect(await proxy(skynet, a).ended(2)).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT']);
    });
  });

  test('what is left is told, and less deeper down', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b] = await three(skynet, threads);
      expect(await proxy(skynet, a).left()).toBeUndefined();
      expect(skynet.deadline()).toBeUndefined();
      const direct = (await proxy(skynet, a, { timeout: 1000 }).left()) as number;
      expect(direct).toBeGreaterThan(0);
      expect(direct).toBeLessThanOrEqual(1000);
      const [before, after] = (await proxy(skynet, a, { timeout: 1000 }).leftLater()) as [number, number];
      expect(after).toBeLessThan(before);
      const { ask } = proxy(skynet, a, { timeout: 1000 });
      expect(await ask(b, {}, 'left')).toBeLessThanOrEqual(1000);
      // The shorter one counts.
      expect(await ask(b, { timeout: 500 }, 'left')).toBeLessThanOrEqual(500);
      expect(await ask(b, { timeout: 2000 }, 'left')).toBeLessThanOrEqual(1000);
      expect(await ask(b, { inherit: false }, 'left')).toBeUndefined();
      expect(await ask(b, { timeout: 0 }, 'left')).toBeUndefined();
      expect(await ask(b, { timeout: 2000, inherit: false }, 'left')).toBeGreaterThan(1000);
      expect(await proxy(skynet, a, { timeout: 1000 }).pass(b, 'left')).toBeLessThanOrEqual(1000);
    });
  });

  test('it is below 0 when nothing is left, and a call with nothing left fails at once', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b] = await three(skynet, threads);
      await expect(proxy(skynet, a, { timeout: '1s' }).leftLate()).rejects.toThrow(code('ERR_TIMEOUT'));
      expect(await proxy(skynet, a).ended(1)).toEqual(['true']);
      for (const timeout of [-1, -1000, Number.NEGATIVE_INFINITY]) {
        await expect(proxy(skynet, b, { timeout }).never()).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_TIMEOUT', details: { service: skynet.address(b) } }),
        );
      }
      // It was not even made.
      expect(await skynet.call(b, 'debug', 'TASK')).toEqual([]);
    });
  });

  test('a signal that is aborted ends the calls that are made for the request, however deep', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b, c] = await three(skynet, threads);
      const stop = new AbortController();
      const { ask } = proxy(skynet, a, { signal: stop.signal });
      const asked = ask(b, {}, 'ask', c, {}, 'never');
      const waits = async (): Promise<number> => (await skynet.call<unknown[]>(c, 'debug', 'TASK')).length;
      await skynet.await(until(async () => (await waits()) > 0, { what: 'the last of three is asked' }));
      stop.abort(new Error('changed my mind'));
      await expect(asked).rejects.toThrow(code('ERR_ABORTED'));
      expect(await proxy(skynet, a).ended(1)).toEqual(['ERR_ABORTED']);
      expect(await proxy(skynet, b).ended(1)).toEqual(['ERR_ABORTED']);
    });
  });

  test('calls that are none of the request do not end with it', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b] = await three(skynet, threads);
      for (const limits of [{ inherit: false }, { timeout: 0 }]) {
        const stop = new AbortController();
        const asked = proxy(skynet, a, { signal: stop.signal }).ask(b, limits, 'never');
        const waits = async (): Promise<number> => (await skynet.call<unknown[]>(b, 'debug', 'TASK')).length;
        const before = await waits();
        await skynet.await(until(async () => (await waits()) > before, { what: 'the second is asked' }));
        stop.abort();
        await expect(asked).rejects.toThrow(code('ERR_ABORTED'));
      }
      await proxy(skynet, a, { timeout: '1s' }).askApart(b, 'never');
      await skynet.sleep('1100ms');
      expect(await proxy(skynet, a).endings()).toEqual([]);
      skynet.kill(b);
      expect(await proxy(skynet, a).ended(3)).toEqual(Array(3).fill('ERR_SERVICE_GONE'));
    });
  });

  test('a signal that was aborted before ends a call at once, a request that was given up makes none', async () => {
    const node = await startTestNode({ thread: threads });
    await node.run(async (skynet) => {
      const [a, b] = await three(skynet, threads);
      const signal = AbortSignal.abort(new Error('before'));
      await expect(proxy(skynet, b, { signal }).never()).rejects.toThrow(code('ERR_ABORTED'));
      // Given up while it sleeps: what it asks then is not asked.
      const stop = new AbortController();
      const asked = proxy(skynet, a, { signal: stop.signal }).askLater(b, 'left');
      stop.abort();
      await expect(asked).rejects.toThrow(code('ERR_ABORTED'));
      expect(await proxy(skynet, a).ended(1)).toEqual(['ERR_ABORTED']);
    });
  });

  test("the node's own limit is one like any other", async () => {
    const node = await startTestNode({ thread: threads, callTimeout: '30s' });
    await node.run(async (skynet) => {
      const [a, b] = await three(skynet, threads);
      expect(await proxy(skynet, a).left()).toBeLessThanOrEqual(3000);
      expect(await proxy(skynet, a).ask(b, { inherit: false }, 'left')).toBeLessThanOrEqual(3000);
      expect(await proxy(skynet, a).ask(b, { timeout: 0 }, 'left')).toBeUndefined();
    });
  });
});

test('deadlines follow the time scale of the node', async () => {
  const node = await startTestNode({ timeScale: 0.1 });
  await node.run(async (skynet) => {
    const [a, b] = await three(skynet, 1);
    const left = (await proxy(skynet, a, { timeout: '100s' }).ask(b, {}, 'left')) as number;
    expect(left).toBeGreaterThan(5000);
    expect(left).toBeLessThanOrEqual(10_000);
  });
});
