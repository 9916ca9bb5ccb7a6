import { expect, test } from 'vitest';
import {
  defineService,
  formatHandle,
  type Handle,
  isSkynetError,
  type Request,
  type Skynet,
} from '../../src/index.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

test('a node starts logger, bootstrap, launcher and service manager, then its first service', async () => {
  const node = await startTestNode({ start: 'echo' });
  await node.logged(/KILL self/);
  expect(node.log).toEqual([
    '[:01000001] LAUNCH logger ',
    '[:01000002] LAUNCH snlua bootstrap',
    '[:01000003] LAUNCH snlua launcher',
    '[:01000004] LAUNCH snlua service_mgr',
    '[:01000005] LAUNCH snlua echo',
    '[:01000002] KILL self',
  ]);
});

test('a first service that does not exist makes the start fail', async () => {
  await expect(startTestNode({ start: 'nobody' })).rejects.toThrow(code('ERR_SERVICE_NOT_FOUND'));
});

test('newService waits for the start function and gives every instance its own handle', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const order: string[] = [];
    const slow = defineService(async (own) => {
      order.push('start');
      await own.sleep('5ms');
      order.push('started');
    });
    const first = await skynet.newService(slow);
    order.push('returned');
    const second = await skynet.newService(slow);
    expect(order).toEqual(['start', 'started', 'returned', 'start', 'started']);
    expect(second).not.toBe(first);
  });
});

test('start arguments arrive as words of text', async () => {
  const node = await startTestNode();
  await node.run((skynet) => skynet.newService('prints-arguments', 'a', 7, 'x.y'));
  expect(await node.logged(/arguments \[/)).toMatch(/\["a","7","x.y"\]$/);
  expect(node.log).toContainEqual(expect.stringMatching(/LAUNCH snlua prints-arguments a 7 x.y$/));
});

test.each([['two words'], [''], [Number.NaN], ['tab\tbed']])(
  'start argument %j is refused',
  async (argument) => {
    const node = await startTestNode();
    await node.run(async (skynet) => {
      await expect(skynet.newService('echo', argument as string)).rejects.toThrow(
        code('ERR_LAUNCH_ARGUMENT'),
      );
    });
  },
);

test.each([
  ['throws-in-start', 'ERR_SERVICE_INIT', /init service failed: Error: cannot start today/],
  ['exits-in-start', 'ERR_SERVICE_EXITED', /KILL self/],
  ['not-a-service', 'ERR_SERVICE_MODULE', /has no service as default export/],
  ['broken-module', 'ERR_SERVICE_MODULE', /broken module/],
  ['nobody', 'ERR_SERVICE_NOT_FOUND', /cannot open services\/nobody\.ts/],
  ['../echo', 'ERR_NAME_INVALID', /not a service name/],
])('starting %s fails with %s and says why in the log', async (name, expected, line) => {
  const node = await startTestNode();
  const before = node.services;
  await node.run((skynet) => expect(skynet.newService(name)).rejects.toThrow(code(expected)));
  await node.logged(line);
  expect(node.services).toBe(before);
});

test('a service that is killed while it starts fails its creator', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    let born: Handle = 0;
    const never = defineService((own) => {
      born = own.self();
      return own.wait({});
    });
    const starting = skynet.newService(never);
    while (born === 0) await skynet.yield();
    skynet.kill(born);
    await expect(starting).rejects.toThrow(code('ERR_SERVICE_GONE'));
  });
});

test('nothing after exit runs, and waiting callers get an error', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const seen: string[] = [];
    const service = defineService((own) => ({
      async leave() {
        seen.push('before');
        own.exit();
        seen.push('after');
      },
      hang: () => own.wait({}),
    }));
    const handle = await skynet.newService(service);
    const hanging = skynet.call(handle, 'lua', 'hang');
    await expect(skynet.call(handle, 'lua', 'leave')).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(hanging).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(skynet.call(handle, 'lua', 'hang')).rejects.toThrow(code('ERR_NO_SERVICE'));
    expect(seen).toEqual(['before']);
  });
});

test('kill fails requests that are queued and requests that are being handled', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(
      defineService((own) => ({ hang: () => own.wait({}), quick: () => 1 })),
    );
    const handled = skynet.call(handle, 'lua', 'hang');
    await skynet.yield();
    await skynet.yield();
    const queued = skynet.call(handle, 'lua', 'quick');
    skynet.kill(handle);
    await expect(handled).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(queued).rejects.toThrow(code('ERR_SERVICE_GONE'));
    expect(await node.logged(/KILL :1/)).toMatch(/KILL :10000[0-9a-f]+$/);
  });
});

test('exit hooks run, last registered first, at exit and when the node stops', async () => {
  const node = await startTestNode();
  const order: string[] = [];
  const hooked = defineService((own) => {
    own.onExit(() => order.push('first'));
    own.onExit(async () => {
      await own.sleep('2ms');
      order.push('second');
    });
    return { leave: () => own.exit() };
  });
  await node.run(async (skynet) => {
    const handle = await skynet.newService(hooked);
    await expect(skynet.call(handle, 'lua', 'leave')).rejects.toThrow(code('ERR_SERVICE_GONE'));
    expect(order.splice(0)).toEqual(['second', 'first']);
    await skynet.newService(hooked);
  });
  await node.stop();
  expect(order).toEqual(['second', 'first']);
});

