import { expect, expectTypeOf, test } from 'vitest';
import {
  type CommandsOf,
  defineService,
  PTYPE,
  type Request,
  type Response,
  type SkynetError,
} from '../../src/index.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

const counter = defineService((skynet) => {
  let count = 0;
  return {
    add: (by: number) => {
      count += by;
      return count;
    },
    async later(by: number) {
      await skynet.sleep('1ms');
      return by;
    },
    who(this: Request) {
      return this.source;
    },
    fail: (text: string) => {
      throw new Error(text);
    },
  };
});

test('a command table answers what its functions return or resolve to', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(counter);
    const proxy = skynet.proxy(handle);
    expect(await proxy.add(2)).toBe(2);
    expect(await proxy.later(5)).toBe(5);
    expect(await proxy.who()).toBe(skynet.self());
    skynet.sender(handle).add(40);
    expect(await proxy.add(0)).toBe(42);
    expectTypeOf(proxy.add).parameters.toEqualTypeOf<[by: number]>();
    expectTypeOf(proxy.later).returns.toEqualTypeOf<Promise<number>>();
    // @ts-expect-error: the argument is a number
    void (() => proxy.add('x'));
    // @ts-expect-error: there is no such command
    void (() => proxy.remove());
    // @ts-expect-error: an argument is missing
    void (() => proxy.add());
    expectTypeOf<keyof CommandsOf<typeof counter>>().toEqualTypeOf<'add' | 'later' | 'who' | 'fail'>();
  });
});

test('what a handler throws reaches the caller with code, cause and remote stack, and the service goes on', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(counter);
    const error = (await skynet
      .call(handle, 'lua', 'fail', 'no gold')
      .catch((thrown: SkynetError) => thrown)) as SkynetError;
    expect(error).toMatchObject({
      code: 'ERR_REMOTE',
      message: 'call failed: no gold',
      details: { service: skynet.address(handle) },
    });
    expect(error.cause).toMatchObject({ message: 'no gold' });
    expect((error.cause as Error).stack).toContain('messages.test.ts');
    expect(await node.logged(/error : /)).toMatch(
      /lua call \[\w+ to :\w+ : \d+ msgsz = 13\] error : Error: no gold/,
    );
    expect(await skynet.call(handle, 'lua', 'add', 1)).toBe(1);
  });
});

test('a failure that passes through several services says so once, and keeps the whole chain of causes', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const deep = await skynet.newService(counter);
    const middle = await skynet.newService(
      defineService((own) => ({ ask: () => own.call(deep, 'lua', 'fail', 'no gold') })),
    );
    const outer = await skynet.newService(
      defineService((own) => ({ ask: () => own.call(middle, 'lua', 'ask') })),
    );
    const error = (await skynet.call(outer, 'lua', 'ask').catch((thrown) => thrown)) as SkynetError;
    expect(error).toMatchObject({ code: 'ERR_REMOTE', message: 'call failed: no gold' });
    expect(((error.cause as Error).cause as Error).cause).toMatchObject({ message: 'no gold' });
  });
});

test('unknown commands, unknown types and inherited names are errors', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(counter);
    for (const name of ['nothing', 'toString', '__proto__', 'constructor', 3, undefined]) {
      await expect(skynet.call(handle, 'lua', name)).rejects.toThrow(code('ERR_UNKNOWN_COMMAND'));
    }
    await node.logged(/Unknown command nothing from :/);
    await expect(skynet.call(handle, 'nonsense' as never)).rejects.toThrow(code('ERR_PROTOCOL'));
    const deaf = await skynet.newService(defineService(() => {}));
    await expect(skynet.call(deaf, 'lua', 1)).rejects.toThrow(code('ERR_NO_DISPATCH'));
    skynet.send(deaf, 'lua', 'hello');
    await node.logged(/Unknown request \(lua\): hello/);
  });
});

test('values are copied, and what is no value is refused at the sender', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const kept: unknown[] = [];
    const handle = await skynet.newService(
      defineService(() => ({
        keep: (value: unknown) => {
          kept.push(value);
          return value;
        },
        bad: () => ({ deep: [() => {}] }),
      })),
    );
    const sent = { list: [1, { x: 2 }], bytes: new Uint8Array([1]) };
    const back = await skynet.call(handle, 'lua', 'keep', sent);
    expect(kept[0]).toEqual(sent);
    expect(back).toEqual(sent);
    expect(kept[0]).not.toBe(sent);
    expect(back).not.toBe(kept[0]);
    await expect(skynet.call(handle, 'lua', 'keep', { f: [() => {}] as never })).rejects.toThrow(
      code('ERR_UNSERIALIZABLE'),
    );
    expect(() => skynet.send(handle, 'lua', 'keep', new Date() as never)).toThrow(code('ERR_UNSERIALIZABLE'));
    await expect(skynet.call(handle, 'lua', 'bad')).rejects.toThrow(code('ERR_UNSERIALIZABLE'));
  });
});

