import { execFile } from 'node:child_process';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defineService, type FilteredMessage, isSkynetError, type Task } from '../../src/index.ts';
import { Happenings } from '../../src/testing/index.ts';
import { startTestNode } from '../test-node.ts';

// What awaits a foreign promise without skynet.await goes on outside every turn.

const code = (expected: string) => expect.objectContaining({ code: expected });

test('a critical section holds for those who enter it outside their turns, or they are told what to do', async () => {
  const node = await startTestNode();
  const seen: string[] = [];
  const refused: string[] = [];
  const service = await node.newService(
    defineService((skynet) => {
      const section = skynet.queue();
      return {
        async work(name: string) {
          await later(1);
          await section(async () => {
            seen.push(`in ${name}`);
            await later(5);
            seen.push(`out ${name}`);
          }).catch((error: unknown) => {
            if (!isSkynetError(error, 'ERR_OUTSIDE_TURN')) throw error;
            refused.push(error.message);
          });
        },
        async polite(name: string) {
          await later(1);
          await section(async () => {
            seen.push(`in ${name}`);
            await skynet.sleep('2ms');
            seen.push(`out ${name}`);
          });
        },
      };
    }),
  );
  await node.run((skynet) =>
    skynet.await(Promise.all(['1', '2', '3'].map((name) => skynet.call(service, 'lua', 'work', name)))),
  );
  for (let i = 0; i < seen.length; i += 2)
    expect(seen.slice(i, i + 2)).toEqual([seen[i], `out ${seen[i]?.slice(3)}`]);
  expect(seen.length / 2 + refused.length).toBe(3);
  for (const text of refused) expect(text).toMatch(/skynet\.await/);
  // Whoever waits inside as the framework has it can be told from the others: all have their turn.
  seen.length = 0;
  await node.run((skynet) =>
    skynet.await(Promise.all(['1', '2', '3'].map((name) => skynet.call(service, 'lua', 'polite', name)))),
  );
  expect(seen).toEqual(['in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3']);
  await node.logged(
    /warning: the context of service :\w+ is used outside its turn.*skynet\.await\n.*outside-turn\.test/s,
  );
  expect(node.log.filter((line) => /outside its turn/.test(line)).length).toBeLessThan(4);
});

test('whoever enters again after a plain await is refused, and does not wait for itself', async () => {
  const node = await startTestNode();
  const service = await node.newService(
    defineService((skynet) => {
      const section = skynet.queue();
      return {
        plain: () =>
          section(async () => {
            await later(1);
            return section(() => 'inside');
          }),
        awaited: () =>
          section(async () => {
            await skynet.await(later(1));
            return section(() => 'inside');
          }),
      };
    }),
  );
  await node.run(async (skynet) => {
    await expect(skynet.call(service, 'lua', 'plain')).rejects.toThrow(code('ERR_OUTSIDE_TURN'));
    expect(await skynet.call(service, 'lua', 'awaited')).toBe('inside');
  });
});

test('nothing that runs between two turns is taken for the task of the last one', async () => {
  const node = await startTestNode();
  const service = await node.newService(
    defineService((skynet) => {
      const tasks: Task[] = [];
      return {
        async work() {
          tasks.push(skynet.running());
          await later(1);
          // Each a stranger: two of them are never the same.
          tasks.push(skynet.running());
          await skynet.sleep('1ms');
          // From here on it is known again.
          const known = skynet.running();
          await skynet.sleep('1ms');
          return skynet.running() === known;
        },
        different: () => new Set(tasks).size === tasks.length,
      };
    }),
  );
  await node.run(async (skynet) => {
    const works = [1, 2, 3, 4].map(() => skynet.call(service, 'lua', 'work'));
    expect(await skynet.await(Promise.all(works))).toEqual([true, true, true, true]);
    expect(await skynet.call(service, 'lua', 'different')).toBe(true);
  });
});

