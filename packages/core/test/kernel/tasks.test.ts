import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineService, type Handle, type Request, type Task } from '../../src/index.ts';
import { until } from '../../src/testing/index.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

test('forks run after the current task suspends, in order, before the next message', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      void skynet.newService(
        defineService((own) => {
          own.fork(() => {
            order.push('A');
          });
          own.fork(async () => {
            order.push('B');
            own.fork(() => order.push('C'));
            await own.yield();
            order.push('rest of B');
            resolve();
          });
          own.timeout(0, () => order.push('timeout'));
          order.push('start ends');
        }),
      );
    });
    await skynet.await(done);
    expect(order).toEqual(['start ends', 'A', 'B', 'C', 'timeout', 'rest of B']);
  });
});

test('a woken task runs when the waker suspends, never at once', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const order: string[] = [];
    const waiter = skynet.fork(async () => {
      order.push('waits');
      await skynet.wait();
      order.push('woken');
    });
    await skynet.yield();
    expect(skynet.wakeup(waiter)).toBe(true);
    expect(skynet.wakeup(waiter)).toBe(true);
    order.push('waker goes on');
    await skynet.yield();
    expect(order).toEqual(['waits', 'waker goes on', 'woken']);
    expect(skynet.wakeup(waiter)).toBe(false);
  });
});

test('a sleeper can be woken early, and two cannot wait on one token', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const results: unknown[] = [];
    const sleeper = skynet.fork(async () => results.push(await skynet.sleep('1h')));
    skynet.fork(async () => results.push(await skynet.sleep('1h', 'token')));
    skynet.fork(() => skynet.wait('token').catch((error) => results.push(error.code)));
    await skynet.yield();
    skynet.wakeup(sleeper);
    skynet.wakeup('token');
    await skynet.yield();
    expect(results).toEqual(['ERR_TOKEN_IN_USE', 'BREAK', 'BREAK']);
    expect(await skynet.sleep('1ms')).toBeUndefined();
  });
});

test('the running task keeps its identity across every kind of wait', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const echo = await skynet.newService('echo');
    const check = async (forked: () => Task): Promise<void> => {
      const expected = forked();
      for (let round = 0; round < 3; round++) {
        expect(skynet.running()).toBe(expected);
        await skynet.sleep(0);
        expect(skynet.running()).toBe(expected);
        await skynet.call(echo, 'lua', 'echo', 1);
        expect(skynet.running()).toBe(expected);
        await skynet.await(new Promise((resolve) => setTimeout(resolve, 1)));
        expect(skynet.running()).toBe(expected);
      }
    };
    const failures: unknown[] = [];
    let left = 8;
    const tasks: Task[] = [];
    for (let i = 0; i < left; i++) {
      tasks.push(
        skynet.fork(async () => {
          try {
            await check(() => tasks[i] as Task);
          } catch (error) {
            failures.push(error);
          }
          left--;
        }),
      );
    }
    await skynet.await(until(() => left === 0, { what: 'all tasks have ended' }));
    expect(failures).toEqual([]);
    expect(String(tasks[0])).toMatch(/^thread: 0x[0-9a-f]{12}$/);
  });
});

test('timers fire once, can be cancelled, repeat, and end with their service', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const fired: string[] = [];
    const cancelled = skynet.timeout('1ms', () => fired.push('cancelled'));
    expect(cancelled.cancel()).toBe(true);
    expect(cancelled.cancel()).toBe(false);
    skynet.timeout('2ms', (...args) => fired.push(args.join()), 'a', 'b');
    const repeating = skynet.interval('1ms', () => fired.push('again'));
    await skynet.await(until(() => fired.filter((what) => what === 'again').length >= 3));
    repeating.cancel();
    const before = fired.length;
    await skynet.sleep('5ms');
    expect(fired.length).toBe(before);
    expect(fired).toContain('a,b');
    expect(fired).not.toContain('cancelled');
    const handle = await skynet.newService(
      defineService((own) => void own.timeout('1ms', () => fired.push('dead'))),
    );
    skynet.kill(handle);
    await skynet.sleep('5ms');
    expect(fired).not.toContain('dead');
    for (const bad of ['soon', Number.NaN, Number.POSITIVE_INFINITY, {}, '5 parsec', 2 ** 31]) {
      expect(() => skynet.timeout(bad as number, () => {})).toThrow(code('ERR_DURATION_INVALID'));
      await expect(skynet.sleep(bad as number)).rejects.toThrow(code('ERR_DURATION_INVALID'));
    }
  });
});

