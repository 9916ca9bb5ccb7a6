import { kernelOf } from '@skynet/core/kernel';
import type { Connection } from '@skynet/core/transport';
import { expect, test } from 'vitest';
import { type Body, defineService, type Handle, type Skynet, type SkynetError } from '../../src/index.ts';
import { Happenings } from '../../src/testing/index.ts';
import { startTestNode } from '../test-node.ts';

const echo = defineService((skynet) => ({
  echo: (...values: unknown[]) => values[0],
  late: (value: unknown) => skynet.sleep('1ms').then(() => value),
  fail: () => {
    throw new Error('no');
  },
  never: () => skynet.wait(),
  leave: () => skynet.exit(),
}));

type Answer = [error: SkynetError | undefined, body: Body | undefined];

/** Asks a service, and collects what is answered. */
function asking(
  skynet: Skynet,
  to: Handle,
): { answers: Happenings<Answer>; ask(...values: unknown[]): number } {
  const answers = new Happenings<Answer>('answers');
  return {
    answers,
    ask: (...values) =>
      kernelOf(skynet).ask(to, 'lua', skynet.pack(...values), (error, body) => answers.add([error, body])),
  };
}

test('what is asked is answered to a function, in the order of the answers', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const { answers, ask } = asking(skynet, await skynet.newService(echo));
    ask('late', 1);
    ask('echo', 2);
    ask('echo', 3);
    expect((await skynet.await(answers.count(3))).map(([, body]) => skynet.unpack(body as Body)[0])).toEqual([
      2, 3, 1,
    ]);
  });
});

test('a function that answers many calls is told what each was about', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(echo);
    const answers = new Happenings<unknown>('answers');
    const answered = (error: SkynetError | undefined, body: Body | undefined, about: object): unknown =>
      answers.add([error?.code ?? skynet.unpack(body as Body)[0], about]);
    const about = ['late', 'fail', 'echo'].map((name) => ({ name }));
    for (const each of about) kernelOf(skynet).ask(service, 'lua', skynet.pack(each.name, 7), answered, each);
    expect(await skynet.await(answers.count(3))).toEqual([
      ['ERR_REMOTE', about[1]],
      [7, about[2]],
      [7, about[0]],
    ]);
  });
});

test('an answer is a task of its own: it can call, and what it throws stays there', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(echo);
    const done = new Happenings<unknown>('calls made by answers');
    kernelOf(skynet).ask(service, 'lua', skynet.pack('echo', 1), async () => {
      done.add(await skynet.call(service, 'lua', 'late', 'more'));
      throw new Error('after that');
    });
    expect(await skynet.await(done.count(1))).toEqual(['more']);
  });
  await node.logged(/error : Error: after that/);
});

test('a failure, an end and a kill are answered as errors, once', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const service = await skynet.newService(echo);
    const { answers, ask } = asking(skynet, service);
    ask('fail');
    ask('never');
    ask('leave');
    ask('echo', 'too late');
    await skynet.await(answers.count(4));
    expect(answers.all.map(([error, body]) => [error?.code, body])).toEqual([
      ['ERR_REMOTE', undefined],
      ['ERR_SERVICE_GONE', undefined],
      ['ERR_SERVICE_GONE', undefined],
      ['ERR_SERVICE_GONE', undefined],
    ]);
    expect(() => ask('echo')).toThrow(expect.objectContaining({ code: 'ERR_NO_SERVICE' }));
  });
});

test('nothing is answered to a service that has ended', async () => {
  const node = await startTestNode();
  const answered: unknown[] = [];
  await node.run(async (skynet) => {
    const service = await skynet.newService(echo);
    const asker = await skynet.newService(
      defineService((own) => {
        kernelOf(own).ask(service, 'lua', own.pack('late', 1), (...answer) => answered.push(answer));
      }),
    );
    skynet.kill(asker);
    await skynet.call(service, 'lua', 'late', 2);
  });
  expect(answered).toEqual([]);
});

test('a stray answer does not end a wait that happens to have its session', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const sleeper = await skynet.newService(
      defineService((own) => ({
        sleep: () => own.sleep('20ms').then(() => 'slept'),
      })),
    );
    const slept = skynet.call(sleeper, 'lua', 'sleep');
    await skynet.call(sleeper, 'debug', 'PING');
    for (let session = 1; session < 20; session++)
      skynet.redirect(sleeper, skynet.self(), 'response', session, skynet.pack('stray'));
    expect(await slept).toBe('slept');
  });
});

