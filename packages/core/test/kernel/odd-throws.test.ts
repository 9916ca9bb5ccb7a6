import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { defineService, type Handle, type Skynet, type SkynetError } from '../../src/index.ts';
import { startTestNode as start } from '../../src/testing/index.ts';
import { ODD, PLACES, runPlace } from '../fixtures/odd/places.ts';
import { startTestNode } from '../test-node.ts';

// What a service throws, wherever it does, costs that service one item and nobody else anything.

const values = Object.keys(ODD);

describe.each(Object.keys(PLACES))('in %s', (place) => {
  test.each(values)('%s', async (value) => {
    const node = await startTestNode();
    const seen = await node.run((skynet) => runPlace(skynet, place, value));
    expect(seen).toEqual({ ended: 'coded', alive: 'yes', others: 'yes' });
    await node.stop();
    // Something stands in the log in the name of the service, and nothing of it is too long to be read.
    // What is said to a caller alone is for the caller.
    if (place !== 'failed answer')
      expect(node.log.join('\n')).toMatch(/error :|failed|cannot|Error|odd|close/);
    for (const line of node.log) expect(line.length).toBeLessThan(300_000);
  });
});

test('with threads: every value, in every place', async () => {
  const node = await start(
    { thread: 2, services: ['./services/?', './odd/?'] },
    { base: fileURLToPath(new URL('../fixtures', import.meta.url)), after: onTestFinished },
  );
  await node.run(async (skynet) => {
    const runner = await skynet.newService({ name: 'runner', thread: 1 });
    for (const place of Object.keys(PLACES))
      for (const value of values)
        expect([place, value, await skynet.call(runner, 'lua', 'run', place, value)]).toEqual([
          place,
          value,
          { ended: 'coded', alive: 'yes', others: 'yes' },
        ]);
  });
});

test('a log function that throws is told of once, and costs its lines only', async () => {
  const { startNode } = await import('../../src/index.ts');
  const written: string[] = [];
  const write = process.stderr.write;
  process.stderr.write = ((text: string) => written.push(text) > 0) as typeof process.stderr.write;
  onTestFinished(() => {
    process.stderr.write = write;
  });
  const node = await startNode(
    { harbor: 1, watchdog: false },
    {
      onLog: () => {
        throw Object.create(null);
      },
    },
  );
  expect(await node.run((skynet: Skynet) => skynet.call(skynet.self(), 'debug', 'PING'))).toBe(true);
  await node.stop();
  process.stderr.write = write;
  expect(written).toEqual([expect.stringMatching(/^log: onLog has thrown/)]);
});

test('a turn that throws in the kernel itself costs one item, and the pass goes on', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const odd: Handle = await skynet.newService(
      defineService((own) => {
        own.onUnknownResponse(() => undefined);
        return { ping: () => 'pong' };
      }),
    );
    // An answer that is none: its body throws when it is looked at.
    const failing = skynet.call(odd, 'lua', 'ping');
    expect(await failing).toBe('pong');
    const error = await skynet.call(odd, 'lua', 'nothing').catch((thrown: SkynetError) => thrown.code);
    expect(error).toBe('ERR_UNKNOWN_COMMAND');
  });
});