test('an exit hook that does not finish delays the stop no longer than the deadline', async () => {
  const node = await startTestNode({ shutdownTimeout: '20ms' });
  await node.newService(defineService((own) => own.onExit(() => own.wait({}))));
  await node.stop();
  expect(node.log).toContainEqual(expect.stringContaining('did not finish its exit hooks within 20 ms'));
});

test('a monitor is told of every end, with the dead handle as source', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    await skynet.monitor('ends-recorder');
    const victim = await skynet.newService('echo');
    skynet.kill(victim);
    const recorder = await skynet.queryService('ends-recorder');
    expect(await skynet.call<string[]>(recorder, 'lua', 'ended')).toContain(formatHandle(victim));
  });
});

test('an address nobody has: calls fail, sends tell, kill writes a line', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    await expect(skynet.call(0x01ffff00, 'lua', 'x')).rejects.toThrow(code('ERR_NO_SERVICE'));
    await expect(skynet.call('.nobody', 'lua', 'x')).rejects.toThrow(code('ERR_NO_SERVICE'));
    expect(skynet.send(':01ffff00', 'lua', 'x')).toBeUndefined();
    expect(skynet.send('nobody', 'lua', 'x')).toBeUndefined();
    skynet.kill('.nobody');
    await node.logged(/kill: no service \.nobody/);
    for (const bad of [0, undefined, null, -1, 1.5, ':xyz', '', {}]) {
      await expect(skynet.call(bad as never, 'lua', 'x')).rejects.toThrow(code('ERR_ADDRESS_INVALID'));
      expect(() => skynet.send(bad as never, 'lua', 'x')).toThrow(code('ERR_ADDRESS_INVALID'));
    }
  });
});

test('a context does nothing after its service ended', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    let kept = skynet;
    const handle = await skynet.newService(
      defineService((own) => {
        kept = own;
      }),
    );
    skynet.kill(handle);
    expect(() => kept.send(skynet.self(), 'lua')).toThrow(code('ERR_SERVICE_ENDED'));
    await expect(kept.call(skynet.self(), 'lua')).rejects.toThrow(code('ERR_SERVICE_ENDED'));
    expect(() => kept.fork(() => {})).toThrow(code('ERR_SERVICE_ENDED'));
    expect(() => kept.timeout(1, () => {})).toThrow(code('ERR_SERVICE_ENDED'));
  });
});

test('a node that stops refuses new services', async () => {
  const node = await startTestNode();
  await node.stop();
  await expect(node.newService('echo')).rejects.toSatisfy((error) =>
    isSkynetError(error, 'ERR_NODE_STOPPED'),
  );
});

test.each([
  ['at once', () => {}],
  ['after a sleep', (own: Skynet) => own.sleep('1ms')],
])('a service whose init work fails %s fails to start', async (_when, wait) => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const order: string[] = [];
    const good = defineService(async (own) => {
      own.init(async () => {
        await own.sleep('1ms');
        order.push('init');
      });
    });
    await skynet.newService(good);
    order.push('started');
    expect(order).toEqual(['init', 'started']);
    // Also work that is given later, while the start function runs.
    const late = defineService(async (own) => {
      await own.yield();
      own.init(async () => {
        await own.sleep('1ms');
        own.init(async () => {
          await own.yield();
          order.push('inner');
        });
        order.push('late');
      });
    });
    await skynet.newService(late);
    expect(order.slice(2)).toEqual(['late', 'inner']);
    const bad = defineService(async (own) => {
      await own.yield();
      own.init(async () => {
        await wait(own);
        throw new Error('no database');
      });
    });
    await expect(skynet.newService(bad)).rejects.toThrow(code('ERR_SERVICE_INIT'));
    await node.logged(/init service failed: Error: no database/);
    expect(node.log.filter((line) => line.includes('unhandled'))).toEqual([]);
  });
});

test('a service that ends itself after it slept in its start function fails its creator', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const leaves = defineService(async (own) => {
      await own.sleep('1ms');
      own.exit();
    });
    await expect(skynet.newService(leaves)).rejects.toThrow(code('ERR_SERVICE_EXITED'));
  });
});

test('kill takes names and printed handles; who kills itself runs on to its next suspension', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const named = await skynet.newService(defineService((own) => own.register('.victim')));
    skynet.kill('.victim');
    expect(skynet.localName('.victim')).toBeUndefined();
    expect(skynet.send(named, 'lua')).toBeUndefined();
    const printed = await skynet.newService('echo');
    skynet.kill(skynet.address(printed));
    expect(skynet.send(printed, 'lua')).toBeUndefined();
    const seen: string[] = [];
    const self = await skynet.newService(
      defineService((own) => ({
        async end() {
          own.kill(own.self());
          seen.push('runs on');
          await own.yield();
          seen.push('never');
        },
      })),
    );
    await expect(skynet.call(self, 'lua', 'end')).rejects.toThrow(code('ERR_SERVICE_GONE'));
    expect(seen).toEqual(['runs on']);
  });
});