test('what a fork, a timer or a request throws ends that task only and is logged with the service', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    skynet.fork(() => {
      throw new Error('in a fork');
    });
    skynet.fork(async () => {
      await skynet.sleep(0);
      throw new Error('after a sleep');
    });
    skynet.timeout(0, () => {
      throw new Error('in a timer');
    });
    for (const text of ['in a fork', 'after a sleep', 'in a timer']) {
      expect(await node.logged(new RegExp(`error : Error: ${text}`))).toContain(
        `[${skynet.address(skynet.self())}] lua call [0 to `,
      );
    }
    // A promise that nobody waits for must not take the process with it.
    void Promise.reject(new Error('nobody caught me'));
    await node.logged(/unhandled rejection: Error: nobody caught me/);
  });
});

test('a critical section runs one after another, re-enters, and goes on after a throw', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const cs = skynet.queue();
    const order: string[] = [];
    let left = 3;
    for (const name of ['a', 'b', 'c']) {
      skynet.fork(async () => {
        await cs(async () => {
          order.push(`${name} in`);
          await skynet.sleep('1ms');
          await cs(async () => {
            await skynet.yield();
            order.push(`${name} inner`);
          });
          if (name === 'b') throw new Error('b fails');
          order.push(`${name} out`);
        }).catch(() => order.push('b failed'));
        left--;
      });
    }
    await skynet.await(until(() => left === 0, { what: 'all tasks have ended' }));
    expect(order).toEqual([
      'a in',
      'a inner',
      'a out',
      'b in',
      'b inner',
      'b failed',
      'c in',
      'c inner',
      'c out',
    ]);
    expect(await cs((x: number, y: number) => x + y, 1, 2)).toBe(3);
  });
});

test('a service never runs two pieces at once, and messages of one sender arrive in order', async () => {
  const node = await startTestNode();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ to: fc.nat(2), waits: fc.nat(3), call: fc.boolean() }), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.integer({ min: 1, max: 4 }),
      async (plan, senders) => {
        await node.run(async (skynet) => {
          const problems: string[] = [];
          const receiver = defineService((own) => {
            let inside = false;
            const last = new Map<Handle, number>();
            own.dispatch('lua', async (request: Request, number: number, waits: number) => {
              // Between two suspensions nobody else may get in, not even across awaits of settled promises.
              if (inside) problems.push('two at once');
              inside = true;
              if ((last.get(request.source) ?? -1) >= number) problems.push('out of order');
              last.set(request.source, number);
              for (let i = 0; i < waits; i++) await Promise.resolve().then(() => {});
              inside = false;
              for (let i = 0; i < waits; i++) await own.yield();
              return number;
            });
          });
          const receivers = [
            await skynet.newService(receiver),
            await skynet.newService(receiver),
            await skynet.newService(receiver),
          ];
          let running = senders;
          for (let s = 0; s < senders; s++) {
            await skynet.newService(
              defineService((own) => {
                own.fork(async () => {
                  const answers: Promise<unknown>[] = [];
                  for (const [number, step] of plan.entries()) {
                    const to = receivers[step.to] as Handle;
                    if (step.call)
                      answers.push(
                        own
                          .call(to, 'lua', number, step.waits)
                          .then((n) => n === number || problems.push('wrong answer')),
                      );
                    else own.send(to, 'lua', number, step.waits);
                    if (step.waits === 3) await own.yield();
                  }
                  await own.await(Promise.all(answers));
                  running--;
                });
              }),
            );
          }
          while (running > 0) await skynet.sleep(0);
          expect(problems).toEqual([]);
          for (const handle of receivers) skynet.kill(handle);
        });
      },
    ),
    { numRuns: 40 },
  );
});

test.each(['now', 'later'])(
  'a mailbox that grows long is reported once, and again when it was empty in between (%s)',
  async (command) => {
    const node = await startTestNode();
    await node.run(async (skynet) => {
      const slow = await skynet.newService(
        defineService(() => ({ now: (value: number) => value, later: async (value: number) => value })),
      );
      for (let i = 0; i < 5000; i++) skynet.send(slow, 'lua', command, i);
      await skynet.call(slow, 'lua', command, 1);
      await node.logged(/May overload, message queue length = 5000/);
      // It was empty in between: the first thousand counts again.
      for (let i = 0; i < 1100; i++) skynet.send(slow, 'lua', command, i);
      await skynet.call(slow, 'lua', command, 1);
      await node.logged(/May overload, message queue length = 1100/);
      for (let i = 0; i < 1000; i++) skynet.send(slow, 'lua', command, i);
      await skynet.call(slow, 'lua', command, 1);
      expect(node.log.filter((line) => line.includes('May overload')).length).toBe(2);
    });
  },
);

