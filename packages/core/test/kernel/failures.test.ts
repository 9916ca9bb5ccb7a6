import { expect, test } from 'vitest';
import { expectPlaces, FAILURES, firstLine } from '../failure-places.ts';
import { failures, type Seen } from '../fixtures/failures/caller.ts';
import { startTestNode } from '../test-node.ts';

const SERVICES = ['./failures/?', './services/?'];

test('there is an expectation for every failure', () => {
  expect(Object.keys(FAILURES)).toEqual(Object.keys(failures));
});

test.each(Object.keys(FAILURES))('%s: the stack begins where the failure was waited for', async (name) => {
  const node = await startTestNode({ services: SERVICES });
  await node.run(async (skynet) => {
    const victim = await skynet.newService('victim');
    const caller = await skynet.newService('caller');
    expectPlaces(name, await skynet.call<Seen>(caller, 'lua', 'see', name, victim));
  });
});

test('a program around a node sees its own line too', async () => {
  const node = await startTestNode({ services: SERVICES });
  const failing = async (): Promise<void> => {
    await node.newService('bad-start'); // in a program
  };
  const error = await failing().catch((thrown: Error) => thrown);
  expect(firstLine(String(error?.stack))).toMatch(/in a program$/);
});

test('a node that cannot start says where it was started', async () => {
  const failing = async (): Promise<void> => {
    await startTestNode({ services: SERVICES, start: 'bad-start' }); // the start
  };
  const error = await failing().catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'ERR_SERVICE_INIT' });
  expect(error?.stack).toMatch(/failures\.test\.ts:/);
  expect(error?.stack).not.toMatch(/core\/src\/(?!testing)/);
});

test('deep callers are all named, up to the limit of the host', async () => {
  const node = await startTestNode({ services: SERVICES });
  await node.run(async (skynet) => {
    const dig = async (depth: number): Promise<void> => {
      if (depth > 0) await dig(depth - 1);
      else await skynet.newService('bad-start'); // the bottom
    };
    const error = await dig(30).catch((thrown: Error) => thrown);
    const frames = String(error?.stack).split('\n').slice(1);
    expect(frames).toHaveLength(Error.stackTraceLimit);
    expect(firstLine(String(error?.stack))).toMatch(/the bottom$/);
  });
});

test('one error for two who wait names both; errors that cannot be changed are passed on as they are', async () => {
  const node = await startTestNode({ services: SERVICES });
  await node.run(async (skynet) => {
    const shared = Promise.reject(new Error('shared'));
    const one = async (): Promise<void> => {
      await skynet.await(shared);
    };
    const two = async (): Promise<void> => {
      await skynet.await(shared);
    };
    const [first, second] = await Promise.all(
      [one(), two()].map((failed) => failed.catch((thrown) => thrown)),
    );
    expect(first).toBe(second);
    expect(first.stack).toMatch(/ one [\s\S]* two /);
    const long = Object.assign(new Error('long'), { stack: `Error: long\n    at ${'?:1'.repeat(1e6)}:1` });
    for (const odd of [long, Object.freeze(new Error('frozen')), 'text', undefined, Object.create(null)])
      expect(await skynet.await(Promise.reject(odd)).catch((thrown: unknown) => thrown)).toBe(odd);
  });
});
