import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Handle, Skynet } from '../../src/index.ts';
import { placed } from '../failure-places.ts';
import { startTestNode } from '../test-node.ts';

/** The whole log of what a node does after `victim` and `caller` were started, as :01000007 and :01000008. */
async function logOf(work: (skynet: Skynet, victim: Handle, caller: Handle) => unknown): Promise<string> {
  const node = await startTestNode({ services: ['./failures/?', './services/?'] });
  await node.run(async (skynet) => {
    const victim = await skynet.newService('victim');
    const caller = await skynet.newService('caller');
    skynet.error('begin');
    await work(skynet, victim, caller);
    skynet.error('end');
  });
  await node.logged(/ end$/);
  const entries = node.log.map(placed);
  const place = (text: string): number => entries.findIndex((entry) => entry.endsWith(`] ${text}`));
  return entries.slice(place('begin') + 1, place('end')).join('\n');
}

/** What the log has of a failure that nobody takes. */
const forked = (name: string): Promise<string> =>
  logOf((skynet, victim, caller) => skynet.call(caller, 'lua', 'fork', name, victim));

const task = (text: string): string => `[:01000008] lua call [0 to :1000008 : 0 msgsz = 0] error : ${text}`;

test.each([
  [
    'throws',
    `[:01000007] lua call [1000008 to :1000007 : 3 msgsz = 5] error : Error: bang
    at victim.ts: in boom
${task('SkynetError: call failed: bang (ERR_REMOTE, logged by :01000007)')}
    at caller.ts: here throws
    at caller.ts: the fork`,
  ],
  [
    'throughAnother',
    `[:01000008] lua call [1000007 to :1000008 : 2 msgsz = 5] error : Error: bang
    at caller.ts: in boom
${task('SkynetError: call failed: bang (ERR_REMOTE, logged by :01000008)')}
    at victim.ts: in relay
  in :01000007, called by
    at caller.ts: here throughAnother
    at caller.ts: the fork`,
  ],
  [
    'refused',
    `${task('SkynetError: the service refused to answer (ERR_REFUSED)')}
    at victim.ts: in refuse
  in :01000007, called by
    at caller.ts: here refused
    at caller.ts: the fork`,
  ],
  [
    'unknownCommand',
    `[:01000007] Unknown command nothing from :01000008
${task('SkynetError: call failed: Unknown command nothing (ERR_UNKNOWN_COMMAND, logged by :01000007)')}
    at caller.ts: here unknownCommand
    at caller.ts: the fork`,
  ],
  [
    'noDispatch',
    `${task('SkynetError: no handler for 100 messages (ERR_NO_DISPATCH)')}
  in :01000007, called by
    at caller.ts: here noDispatch
    at caller.ts: the fork`,
  ],
  [
    'killed',
    `[:0100000a] LAUNCH snlua victim
[:01000008] KILL :100000a
${task('SkynetError: call failed: :0100000a ended before it answered (ERR_SERVICE_GONE)')}
    at caller.ts: here killed
    at caller.ts: the fork`,
  ],
  [
    'noName',
    `${task('SkynetError: call to invalid address .nobody (ERR_NO_SERVICE)')}
    at caller.ts: here noName
    at caller.ts: the fork`,
  ],
  [
    'late',
    `${task('SkynetError: no answer from :01000007 in time (ERR_TIMEOUT)')}
    at caller.ts: here late
    at caller.ts: the fork`,
  ],
  [
    'badStart',
    `[:0100000a] LAUNCH snlua bad-start
[:0100000a] init service failed: Error: no database
    at bad-start.ts: in start
[:0100000a] KILL self
${task('SkynetError: call failed: bad-start could not start: no database (ERR_SERVICE_INIT, logged by :0100000a)')}
    at caller.ts: here badStart
    at caller.ts: the fork`,
  ],
  [
    'unique',
    `[:0100000a] LAUNCH snlua bad-start
[:0100000a] init service failed: Error: no database
    at bad-start.ts: in start
[:0100000a] KILL self
${task('SkynetError: call failed: bad-start could not start: no database (ERR_SERVICE_INIT, logged by :0100000a)')}
  in :01000004, called by
    at caller.ts: here unique
    at caller.ts: the fork`,
  ],
  [
    'noModule',
    `[:0100000a] LAUNCH snlua no-such
[:0100000a] lua loader error : cannot open failures/no-such.ts: No such file or directory
cannot open services/no-such.ts: No such file or directory
[:0100000a] KILL self
${task('SkynetError: no service no-such (ERR_SERVICE_NOT_FOUND, logged by :0100000a)')}
    at caller.ts: here noModule
    at caller.ts: the fork`,
  ],
  [
    'brokenModule',
    `[:0100000a] LAUNCH snlua broken-module
[:0100000a] lua loader error : SkynetError: FIXTURES/services/broken-module.ts cannot be loaded: Error: broken module (ERR_SERVICE_MODULE)
    at broken-module.ts: in broken module
[:0100000a] KILL self
${task('SkynetError: FIXTURES/services/broken-module.ts cannot be loaded: Error: broken module (ERR_SERVICE_MODULE, logged by :0100000a)')}
    at caller.ts: here brokenModule
    at caller.ts: the fork`,
  ],
  [
    'foreign',
    `${task("Error: ENOENT: no such file or directory, open '/no/such/file'")}
    at caller.ts: here foreign
    at caller.ts: the fork`,
  ],
  [
    'connect',
    `${task('Error: connect ECONNREFUSED 127.0.0.1:1')}
led to SkynetError: Connection refused (ERR_CONNECT)
    at caller.ts: here connect
    at caller.ts: the fork`,
  ],
])('%s: the whole log of a failure that nobody takes', async (name, log) => {
  const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
  expect((await forked(name)).replaceAll(fixtures, 'FIXTURES')).toBe(log);
});