test('killTask ends a suspended task: finally blocks run, locks are given back, its caller gets an error', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const seen: string[] = [];
    const handle = await skynet.newService(
      defineService((own) => {
        const cs = own.queue();
        return {
          hold: () =>
            cs(async () => {
              try {
                await own.sleep('1h');
                seen.push('after the sleep');
              } finally {
                seen.push('finally');
              }
            }),
          free: () => cs(() => 'free'),
          killAll: () => own.tasks().map(({ task }) => own.killTask(task)),
        };
      }),
    );
    const held = skynet.call(handle, 'lua', 'hold');
    const next = skynet.call(handle, 'lua', 'free');
    expect((await skynet.call<unknown[]>(handle, 'debug', 'TASK')).length).toBe(2);
    // The second waits for the lock of the first and is killed with it; a third gets the lock.
    expect(await skynet.call(handle, 'lua', 'killAll')).toEqual([true, true]);
    await expect(held).rejects.toThrow(code('ERR_ABORTED'));
    await expect(next).rejects.toThrow(code('ERR_ABORTED'));
    expect(await skynet.call(handle, 'lua', 'free')).toBe('free');
    expect(seen).toEqual(['finally']);
    expect(await skynet.call(handle, 'debug', 'STAT')).toMatchObject({ task: 0 });
    expect(node.log.filter((line) => / error : /.test(line))).toEqual([]);
  });
});

test('killTask works on forks not begun, woken tasks, sleepers and callers, and nothing else', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const ran: string[] = [];
    const visitor = skynet.running();
    const deaf = await skynet.newService(
      defineService((own) => own.dispatch('lua', (request: Request) => void request.noReply())),
    );
    const notBegun = skynet.fork(() => ran.push('not begun'));
    const other = skynet.fork(() => ran.push('other'));
    expect(skynet.killTask(notBegun)).toBe(true);
    expect(skynet.killTask(notBegun)).toBe(false);
    const wait = (suspend: () => Promise<unknown>): Task =>
      skynet.fork(async () => {
        await suspend();
        ran.push('went on');
      });
    const woken = wait(() => skynet.wait());
    const sleeping = wait(() => skynet.sleep('1h'));
    const yielding = wait(() => skynet.yield());
    const calling = wait(() => skynet.call(deaf, 'lua'));
    const failures: unknown[] = [];
    const check = (): void => {
      expect(skynet.tasks().map(({ task, waitsFor }) => [task, waitsFor])).toEqual([
        [visitor, 0],
        [woken, 0],
        [sleeping, 0],
        [yielding, 0],
        [calling, deaf],
      ]);
      skynet.wakeup(woken);
      for (const task of [woken, sleeping, yielding, calling]) expect(skynet.killTask(task)).toBe(true);
      expect(skynet.wakeup(sleeping)).toBe(false);
      expect(skynet.killTask(skynet.running())).toBe(false);
    };
    skynet.fork(() => {
      try {
        check();
      } catch (failure) {
        failures.push(failure);
      }
    });
    await skynet.sleep('2ms');
    expect(failures).toEqual([]);
    expect(skynet.killTask(other)).toBe(false);
    expect(skynet.tasks()).toEqual([]);
    expect(ran).toEqual(['other']);
    expect(skynet.stat().task).toBe(1);
    expect(node.log.filter((line) => / error : |unhandled/.test(line))).toEqual([]);
  });
});

test('the first session of a start function is 2, and calls, timers and waits share the counter', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const sessions: number[] = [];
    const target = await skynet.newService(
      defineService(() => ({
        note(this: Request) {
          sessions.push(this.session);
        },
      })),
    );
    await skynet.newService(
      defineService(async (own) => {
        await own.call(target, 'lua', 'note');
        await own.sleep(0);
        own.timeout(0, () => {});
        await own.yield();
        sessions.push(own.genid());
        own.send(target, 'lua', 'note');
        await own.call(target, 'lua', 'note');
      }),
    );
    expect(sessions).toEqual([2, 6, 0, 7]);
  });
});
