import { expect, test } from 'vitest';
import { expectPlaces, FAILURES, placed } from '../failure-places.ts';
import type { Seen } from '../fixtures/failures/caller.ts';
import { startTestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

test.each([
  [0, 1],
  [1, 0],
  [1, 2],
])(
  'failures met in thread %i and made in thread %i begin where they were waited for',
  async (here, there) => {
    const node = await startTestNode({ thread: 3, services: ['./failures/?', './services/?'] });
    await node.run(async (skynet) => {
      const victim = await skynet.newService({ name: 'victim', thread: there });
      const caller = await skynet.newService({ name: 'caller', thread: here });
      for (const name of Object.keys(FAILURES))
        expectPlaces(name, await skynet.call<Seen>(caller, 'lua', 'see', name, victim));
    });
  },
);

test('the log of a failure that passes through threads is the same, each side told once', async () => {
  const node = await startTestNode({ thread: 3, services: ['./failures/?', './services/?'] });
  await node.run(async (skynet) => {
    const caller = await skynet.newService({ name: 'caller', thread: 1 });
    const victim = await skynet.newService({ name: 'victim', thread: 2 });
    skynet.error('begin');
    await skynet.call(caller, 'lua', 'fork', 'throughAnother', victim);
    await skynet.call(caller, 'lua', 'fork', 'badStartElsewhere', victim);
    await skynet.call(caller, 'lua', 'fork', 'unknownCommand', victim);
    skynet.error('end');
  });
  await node.logged(/ end$/);
  const entries = node.log.map(placed);
  const place = (text: string): number => entries.findIndex((entry) => entry.endsWith(`] ${text}`));
  const seen = entries.slice(place('begin') + 1, place('end')).filter((entry) => !entry.includes('LAUNCH'));
  // Handles by the order in which they appear: the first is that of the caller.
  const handles: string[] = [];
  const named = seen.map((entry) =>
    entry.replace(/\b0?1[\da-f]{6}\b/g, (handle) => {
      const known = handle.padStart(8, '0');
      if (!handles.includes(known)) handles.push(known);
      return `#${handles.indexOf(known)}`;
    }),
  );
  expect(named).toEqual([
    `[:#0] lua call [#1 to :#0 : 2 msgsz = 5] error : Error: bang
    at caller.ts: in boom`,
    `[:#0] lua call [0 to :#0 : 0 msgsz = 0] error : SkynetError: call failed: bang (ERR_REMOTE, logged by :#0)
    at victim.ts: in relay
  in :#1, called by
    at caller.ts: here throughAnother
    at caller.ts: the fork`,
    `[:#2] init service failed: Error: no database
    at bad-start.ts: in start`,
    '[:#2] KILL self',
    `[:#0] lua call [0 to :#0 : 0 msgsz = 0] error : SkynetError: call failed: bad-start could not start: no database (ERR_SERVICE_INIT, logged by :#2)
    at caller.ts: here badStartElsewhere
    at caller.ts: the fork`,
    '[:#1] Unknown command nothing from :#0',
    `[:#0] lua call [0 to :#0 : 0 msgsz = 0] error : SkynetError: call failed: Unknown command nothing (ERR_UNKNOWN_COMMAND, logged by :#1)
    at caller.ts: here unknownCommand
    at caller.ts: the fork`,
  ]);
});