test('what a timer throws is told with its own frames only', async () => {
  expect(await logOf((skynet, _victim, caller) => skynet.call(caller, 'lua', 'timer'))).toBe(
    `${task('Error: too late')}\n    at caller.ts: the timer`,
  );
});

test('a send that fails is told by whom it failed at, without what the log has', async () => {
  expect(
    await logOf(async (skynet, victim, caller) => {
      skynet.send(victim, 'lua', 'relay', caller, 'boom');
      await skynet.call(victim, 'lua', 'idle');
    }),
  ).toBe(`[:01000008] lua call [1000007 to :1000008 : 2 msgsz = 5] error : Error: bang
    at caller.ts: in boom
[:01000007] lua call [1000006 to :1000007 : 0 msgsz = 16] error : SkynetError: call failed: bang (ERR_REMOTE, logged by :01000008)
    at victim.ts: in relay`);
});

test('an error around another one is a failure of its own, which leads to the next', async () => {
  expect(
    await logOf(async (skynet, victim, caller) => {
      await expect(skynet.call(caller, 'lua', 'wrap', victim)).rejects.toThrow('cannot load the player');
    }),
  ).toBe(`[:01000007] lua call [1000008 to :1000007 : 2 msgsz = 5] error : Error: bang
    at victim.ts: in boom
[:01000008] lua call [1000006 to :1000008 : 4 msgsz = 10] error : SkynetError: call failed: bang (ERR_REMOTE, logged by :01000007)
    at caller.ts: in wrap
led to Error: cannot load the player
    at caller.ts: wrapped`);
});

test('skynet.error shows a failure as the log would', async () => {
  expect(
    await logOf((skynet, victim, caller) => skynet.call(caller, 'lua', 'show', 'refused', victim)),
  ).toBe(`[:01000008] seen: SkynetError: the service refused to answer (ERR_REFUSED)
    at victim.ts: in refuse
  in :01000007, called by
    at caller.ts: here refused
    at caller.ts: shown`);
});

test('a call that nobody awaits fails as a stray rejection, told once', async () => {
  const log = await logOf(async (skynet, victim) => {
    void skynet.call(victim, 'lua', 'refuse');
    await skynet.call(victim, 'lua', 'alive');
    await skynet.sleep('1ms');
  });
  expect(log).toBe(
    '[:00000000] unhandled rejection: SkynetError: the service refused to answer (ERR_REFUSED)\n    at victim.ts: in refuse\n  in :01000007',
  );
});