test('what closes with a promise is waited for when the node stops', async () => {
  const node = await startTestNode();
  const events: string[] = [];
  let close = (): void => {};
  await node.newService(
    defineService((skynet) => {
      kernelOf(skynet).own(async () => {
        events.push('closing');
        await new Promise<void>((resolve) => {
          close = resolve;
        });
        events.push('closed');
      });
    }),
  );
  const stopped = node.stop().then(() => events.push('stopped'));
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
  close();
  await stopped;
  expect(events).toEqual(['closing', 'closed', 'stopped']);
});

test('closers that throw, reject or never finish are told of, and hold up nobody for longer than the deadline', async () => {
  const node = await startTestNode({ shutdownTimeout: '50ms' });
  await node.newService(
    defineService((skynet) => {
      const kernel = kernelOf(skynet);
      kernel.own(() => {
        throw new Error('thrown');
      });
      kernel.own(() => Promise.reject(new Error('rejected')));
      kernel.own(() => new Promise(() => {}));
    }),
  );
  await node.stop();
  await node.logged(/close failed: Error: thrown/);
  await node.logged(/close failed: Error: rejected/);
  await node.logged(/did not close what it had opened within 50 ms/);
});

test('connections and listeners of a service end with it', async () => {
  const node = await startTestNode();
  const events = new Happenings<string>('events');
  const accepted: Connection[] = [];
  await node.run(async (skynet) => {
    const ready = new Happenings<string>('addresses');
    const server = await skynet.newService(
      defineService(async (own) => {
        const listener = await kernelOf(own).listen('tcp://127.0.0.1:0', {}, (connection) => {
          accepted.push(connection);
          connection.start({
            data: () => {},
            end: () => connection.close(),
            drained: () => {},
            error: () => {},
            closed: () => events.add('server side closed'),
          });
          events.add('accepted');
        });
        ready.add(listener.url);
      }),
    );
    const [url] = (await skynet.await(ready.count(1))) as [string];
    const client = await skynet.newService(
      defineService(async (own) => {
        const connection = await kernelOf(own).connect(url);
        connection.start({
          data: () => {},
          end: () => connection.close(),
          drained: () => {},
          error: () => {},
          closed: () => events.add('client side closed'),
        });
      }),
    );
    await skynet.await(events.count(1));
    skynet.kill(client);
    await skynet.await(events.count(3));
    skynet.kill(server);
    await expect(kernelOf(skynet).connect(url)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_CONNECT' }),
    );
  });
  expect(events.all.toSorted()).toEqual(['accepted', 'client side closed', 'server side closed']);
});

test('what was released lives on', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const urls = new Happenings<string>('addresses');
    const accepted = new Happenings<Connection>('accepted connections');
    let close = (): Promise<void> => Promise.resolve();
    const server = await skynet.newService(
      defineService(async (own) => {
        const kernel = kernelOf(own);
        const listener = await kernel.listen('tcp://127.0.0.1:0', {}, (connection) =>
          accepted.add(connection),
        );
        kernel.release(listener);
        close = () => listener.close();
        urls.add(listener.url);
      }),
    );
    const [url] = (await skynet.await(urls.count(1))) as [string];
    skynet.kill(server);
    const connection = await kernelOf(skynet).connect(url);
    await skynet.await(accepted.count(1));
    connection.destroy();
    accepted.all[0]?.destroy();
    await skynet.await(close());
  });
});

test('a key of another driver is refused, and free again when it was given back', async () => {
  const node = await startTestNode();
  await node.run((skynet) => {
    const { thread } = kernelOf(skynet);
    const forget = thread.onPost('driver', () => {});
    expect(() => thread.onPost('driver', () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    forget();
    thread.onPost('driver', () => {})();
  });
});

test('a wait that is not fulfilled says what it waited for and what came', async () => {
  const waiting = new Happenings<string>('packets', { patience: '10ms', context: () => 'that is all' });
  waiting.add('one');
  await expect(waiting.find((packet) => packet === 'two', 'the second packet')).rejects.toThrow(
    'waited 0.01 s for the second packet; packets so far: 1\n  one\nthat is all',
  );
});