test('raw calls carry bodies, unpack gives all values', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(
      defineService((own) => {
        own.dispatch('lua', (request: Request, ...values: unknown[]) => void request.ret(...values, 'more'));
      }),
    );
    expect(skynet.unpack(await skynet.rawCall(handle, 'lua', skynet.pack(1, 'two', null)))).toEqual([
      1,
      'two',
      null,
      'more',
    ]);
    // Bytes of the original's serialisation are understood as well.
    expect(skynet.unpack(await skynet.rawCall(handle, 'lua', skynet.packBytes(1, 'two')))).toEqual([
      1,
      'two',
      'more',
    ]);
    expect(await skynet.call(handle, 'lua', 7, 8)).toBe(7);
  });
});

test('a request is answered once', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const thrown: unknown[] = [];
    const attempt = (work: () => unknown): void => {
      try {
        work();
      } catch (error) {
        thrown.push((error as { code: string }).code);
      }
    };
    const handle = await skynet.newService(
      defineService((own) => {
        own.dispatch('lua', (request: Request) => {
          expect(request.ret('first')).toBe(true);
          attempt(() => request.ret('second'));
          attempt(() => request.fail(new Error('x')));
          attempt(() => request.response());
          attempt(() => request.noReply());
          return 'third';
        });
      }),
    );
    expect(await skynet.call(handle, 'lua')).toBe('first');
    expect(thrown).toEqual(['ERR_NO_SESSION', 'ERR_NO_SESSION', 'ERR_NO_SESSION', 'ERR_NO_SESSION']);
  });
});

test('a response object answers later, from anywhere, once, and knows whether the caller waits', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const responses: Response[] = [];
    const keeper = await skynet.newService(
      defineService((own) => {
        own.dispatch('lua', (request: Request) => void responses.push(request.response()));
      }),
    );
    const first = skynet.call(keeper, 'lua');
    const second = skynet.call(keeper, 'lua');
    while (responses.length < 2) await skynet.yield();
    const [one, two] = responses as [Response, Response];
    expect(one('TEST')).toBe(true);
    expect(one(true, 'answer', 2)).toBe(true);
    expect(one('TEST')).toBe(false);
    expect(() => one(true, 'again')).toThrow(code('ERR_NO_SESSION'));
    expect(two(false)).toBe(true);
    expect(await first).toBe('answer');
    await expect(second).rejects.toThrow(code('ERR_REFUSED'));

    const passing = await skynet.newService(
      defineService((own) => void own.fork(() => own.call(keeper, 'lua'))),
    );
    while (responses.length < 3) await skynet.yield();
    skynet.kill(passing);
    const third = responses[2] as Response;
    expect(third('TEST')).toBe(false);
    expect(third(true, 'too late')).toBe(false);

    skynet.send(keeper, 'lua');
    while (responses.length < 4) await skynet.yield();
    expect((responses[3] as Response)(true, 'nobody asked')).toBe(false);
  });
});

test('a call can have a deadline and a signal; the late answer is dropped', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const responses: Response[] = [];
    const keeper = await skynet.newService(
      defineService((own) => {
        own.dispatch('lua', (request: Request) => void responses.push(request.response()));
      }),
    );
    await expect(skynet.call({ to: keeper, timeout: '5ms' }, 'lua')).rejects.toThrow(code('ERR_TIMEOUT'));
    const abort = new AbortController();
    const aborted = skynet.call({ to: keeper, signal: abort.signal }, 'lua');
    await skynet.yield();
    abort.abort();
    await expect(aborted).rejects.toThrow(code('ERR_ABORTED'));
    await expect(skynet.call({ to: keeper, signal: AbortSignal.abort() }, 'lua')).rejects.toThrow(
      code('ERR_ABORTED'),
    );
    while (responses.length < 3) await skynet.yield();
    for (const respond of responses) respond(true, 'late');
    const given = skynet.call(keeper, 'lua');
    await skynet.yield();
    skynet.term(keeper);
    await expect(given).rejects.toThrow(code('ERR_ABORTED'));
    await skynet.sleep('2ms');
    expect(node.log.filter((line) => line.includes('Unknown session'))).toEqual([]);
  });
});

