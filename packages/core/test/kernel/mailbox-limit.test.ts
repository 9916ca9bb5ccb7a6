import { expect, test } from 'vitest';
import {
  type CommandsOf,
  defineService,
  type MailboxOptions,
  type ServiceHandle,
  type Skynet,
} from '../../src/index.ts';
import { until } from '../../src/testing/index.ts';
import type busyService from '../fixtures/services/busy.ts';
import { busy } from '../fixtures/services/busy.ts';
import { startTestNode } from '../test-node.ts';

type Busy = CommandsOf<typeof busyService>;

const code = (expected: string) => expect.objectContaining({ code: expected });
const POLICIES = ['reject', 'drop-oldest', 'drop-newest'] as const;

const outcomes = (calls: Promise<unknown>[]): Promise<unknown[]> =>
  Promise.all(calls.map((call) => call.catch((error: { code: string }) => error.code)));

const startBusy = (skynet: Skynet, mailbox: MailboxOptions, thread: number): Promise<ServiceHandle<Busy>> =>
  skynet.newService<Busy>({ name: 'busy', mailbox, thread });

test.each(POLICIES)('%s: requests that find no room fail, the others are answered', async (policy) => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await startBusy(skynet, { limit: 3, policy }, 0);
    const { take, got } = skynet.proxy(handle);
    const calls = [0, 1, 2, 3, 4, 5].map((value) => take(value));
    const lost = 'ERR_OVERLOADED';
    const kept = policy === 'drop-oldest' ? [3, 4, 5] : [0, 1, 2];
    expect(await skynet.await(outcomes(calls))).toEqual(
      policy === 'drop-oldest' ? [lost, lost, lost, 3, 4, 5] : [0, 1, 2, lost, lost, lost],
    );
    expect(await got()).toEqual(kept);
    const told = node.log.filter((line) => line.includes('Overloaded'));
    expect(told).toEqual([
      `[${skynet.address(handle)}] Overloaded, 1 message refused (mailbox 3, ${policy}), the last of type lua from ${skynet.address(skynet.self())}`,
      `[${skynet.address(handle)}] Overloaded, 2 messages refused (mailbox 3, ${policy}), the last of type lua from ${skynet.address(skynet.self())}`,
    ]);
    // There is room again.
    expect(await take(9)).toBe(9);
  });
});

test('a refused send says so within its thread, a dropped one does not', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    for (const [policy, last] of [
      ['reject', undefined],
      ['drop-newest', 0],
      ['drop-oldest', 0],
    ] as const) {
      const handle = await startBusy(skynet, { limit: 2, policy }, 0);
      const sent = [1, 2, 3].map((value) => skynet.send(handle, 'lua', 'take', value));
      expect(sent).toEqual([0, 0, last]);
      // Which always gets in, behind what waits.
      await skynet.call(handle, 'debug', 'PING');
      expect(await skynet.proxy(handle).got()).toEqual(policy === 'drop-oldest' ? [2, 3] : [1, 2]);
    }
  });
});

test.each(POLICIES)(
  '%s over threads: nobody hangs, and the answered are those that got in',
  async (policy) => {
    const node = await startTestNode({ thread: 2 });
    await node.run(async (skynet) => {
      const handle = await startBusy(skynet, { limit: 10, policy }, 1);
      const { spin, take, got } = skynet.proxy(handle);
      const spinning = outcomes([spin(200)]);
      const results = await skynet.await(outcomes(Array.from({ length: 200 }, (_, value) => take(value))));
      await skynet.await(spinning);
      const answered = results.filter((result) => result !== 'ERR_OVERLOADED');
      expect(answered.length).toBeGreaterThanOrEqual(9);
      expect(answered.length).toBeLessThan(200);
      expect(await got()).toEqual(answered);
      await node.logged(/Overloaded, 1 message refused \(mailbox 10, /);
    });
  },
);

test('answers, errors, the debug protocol, timers and forks of a full service get in', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const echo = await skynet.newService('echo');
    const seen: unknown[] = [];
    const self = defineService(
      (inner) => {
        inner.timeout('1ms', () => seen.push('timer'));
        return {
          async ask() {
            inner.fork(() => seen.push('fork'));
            seen.push(await inner.call(echo, 'lua', 'echo', 'answer'));
            seen.push(await inner.call('.nobody', 'lua').catch((error: { code: string }) => error.code));
            return seen;
          },
          nothing: () => {},
        };
      },
      { mailbox: { limit: 1 } },
    );
    const handle = await skynet.newService(self);
    const asking = skynet.call(handle, 'lua', 'ask');
    for (let i = 0; i < 5; i++) skynet.send(handle, 'lua', 'nothing');
    const ping = skynet.call(handle, 'debug', 'PING');
    await asking;
    expect(await ping).toBe(true);
    await skynet.await(until(() => seen.includes('timer')));
    expect(seen).toEqual(expect.arrayContaining(['fork', 'answer', 'ERR_NO_SERVICE', 'timer']));
    await node.logged(/Overloaded, 4 messages refused|Overloaded, 1 message refused/);
  });
});

test('the starter has the last word over the definition; both are checked', async () => {
  const node = await startTestNode();
  const bounded = defineService(busy, { mailbox: { limit: 1, policy: 'drop-newest' } });
  await node.run(async (skynet) => {
    const handle = await skynet.newService(bounded);
    const { take } = skynet.proxy(handle);
    expect(await skynet.await(outcomes([take(1), take(2)]))).toEqual([1, 'ERR_OVERLOADED']);
    for (const mailbox of [
      {},
      { limit: 0 },
      { limit: 1.5 },
      { limit: Number.POSITIVE_INFINITY },
      { limit: '5' },
      { limit: 5, policy: 'wait' },
      { limit: 5, size: 5 },
      5,
    ] as never[]) {
      await expect(skynet.newService({ name: 'busy', mailbox })).rejects.toThrow(code('ERR_ARGUMENT'));
      expect(() => defineService(busy, { mailbox })).toThrow(code('ERR_ARGUMENT'));
    }
    expect(() => defineService(busy, { mailbx: { limit: 1 } } as never)).toThrow(code('ERR_ARGUMENT'));
  });
});

test('callers in flight of a full service that ends are told', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await startBusy(skynet, { limit: 2 }, 0);
    const calls = [1, 2, 3].map((value) => skynet.proxy(handle).take(value));
    skynet.kill(handle);
    const results = await skynet.await(outcomes(calls));
    expect(results).toEqual(['ERR_SERVICE_GONE', 'ERR_SERVICE_GONE', 'ERR_OVERLOADED']);
  });
});