test('a wait that nobody could end is refused', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    await later(1);
    await expect(skynet.wait()).rejects.toThrow(code('ERR_OUTSIDE_TURN'));
    skynet.timeout(0, () => skynet.wakeup('token'));
    await skynet.wait('token');
    await skynet.sleep('1ms');
    await skynet.yield();
  });
});

test('filters join: each sees what the one before it has made of the message', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(
      defineService((own) => {
        const adding = (text: string) => (message: FilteredMessage) =>
          message.type === 10 ? { ...message, body: own.pack(...own.unpack(message.body), text) } : message;
        own.filter(adding('first'));
        own.filter(adding('second'));
        own.filter((message) => (own.unpack(message.body)[0] === 'dropped' ? undefined : message));
        return { echo: (...values: unknown[]) => values };
      }),
    );
    expect(await skynet.call(service, 'lua', 'echo', 0)).toEqual([0, 'first', 'second']);
    skynet.send(service, 'lua', 'dropped');
    expect(await skynet.call(service, 'lua', 'echo')).toEqual(['first', 'second']);
  });
});

test('exit in the callback of a library ends the service and nothing else', async () => {
  const program = `
    import { defineService, startNode } from '@skynet/core';
    import { EventEmitter } from 'node:events';
    const node = await startNode({ watchdog: false }, { onLog: () => {} });
    const library = new EventEmitter();
    const handle = await node.newService(defineService((skynet) => { library.on('end', () => skynet.exit()); }));
    setTimeout(() => library.emit('end'), 1);
    await node.run(async (skynet) => { while (skynet.send(handle, 'lua') !== undefined) await skynet.sleep(1); });
    await node.stop();
    console.log('stopped');
    setTimeout(() => { throw new Error('of the program'); }, 1);
  `;
  const { out, error, exit } = await new Promise<{ out: string; error: string; exit: unknown }>((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { cwd: fileURLToPath(new URL('../../../../apps/demo', import.meta.url)) },
      (failure, out, error) => resolve({ out, error, exit: failure?.code }),
    );
  });
  expect(error).toMatch(/of the program/);
  expect({ out, exit }).toEqual({ out: 'stopped\n', exit: 1 });
});

test('a service that kills itself and then waits says nothing more', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const ends = new Happenings<unknown>('ends');
    const service = await skynet.newService(
      defineService((own) => ({
        async leave() {
          own.kill(own.self());
          await own.sleep('1ms');
        },
      })),
    );
    skynet.watch(service, (event) => ends.add(event));
    skynet.send(service, 'lua', 'leave');
    await skynet.await(ends.count(1));
    await skynet.sleep('5ms');
  });
  expect(node.log.join('\n')).not.toMatch(/error/);
});

test('a task that was woken and has not run yet can be woken again', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const woken: string[] = [];
    const token = {};
    skynet.fork(async () => {
      await skynet.wait(token);
      woken.push('woken');
    });
    await skynet.yield();
    expect(skynet.wakeup(token)).toBe(true);
    expect(skynet.wakeup(token)).toBe(true);
    await skynet.yield();
    expect(skynet.wakeup(token)).toBe(false);
    expect(woken).toEqual(['woken']);
  });
});

test('a protocol whose unpack leaves the body as it is hands on bodies that can be sent again', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const target = await skynet.newService(defineService(() => ({ echo: (...values: unknown[]) => values })));
    const proxy = await skynet.newService(
      defineService((own) => {
        own.registerProtocol({
          name: 'system',
          id: 4,
          pack: (body) => body as never,
          unpack: (body) => body,
        });
        own.forwardType({ 10: 4, 1: 1 });
        own.dispatch('system', (request, body: never) => {
          request.noReply();
          own.redirect(target, request.source, 'lua', request.session, body);
        });
      }),
    );
    expect(await skynet.call(proxy, 'lua', 'echo', 1, 'two')).toEqual([1, 'two']);
  });
});