test('callTimeout of the node bounds every call', async () => {
  const node = await startTestNode({ callTimeout: '5ms' });
  await node.run(async (skynet) => {
    const deaf = await skynet.newService(
      defineService((own) => own.dispatch('lua', (request: Request) => request.noReply())),
    );
    await expect(skynet.call(deaf, 'lua')).rejects.toThrow(code('ERR_TIMEOUT'));
  });
});

test('redirect sends in the name of another, who gets the answer', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const seen: unknown[] = [];
    const target = await skynet.newService(
      defineService((own) => {
        own.dispatch('lua', (request: Request, value: unknown) => {
          seen.push(request.source, value);
          return 'for you';
        });
      }),
    );
    const answered: unknown[] = [];
    const other = await skynet.newService(
      defineService((own) =>
        own.onUnknownResponse((session, source, body) => answered.push(session, source, own.unpack(body))),
      ),
    );
    expect(skynet.redirect(target, other, 'lua', 77, skynet.pack('hello'))).toBe(77);
    while (answered.length === 0) await skynet.yield();
    expect(seen).toEqual([other, 'hello']);
    expect(answered).toEqual([77, target, ['for you']]);
  });
});

test('own protocols, forwardType and filter', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const text = {
      name: 'words',
      id: 100,
      pack: (...v: unknown[]) => Buffer.from(v.join(' ')),
      unpack: (b: unknown) => String(b).split(' '),
    };
    for (const wrong of [{ lua: 1 }, { 300: 1 }, { 10: 'system' }, { 10: 256 }])
      expect(() => skynet.forwardType(wrong as never)).toThrow(code('ERR_ARGUMENT'));
    skynet.registerProtocol(text);
    expect(() => skynet.registerProtocol(text)).toThrow(code('ERR_PROTOCOL_EXISTS'));
    expect(() => skynet.registerProtocol({ name: 'lua', id: 101 })).toThrow(code('ERR_PROTOCOL_EXISTS'));
    expect(() => skynet.registerProtocol({ name: 'big', id: 256 })).toThrow(code('ERR_PROTOCOL'));
    const real = await skynet.newService(
      defineService((own) => {
        own.registerProtocol({
          ...text,
          dispatch: (request: Request, ...words: string[]) => void request.ret(words.reverse().join(' ')),
        });
        return { double: (n: number) => n * 2 };
      }),
    );
    expect(await skynet.call(real, 'words', 'a', 'b', 'c')).toBe('c');
    const proxy = await skynet.newService(
      defineService((own) => {
        own.registerProtocol({ name: 'system', id: PTYPE.SYSTEM, unpack: (body) => [body] });
        own.forwardType({ [PTYPE.LUA]: PTYPE.SYSTEM, [PTYPE.RESPONSE]: PTYPE.RESPONSE });
        own.dispatch('system', async (request: Request, body: Request['body']) => {
          request.rawRet(await own.rawCall(real, 'lua', body));
        });
      }),
    );
    expect(await skynet.call(proxy, 'lua', 'double', 21)).toBe(42);
    const filtered = await skynet.newService(
      defineService((own) => {
        own.filter((message) =>
          message.session === 0 ? undefined : { ...message, body: own.pack('double', 5) },
        );
        return { double: (n: number) => n * 2 };
      }),
    );
    expect(await skynet.call(filtered, 'lua', 'anything')).toBe(10);
  });
});

test('several calls at once come back in the order of completion', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(
      defineService((own) => ({
        async after(ms: number) {
          await own.sleep(`${ms}ms`);
          return ms;
        },
        hang: () => own.wait({}),
      })),
    );
    const group = skynet.request();
    group.add(service, 'lua', 'after', 300);
    group.add(service, 'lua', 'after', 1);
    group.add('.nobody', 'lua');
    const order: unknown[] = [];
    for await (const outcome of group)
      order.push([outcome.request, outcome.ok ? outcome.values[0] : outcome.error.code]);
    expect(order).toEqual([
      [2, 'ERR_NO_SERVICE'],
      [1, 1],
      [0, 300],
    ]);
    const late = skynet.request({ timeout: '5ms' });
    late.add(service, 'lua', 'hang');
    for await (const _ of late) expect.unreachable();
    expect(late.timedOut).toBe(true);
  });
});