test('abort ends the node from any service, exit hooks first', async () => {
  const node = await startTestNode();
  const seen: string[] = [];
  await node.newService(
    defineService((own) => {
      own.onExit(() => seen.push('hook'));
      own.fork(() => {
        own.abort();
        seen.push('returned');
      });
    }),
  );
  await node.stopped;
  expect(seen).toEqual(['returned', 'hook']);
});

test('a log service of your own gets text, and a system message when the log is to be reopened', async () => {
  const node = await startTestNode({ logService: 'keeps-log' });
  await node.run(async (skynet) => {
    skynet.error('to the keeper', 1);
    node.reopenLog();
    expect(await skynet.call('.keeper', 'lua', 'lines')).toEqual(
      expect.arrayContaining([`${skynet.address(skynet.self())} to the keeper 1`, 'reopen']),
    );
  });
});

test('exit fails answers that were to be given later, and drops forks and timers that wait', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const ran: string[] = [];
    const handle = await skynet.newService(
      defineService((own) => ({
        later(this: Request) {
          this.response();
        },
        leave() {
          own.fork(() => ran.push('fork'));
          own.timeout(0, () => ran.push('timer'));
          own.exit();
        },
      })),
    );
    const later = skynet.call(handle, 'lua', 'later');
    const leaving = skynet.call(handle, 'lua', 'leave');
    const queued = skynet.call(handle, 'lua', 'later');
    for (const call of [later, leaving, queued]) await expect(call).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await skynet.sleep('2ms');
    expect(ran).toEqual([]);
  });
});

test('exit hooks run when a service ends itself while it starts, or is told to by the debug command', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const order: string[] = [];
    const hooked = defineService(async (own, when) => {
      own.onExit(async () => {
        await own.sleep('1ms');
        order.push(`hook ${when}`);
      });
      if (when !== 'starting') return;
      own.fork(() => own.exit());
      await own.sleep('1ms');
    });
    await expect(skynet.newService(hooked, 'starting')).rejects.toThrow(code('ERR_SERVICE_EXITED'));
    const handle = await skynet.newService(hooked, 'told');
    await expect(skynet.call(handle, 'debug', 'EXIT')).rejects.toThrow(code('ERR_SERVICE_GONE'));
    expect(order).toEqual(['hook starting', 'hook told']);
  });
});

test('a start that is killed has failed', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const killed = defineService(async (own) => {
      const task = own.running();
      own.fork(() => own.killTask(task));
      await own.sleep('1h');
    });
    await expect(skynet.newService(killed)).rejects.toThrow(code('ERR_SERVICE_INIT'));
  });
});

test('a start that fails takes along what it has started, the last first; what was there before stays', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const ends: string[] = [];
    const child = (name: string) => defineService((own) => void own.own(() => ends.push(name)));
    const unique = await skynet.uniqueService('echo');
    const failing = defineService(async (own) => {
      await own.newService(child('first'));
      await own.newService(child('second'));
      await own.uniqueService('echo');
      throw new Error('too late');
    });
    await expect(skynet.newService(failing)).rejects.toThrow(code('ERR_SERVICE_INIT'));
    expect(ends).toEqual(['second', 'first']);
    expect(skynet.send(unique, 'debug', 'PING')).toBe(0);
    // One that has started keeps its children, whatever becomes of it later.
    const lasting = await skynet.newService(
      defineService((own) => own.newService(child('third')).then(() => {})),
    );
    skynet.kill(lasting);
    await skynet.yield();
    expect(ends).toEqual(['second', 'first']);
  });
});

test('what those have started that it has started goes along too, and what was still starting when it failed', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const ends: string[] = [];
    const child = (name: string, start: (own: Skynet) => unknown = () => {}) =>
      defineService(async (own) => {
        own.own(() => ends.push(name));
        await start(own);
      });
    let proceed: () => void = () => {};
    const late = child('late', (own) =>
      own.await(
        new Promise<void>((resolve) => {
          proceed = resolve;
        }),
      ),
    );
    const failing = defineService(async (own) => {
      await own.newService(
        child('parent', async (parent) => {
          await parent.newService(child('first'));
          await parent.newService(child('second'));
        }),
      );
      void own.newService(late).catch(() => {});
      throw new Error('too late');
    });
    await expect(skynet.newService(failing)).rejects.toThrow(code('ERR_SERVICE_INIT'));
    expect(ends).toEqual(['parent', 'second', 'first']);
    const before = node.services;
    proceed();
    await node.logged(/KILL :[\da-f]+$/);
    while (ends.length < 4) await skynet.yield();
    expect(ends[3]).toBe('late');
    expect(node.services).toBe(before - 1);
  });
});
