import { type CallTarget, type CommandsOf, defineService, type Handle, type Skynet } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { describe, expect, test } from 'vitest';
import type middle from '../../../core/test/fixtures/services/middle.ts';
import { codeOf } from '../calls.ts';
import { openConsole } from '../console.ts';
import { startMesh } from './nodes.ts';

type Middle = CommandsOf<typeof middle>;

const SERVICES = ['../../../core/test/fixtures/services/?'];
const code = (expected: string) => expect.objectContaining({ code: expected });

const proxy = (skynet: Skynet, to: Handle, limits: Omit<CallTarget, 'to'> = {}) =>
  skynet.proxy<Middle>({ to, ...limits });

describe.each([1, 2])('three nodes of %i threads', (thread) => {
  /** A service in each, in the last thread. */
  async function three(): Promise<{ one: TestNode; two: TestNode; a: Handle; b: Handle; c: Handle }> {
    const nodes = await startMesh(3, {}, { services: SERVICES, thread });
    const [a, b, c] = await Promise.all(
      nodes.map((node) => node.run((skynet) => skynet.newService({ name: 'middle', thread: thread - 1 }))),
    );
    const [one, two] = nodes as [TestNode, TestNode];
    return { one, two, a: a as Handle, b: b as Handle, c: c as Handle };
  }

  test('what is left of a limit is told in other nodes, and less deeper down', async () => {
    const { one, a, b } = await three();
    await one.run(async (skynet) => {
      expect(await proxy(skynet, b).left()).toBeUndefined();
      const direct = (await proxy(skynet, b, { timeout: 1000 }).left()) as number;
      expect(direct).toBeGreaterThan(0);
      expect(direct).toBeLessThanOrEqual(1001);
      const { ask } = proxy(skynet, b, { timeout: 1000 });
      expect(await ask(a, {}, 'left')).toBeLessThanOrEqual(1002);
      // The shorter one counts.
      expect(await ask(a, { timeout: 500 }, 'left')).toBeLessThanOrEqual(501);
      expect(await ask(a, { timeout: 2000 }, 'left')).toBeLessThanOrEqual(1002);
      expect(await ask(a, { inherit: false }, 'left')).toBeUndefined();
      expect(await ask(a, { timeout: 0 }, 'left')).toBeUndefined();
      expect(await proxy(skynet, b, { timeout: 1000 }).pass(a, 'left')).toBeLessThanOrEqual(1002);
    });
  });

  test('a large request has its limit, too, and so have those to a name', async () => {
    const { one, b } = await three();
    const heavy = await one.run((skynet) =>
      skynet.call<number>({ to: b, timeout: 1000 }, 'lua', 'left', 'x'.repeat(200_000)),
    );
    expect(heavy).toBeGreaterThan(0);
    expect(heavy).toBeLessThanOrEqual(1001);
    const named = one.run((skynet) => skynet.call<number>({ to: 'later', timeout: 3000 }, 'lua', 'left'));
    await one.newService(
      defineService((skynet) => {
        skynet.register('later');
        return { left: () => skynet.deadline() };
      }),
    );
    expect(await named).toBeLessThanOrEqual(3000);
  });

  test('a deadline ends the calls that are made for the request, over three nodes', async () => {
    const { one, a, b, c } = await three();
    await one.run(async (skynet) => {
      const { ask } = proxy(skynet, a, { timeout: '3s' });
      await expect(ask(b, {}, 'ask', c, {}, 'never')).rejects.toThrow(code('ERR_TIMEOUT'));
      expect(await proxy(skynet, a).ended(1)).toEqual(['ERR_TIMEOUT']);
      // This would wait for ever by itself.
      expect(await proxy(skynet, b).ended(1)).toEqual(['ERR_TIMEOUT']);
      expect(await proxy(skynet, c).endings()).toEqual([]);
    });
  });

  test('a signal that is aborted ends them, too, and nothing else', async () => {
    const { one, two, a, b, c } = await three();
    await one.run(async (skynet) => {
      const stop = new AbortController();
      const given = codeOf(
        proxy(skynet, a, { signal: stop.signal }).ask(b, {}, 'ask', c, {}, 'ask', a, {}, 'never'),
      );
      const kept = codeOf(proxy(skynet, a).ask(b, {}, 'never'));
      // They are under way: each waits for the next.
      for (const service of [a, b, c])
        while (((await skynet.call(service, 'debug', 'TASK')) as unknown[]).length === 0)
          await skynet.sleep('1ms');
      stop.abort();
      expect(await given).toBe('ERR_ABORTED');
      expect(await proxy(skynet, b).ended(1)).toEqual(['ERR_ABORTED']);
      expect(await proxy(skynet, c).ended(1)).toEqual(['ERR_ABORTED']);
      expect(await Promise.race([kept, 'waits'])).toBe('waits');
      await two.run((there) => there.kill(b));
      expect(await kept).toBe('ERR_SERVICE_GONE');
    });
  });
});

/** Begins to count what it is asked. */
const counting = defineService(() => {
  let begun = 0;
  return {
    begin: () => void begun++,
    begun: () => begun,
  };
});

/** Nothing of this process goes on for so long. */
function hold(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('a call that comes after its deadline is not begun, and is counted', async () => {
  const [one, two] = (await startMesh(2)) as [TestNode, TestNode];
  const counter = await two.newService(counting);
  await one.run(async (skynet) => {
    const begin = (timeout: string): Promise<unknown> =>
      codeOf(skynet.call({ to: counter, timeout: timeout as '1s' }, 'lua', 'begin'));
    // Frames that were quick show how much later another is.
    for (let i = 0; i < 3; i++) expect(await begin('60s')).toEqual({ answered: undefined });
    const late = begin('50ms');
    const inTime = begin('60s');
    setImmediate(hold, 400);
    expect(await late).toBe('ERR_TIMEOUT');
    expect(await inTime).toEqual({ answered: undefined });
    expect(await skynet.call(counter, 'lua', 'begun')).toBe(4);
  });
  const type = await openConsole(two);
  expect((await type('mesh')).join('\n')).toMatch(/^node 1\s+ready.* late:1 /m);
});