test('a group uses the protocol of its type, takes its values when they are added, and forgets what it leaves', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const words = {
      name: 'words',
      id: 100,
      pack: (...values: unknown[]) => Buffer.from(values.join(' ')),
      unpack: (body: unknown) => String(body).split(' '),
    };
    skynet.registerProtocol(words);
    const service = await skynet.newService(
      defineService((own) => {
        own.registerProtocol({
          ...words,
          dispatch: (request: Request, ...list: string[]) => void request.ret(...list.reverse()),
        });
        return { first: ([value]: number[]) => value, hang: () => own.wait({}) };
      }),
    );
    const group = skynet.request();
    const list = [1];
    group.add(service, 'words', 'a', 'b');
    group.add({ to: service, timeout: '1h' }, 'lua', 'first', list);
    list[0] = 2;
    expect(() => group.add(service, 'nonsense' as never)).toThrow(code('ERR_PROTOCOL'));
    expect(() => group.add(service, 'lua', () => {})).toThrow(code('ERR_UNSERIALIZABLE'));
    group.add(service, 'lua', 'hang');
    const values: unknown[] = [];
    for await (const outcome of group) {
      if (outcome.ok) values[outcome.request] = outcome.values;
      if (values.length === 2) break;
    }
    expect(values).toEqual([['b', 'a'], [1]]);
    await skynet.yield();
    expect(skynet.tasks()).toEqual([]);
  });
});

test('a service can call itself', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(
      defineService((own) => ({
        outer: () => own.call(own.self(), 'lua', 'inner'),
        inner: () => 'me',
      })),
    );
    expect(await skynet.call(handle, 'lua', 'outer')).toBe('me');
  });
});

test('what goes wrong after the answer, in a send, or in reading a body is told where it belongs', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(
      defineService(() => ({
        late(this: Request) {
          this.ret('answer');
          throw new Error('after the answer');
        },
        send: () => {
          throw new Error('in a send');
        },
      })),
    );
    expect(await skynet.call(handle, 'lua', 'late')).toBe('answer');
    await node.logged(/error : Error: after the answer/);
    skynet.send(handle, 'lua', 'send');
    await node.logged(/ : 0 msgsz = \d+\] error : Error: in a send/);
    await expect(skynet.rawCall(handle, 'lua', new Uint8Array([0xff]))).rejects.toThrow(
      code('ERR_SERI_MALFORMED'),
    );
    await node.logged(/msgsz = 1\] error : SkynetError/);
  });
});

test('answers nobody waits for are logged, or given to the hook, whose errors stay there', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const echo = await skynet.newService('echo');
    const address = skynet.address(echo);
    skynet.redirect(echo, skynet.self(), 'lua', 99, skynet.pack('echo', 'hello'));
    expect(await node.logged(/Unknown session : 99/)).toContain(`from ${address}`);
    expect(node.log).toContainEqual(expect.stringContaining('Response message : hello'));
    skynet.onUnknownResponse(() => {
      throw new Error('in the hook');
    });
    skynet.redirect(echo, skynet.self(), 'lua', 99, skynet.pack('echo', 'hello'));
    await node.logged(/error : Error: in the hook/);
    expect(await skynet.call(echo, 'lua', 'echo', 'still here')).toBe('still here');
  });
});

test('the hook for unknown requests answers as a handler does', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService(
      defineService((own) =>
        own.onUnknownRequest((request) => (request.session === 0 ? undefined : own.unpack(request.body)[0])),
      ),
    );
    expect(await skynet.call(handle, 'lua', 'hello')).toBe('hello');
    skynet.send(handle, 'lua', 'quiet');
    await skynet.call(handle, 'lua', 'x');
    expect(node.log.filter((line) => line.includes('Unknown request'))).toEqual([]);
  });
});

test('dispatch returns the handler it replaces, and without a new one the one there is', async () => {
  const node = await startTestNode();
  await node.run((skynet) => {
    const first = (): void => {};
    const second = { get: () => 1 };
    expect(skynet.dispatch('lua', first)).toBeUndefined();
    expect(skynet.dispatch('lua', second)).toBe(first);
    expect(skynet.dispatch('lua')).toBe(second);
    expect(() => skynet.dispatch('lua', 5 as never)).toThrow(code('ERR_ARGUMENT'));
    expect(skynet.harbor(0x02000001)).toEqual({ harbor: 2, remote: true });
    expect(skynet.harbor(skynet.self())).toEqual({ harbor: 1, remote: false });
  });
});
