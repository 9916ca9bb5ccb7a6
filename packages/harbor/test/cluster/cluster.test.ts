import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineService, packSeri, type Skynet } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import { Happenings } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import {
  decodeRequest,
  encodeRequest,
  encodeTrace,
  type RequestFrame,
} from '../../src/cluster/request-frame.ts';
import {
  decodeResponse,
  encodeResponse,
  type ResponseFrame,
  responseParts,
} from '../../src/cluster/response-frame.ts';
import { createCluster } from '../../src/cluster.ts';
import { codeOf } from '../calls.ts';
import { openConsole } from '../console.ts';
import { startMember, startPair } from './nodes.ts';

interface Vec {
  echo<Value>(...values: Value[]): Value;
  add(a: number, b: number): number;
}

/** A listener that takes connections and says nothing; `cut` closes them. */
async function startSilent(): Promise<{ address: string; accepted: Promise<unknown>; cut(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.resume().on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(cut);
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${port}`, accepted: once(server, 'connection'), cut };
}

describe.each([1, 2])('two nodes with %i threads', (thread) => {
  test('call each other by name, local name and handle, and names are found', async () => {
    const [one, two] = await startPair({ thread });
    await one.run(async (cluster) => {
      const values = ['a', 1.5, true, [1, 2], { x: 'y' }, undefined, 2n ** 60n];
      expect(await cluster.call('two', '@vec', 'add', 1, 2)).toBe(3);
      expect(await cluster.query('two', 'vec')).toBe(two.vec);
      for (const address of ['@vec', two.vec, `:${two.vec.toString(16)}`])
        expect(await cluster.call('two', address, 'echo', values[4])).toEqual(values[4]);
      expect(await cluster.call('two', '.service', 'LIST')).toEqual(expect.anything());
    });
    expect(await two.run((cluster) => cluster.call('one', '@vec', 'echo', 'back'))).toBe('back');
  });

  test('a service of another thread is called as well', async () => {
    const [one, two] = await startPair({ thread });
    await two.run(async (cluster, skynet) => {
      const far = await skynet.newService({ name: 'vec', thread: thread - 1 });
      await cluster.register('far', far);
    });
    expect(await one.run((cluster) => cluster.call('two', '@far', 'echo', 7))).toBe(7);
  });

  test('what is sent comes in order, and before the call behind it', async () => {
    const [one] = await startPair({ thread });
    const count = 3000;
    const got = await one.run((cluster) => {
      for (let i = 0; i < count; i++) cluster.send('two', '@vec', 'note', i);
      return cluster.call('two', '@vec', 'pushed');
    });
    expect(got).toEqual(Array.from({ length: count }, (_, i) => [i]));
  });

  test('bodies of any size go both ways', async () => {
    const [one] = await startPair({ thread });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.integer({ min: 0, max: 300 }),
          fc.integer({ min: 32_700, max: 32_800 }),
          fc.constant(3_000_000),
        ),
        async (size) => {
          const bytes = Buffer.alloc(size, 0xfe);
          const back = await one.run((cluster) => cluster.call<Uint8Array>('two', '@vec', 'echo', bytes));
          expect(Buffer.compare(Buffer.from(back), bytes)).toBe(0);
        },
      ),
      { numRuns: runs(20) },
    );
  });
});

describe('a failure has a code', () => {
  test('names that the other node has not', async () => {
    const [one, two] = await startPair();
    await one.run(async (cluster) => {
      expect(await codeOf(cluster.call('two', '@nobody', 'echo'))).toBe('ERR_CLUSTER_NAME');
      expect(await codeOf(cluster.query('two', 'nobody'))).toBe('ERR_CLUSTER_NAME');
      expect(await codeOf(cluster.call('two', '.nobody', 'echo'))).toBe('ERR_REMOTE');
      expect(await codeOf(cluster.call('two', 0xffff00, 'echo'))).toBe('ERR_REMOTE');
      expect(await codeOf(cluster.call('two', '', 'echo'))).toBe('ERR_CLUSTER_NAME');
      expect(await codeOf(cluster.call('two', '@'.repeat(300), 'echo'))).toBe('ERR_CLUSTER_NAME');
    });
    await one.node.logged(/Invalid name/);
    await one.node.logged(/name not found/);
    await two.node.logged(/socket accept from 127\.0\.0\.1:/);
  });

  test('a handler that throws, with its text and the node', async () => {
    const [one, two] = await startPair();
    const error = await one.run((cluster) =>
      cluster.call('two', '@vec', 'error').catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({
      code: 'ERR_REMOTE',
      message: 'call failed: cluster node [two] answers: as it was told',
      details: { node: 'two', address: two.address, text: 'as it was told' },
    });
  });

  test('nodes that are down, absent, or not there', async () => {
    const { run, node } = await startMember();
    await run(async (cluster) => {
      await cluster.reload({ __nowaiting: true, off: false, dead: '127.0.0.1:1' });
      expect(await codeOf(cluster.call('off', '@vec', 'echo'))).toBe('ERR_CLUSTER_NODE_DOWN');
      expect(await codeOf(cluster.call('nonode', '@vec', 'echo'))).toBe('ERR_CLUSTER_NODE_UNKNOWN');
      expect(await codeOf(cluster.call('dead', '@vec', 'echo'))).toBe('ERR_CLUSTER_CONNECT');
      expect(await codeOf(cluster.open('off'))).toBe('ERR_CLUSTER_NODE_DOWN');
      // What gets no answer never fails.
      for (const name of ['off', 'nonode', 'dead']) cluster.send(name, '@vec', 'echo');
    });
    await node.logged(/Config nowaiting = true/);
    await node.logged(/cluster node \[nonode\] is absent\./);
    await node.logged(/changenode \[dead\] \(127\.0\.0\.1:1\) failed/);
    await node.logged(/off is down/);
  });

  test('tables that cannot be used change nothing', async () => {
    const [one] = await startPair();
    await one.run(async (cluster) => {
      const wrong = [
        { two: false, other: 5 },
        { two: false, other: '127.0.0.1' },
        { two: false, other: '127.0.0.1:70000' },
        { two: false, other: '' },
        { '': '127.0.0.1:1' },
        { two: false, __backlog: 0 },
        'text',
        5,
        [1],
      ];
      for (const table of wrong)
        expect(await codeOf(cluster.reload(table as never))).toBe('ERR_CLUSTER_TABLE');
      expect(await cluster.call('two', '@vec', 'echo', 1)).toBe(1);
    });
  });

  test('names that are taken, and a service that gets another', async () => {
    const [one, two] = await startPair();
    await two.run(async (cluster) => {
      expect(await codeOf(cluster.register('vec'))).toBe('ERR_CLUSTER_NAME');
      await cluster.register('other', two.vec);
      await cluster.unregister('nothing');
    });
    await one.run(async (cluster) => {
      expect(await codeOf(cluster.call('two', '@vec', 'echo'))).toBe('ERR_CLUSTER_NAME');
      expect(await cluster.call('two', '@other', 'echo', 1)).toBe(1);
    });
    await two.run((cluster) => cluster.unregister('other'));
    expect(await one.run((cluster) => codeOf(cluster.call('two', '@other', 'echo')))).toBe(
      'ERR_CLUSTER_NAME',
    );
  });

  test('the name of a service that ended is free', async () => {
    const [one, two] = await startPair();
    expect(await one.run((cluster) => codeOf(cluster.call('two', '@vec', 'exit')))).toBe('ERR_REMOTE');
    await two.node.logged(/Unregister \[vec\]/);
  });
});

describe('a lost connection', () => {
  test('fails the call under way and, until the node is back, every later one', async () => {
    const [one, two] = await startPair();
    const pending = one.run((cluster) => codeOf(cluster.call('two', '@vec', 'never')));
    await two.node.logged(/socket accept/);
    // It has come through when the one behind it is answered.
    await one.run((cluster) => cluster.call('two', '@vec', 'echo'));
    await two.node.stop();
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await one.run((cluster) => codeOf(cluster.call('two', '@vec', 'echo')))).toBe(
      'ERR_CLUSTER_CONNECT',
    );
    await startMember({}, two.port);
    expect(await one.run((cluster) => cluster.call('two', '@vec', 'echo', 5))).toBe(5);
  });

  test('to a node that takes connections and says nothing: the deadline of the call counts', async () => {
    const { address, cut, accepted } = await startSilent();
    const { run } = await startMember();
    await run(async (cluster) => {
      await cluster.reload({ silent: address });
      expect(await codeOf(cluster.call({ node: 'silent', timeout: '50ms' }, '@vec', 'echo'))).toBe(
        'ERR_TIMEOUT',
      );
    });
    const pending = run((cluster) => codeOf(cluster.call('silent', '@vec', 'echo')));
    await accepted;
    cut();
    expect(await pending).toMatch(/^ERR_NODE_LOST|ERR_CLUSTER_CONNECT$/);
  });
});

describe('the table of nodes', () => {
  test('a call to a node that it has not waits for it', async () => {
    const one = await startMember();
    const two = await startMember();
    const waiting = one.run((cluster) => {
      for (let i = 0; i < 3; i++) cluster.send('late', '@vec', 'note', i);
      return cluster.call('late', '@vec', 'pushed');
    });
    await one.node.logged(/Waiting for cluster node \[late\]/);
    await one.run((cluster) => cluster.reload({ late: two.address }));
    expect(await waiting).toEqual([[0], [1], [2]]);
    await one.node.logged(/Cluster node \[late\] resolved : 127\.0\.0\.1:/);
  });

  test('those that wait fail when nobody waits any more', async () => {
    const one = await startMember();
    const waiting = one.run((cluster) => codeOf(cluster.call('late', '@vec', 'echo')));
    await one.node.logged(/Waiting for cluster node \[late\]/);
    await one.run((cluster) => cluster.reload({ __nowaiting: true }));
    expect(await waiting).toBe('ERR_CLUSTER_NODE_UNKNOWN');
  });

  test('a node that moves: calls under way are answered, later ones go to the new place', async () => {
    const [one, two] = await startPair();
    const third = await startMember();
    const slow = one.run((cluster) => cluster.call('two', '@vec', 'slow', 30, 'old'));
    await two.node.logged(/socket accept/);
    await one.run((cluster) => cluster.reload({ two: third.address }));
    expect(await one.run((cluster) => cluster.query('two', 'vec'))).toBe(third.vec);
    expect(await slow).toBe('old');
  });

  test('is read from the file that the configuration names, and again', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-cluster-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'nodes');
    const two = await startMember();
    writeFileSync(file, `two = "${two.address}" -- a comment\n__nowaiting = true\n`);
    const one = await startMember({ cluster: file });
    expect(await one.run((cluster) => cluster.call('two', '@vec', 'echo', 1))).toBe(1);
    writeFileSync(file, 'two = false\n');
    await one.run((cluster) => cluster.reload());
    expect(await one.run((cluster) => codeOf(cluster.call('two', '@vec', 'echo', 1)))).toBe(
      'ERR_CLUSTER_NODE_DOWN',
    );
    writeFileSync(file, 'two = = 5\n');
    expect(await one.run((cluster) => codeOf(cluster.reload()))).toBe('ERR_CLUSTER_TABLE');
  });

  test('a node opens where it says that the node listens', async () => {
    const [one, two] = await startPair();
    const third = await startMember();
    const { port } = await two.run((cluster) => cluster.open(0, 5));
    await third.run(async (cluster) => {
      await cluster.reload({ two: `127.0.0.1:${port}` });
      expect(await codeOf(cluster.open('two'))).toBe('ERR_LISTEN');
      expect(await codeOf(cluster.open(70_000))).toBe('ERR_ARGUMENT');
      expect(await codeOf(cluster.open(0, { maxclient: 0 }))).toBe('ERR_ARGUMENT');
      expect(await cluster.call('two', '@vec', 'echo', 3)).toBe(3);
    });
    expect(one.port).not.toBe(port);
  });
});

describe('a service that stands for one of another node', () => {
  test('is called like any other', async () => {
    const [one] = await startPair();
    await one.run(async (cluster, skynet) => {
      const proxy = await cluster.proxy<Vec>('two', '@vec');
      expect(await cluster.proxy('two@vec')).toBe(proxy);
      expect(await skynet.proxy<Vec>(proxy).add(1, 2)).toBe(3);
      skynet.send(proxy, 'lua', 'note', 5);
      expect(await skynet.call(proxy, 'lua', 'pushed')).toEqual([[5]]);
      expect(await codeOf(skynet.call(proxy, 'lua', 'error'))).toBe('ERR_REMOTE');
      expect(await codeOf(cluster.proxy('nonsense'))).toBe('ERR_CLUSTER_NAME');
    });
  });

  test('sends what it is told to', async () => {
    const [one] = await startPair();
    await one.run(async (cluster, skynet) => {
      const sender = await cluster.getSender('two');
      expect(await cluster.getSender('two')).toBe(sender);
      const body = await skynet.rawCall(sender, 'lua', ['req', '@vec', skynet.packBytes('echo', 4)]);
      expect(skynet.unpack(body)).toEqual([4]);
    });
  });
});

describe('what nobody waits for any more', () => {
  /** A node that takes requests and answers when it is told to. */
  async function startSlow(): Promise<{ address: string; requests: Happenings<Buffer>; socket(): Socket }> {
    const requests = new Happenings<Buffer>('requests');
    let socket: Socket | undefined;
    const server = createServer((from) => {
      socket = from.on('error', () => {});
      const reader = new FrameReader();
      from.on('data', (chunk: Buffer) =>
        reader.pushOwned(chunk, (frame) => requests.add(Buffer.from(frame))),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      socket?.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    return { address: `127.0.0.1:${port}`, requests, socket: () => socket as Socket };
  }
  const sessionOf = (frame: Buffer): number => {
    const request = decodeRequest(frame);
    return 'session' in request ? request.session : 0;
  };
  const stateOf = async (skynet: Skynet): Promise<string> => {
    const clusterd = skynet.localName('.clusterd') ?? 0;
    const { nodes } = await skynet.call<{ nodes: Record<string, string> }>(clusterd, 'debug', 'INFO');
    return nodes['slow'] ?? '';
  };

  test('has no place: a call that is late, or given up; its answer is counted', async () => {
    const slow = await startSlow();
    const one = await startMember();
    await one.run(async (cluster, skynet) => {
      await cluster.reload({ slow: slow.address });
      const arrived = (word: string): Promise<number> =>
        skynet
          .await(slow.requests.find((frame) => frame.includes(word), `the request ${word}`))
          .then(sessionOf);
      cluster.send('slow', '@x', 'first');
      await arrived('first');
      expect(await codeOf(cluster.call({ node: 'slow', timeout: '10ms' }, '@x', 'late'))).toBe('ERR_TIMEOUT');
      const controller = new AbortController();
      const given = codeOf(cluster.call({ node: 'slow', signal: controller.signal }, '@x', 'given'));
      const kept = cluster.call('slow', '@x', 'kept');
      const sessions = [await arrived('late'), await arrived('given'), await arrived('kept')] as const;
      controller.abort();
      expect(await given).toBe('ERR_ABORTED');
      expect(await stateOf(skynet)).toMatch(/pending:1 late:0/);
      // Late ones, one of them in parts, and one that is waited for.
      for (const [session, body] of [
        [sessions[0], Buffer.alloc(100_000)],
        [sessions[1], packSeri([2])],
        [sessions[2], packSeri([3])],
      ] as const) {
        slow.socket().write(encodeResponse(session, body));
        if (body.length <= 0x8000) continue;
        const parts = responseParts(session, body);
        for (let part = parts.next(); part.done !== true; part = parts.next())
          slow.socket().write(part.value);
      }
      expect(await kept).toBe(3);
      expect(await stateOf(skynet)).toMatch(/pending:0 late:2/);
      // Before the connection is there, too.
      await cluster.reload({ slow: '127.0.0.1:1' });
      await cluster.reload({ slow: slow.address });
      expect(one.node.log.filter((line) => line.includes('unknown session'))).toEqual([]);
      expect(await codeOf(cluster.call({ node: 'nobody', timeout: '10ms' }, '@x', 'a'))).toBe('ERR_TIMEOUT');
      const proxy = await cluster.proxy('slow', '@x');
      expect(await codeOf(skynet.call({ to: proxy, timeout: '10ms' }, 'lua', 'd'))).toBe('ERR_TIMEOUT');
      while (!/pending:0/.test(await stateOf(skynet)));
    });
  });

  test('a node that listens elsewhere from now on still gets all of a large push from the connection there was', async () => {
    const slow = await startSlow();
    const one = await startMember();
    await one.run(async (cluster, skynet) => {
      await cluster.reload({ slow: slow.address });
      cluster.send('slow', '@x', 'first');
      await skynet.await(slow.requests.find(() => true, 'the first request'));
      slow.socket().pause();
      cluster.send('slow', '@x', Buffer.alloc(16 << 20));
      cluster.send('slow', '@x', 'last');
      await cluster.reload({ slow: '127.0.0.1:1' });
      slow.socket().resume();
      const isLast = (frame: Buffer): boolean => frame[0] === 3;
      await skynet.await(slow.requests.find(isLast, 'the last part'));
    });
    const parts = slow.requests.all.filter(([kind]) => kind === 2 || kind === 3);
    expect(parts.reduce((sum, part) => sum + part.length - 5, 0)).toBeGreaterThan(16 << 20);
  });

  test('a node that reads nothing: calls to it are refused, sends dropped, and others are served', async () => {
    const slow = await startSlow();
    const [one, two] = await startPair();
    await one.run(async (cluster, skynet) => {
      await cluster.reload({ slow: slow.address, __backlog: 4 << 20 });
      // Without a limit: connecting may take longer than any short one.
      cluster.send('slow', '@x', 'first');
      await skynet.await(slow.requests.find(() => true, 'the first request'));
      slow.socket().pause();
      const body = Buffer.alloc(1 << 20);
      for (;;) {
        const code = await codeOf(cluster.call({ node: 'slow', timeout: '1ms' }, '@x', body));
        if (code === 'ERR_OVERLOADED') break;
        expect(code).toBe('ERR_TIMEOUT');
      }
      cluster.send('slow', '@x', 'dropped');
      await one.node.logged(/Drop message to cluster node \[slow\]/);
      for (let i = 0; i < 1000; i++) expect(await cluster.call('two', '@vec', 'echo', i)).toBe(i);
      // It goes on, and is called again.
      slow.socket().resume();
      for (;;) {
        const code = await codeOf(cluster.call({ node: 'slow', timeout: '10ms' }, '@x', 'again'));
        if (code === 'ERR_TIMEOUT') break;
        expect(code).toBe('ERR_OVERLOADED');
      }
      await skynet.await(slow.requests.find((frame) => frame.includes('again'), 'a request again'));
    });
    expect(slow.requests.all.some((frame) => frame.includes('dropped'))).toBe(false);
    await two.node.stop();
  });
});

test('the tag of a traced request goes on with the calls made for it, and ends with it', async () => {
  // A node that takes requests, answers each with 1, and keeps the frames.
  const frames: RequestFrame[] = [];
  const server = createServer((socket) => {
    const reader = new FrameReader();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) =>
      reader.pushOwned(chunk, (bytes) => {
        const frame = decodeRequest(Buffer.from(bytes));
        frames.push(frame);
        if (frame.kind === 'whole') socket.write(encodeResponse(frame.session, packSeri([1])));
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const one = await startMember();
  // Through a service in between, too.
  const relay = defineService((skynet) => {
    const cluster = createCluster(skynet);
    return {
      far: (word: string) => cluster.call('far', '@x', word),
      near: (to: number, word: string) => skynet.call(to, 'lua', 'far', word),
    };
  });
  const [near, far] = [await one.node.newService(relay), await one.node.newService(relay)];
  await one.run(async (cluster) => {
    await cluster.reload({ far: `127.0.0.1:${(server.address() as { port: number }).port}` });
    await cluster.register('near', near);
  });
  const asker = connect(one.port, '127.0.0.1');
  onTestFinished(() => {
    asker.destroy();
    server.close();
  });
  const answers = new Happenings<ResponseFrame | undefined>('answers');
  const reader = new FrameReader();
  asker.on('data', (chunk: Buffer) =>
    reader.pushOwned(chunk, (bytes) => answers.add(decodeResponse(Buffer.from(bytes)))),
  );
  let session = 0;
  const ask = async (word: string, tag?: string): Promise<void> => {
    session++;
    if (tag !== undefined) asker.write(encodeTrace(tag));
    asker.write(encodeRequest('@near', session, packSeri(['near', far, word])));
    await answers.count(session);
    expect(answers.all.at(-1)).toMatchObject({ kind: 'whole', session });
  };
  await ask('plain');
  await ask('traced', ':00000008-1');
  await ask('after');
  await ask('passed', '(elsewhere-one-7):00000008-2');
  const [own] = /[^(]+(?=-far-3)/.exec(JSON.stringify(frames)) ?? [];
  expect(frames.map((frame) => (frame.kind === 'trace' ? frame.tag : frame.kind))).toEqual([
    'whole',
    `(${own}-far-3):00000008-1`,
    'whole',
    'whole',
    '(elsewhere-one-7):00000008-2',
    'whole',
  ]);
  expect(own).toMatch(new RegExp(`${process.pid}$`));
  await one.node.logged(/<TRACE :00000008-1> \d+ session \(.*-far-3\):00000008-1$/);
  await one.node.logged(/<TRACE \(elsewhere-one-7\):00000008-2> \d+ cluster far$/);
  expect(one.node.log.filter((line) => /Unknown/.test(line))).toEqual([]);
});

test('the console shows nodes, names, connections, and who is lost since when; netstat has them all', async () => {
  const [one, two] = await startPair();
  const console = await openConsole(one.node);
  const under = one.run((cluster) => codeOf(cluster.call('two', '@vec', 'never')));
  await one.run((cluster) => cluster.call('two', '@vec', 'echo', 1));
  await two.run((cluster) => cluster.call('one', '@vec', 'echo', 1));
  const info = (await console('cluster')).join('\n');
  expect(info).toMatch(
    new RegExp(`${two.address} connected pending:1 late:0 sent:[1-9]\\d* received:[1-9]\\d* wbuffer:0`),
  );
  expect(info).toMatch(/vec::[0-9a-f]{8}/);
  expect(info).toMatch(/connected\t.*127\.0\.0\.1:\d+ pending:0 wbuffer:0/);
  const sockets = await console('netstat');
  expect(sockets.filter((line) => line.includes('LISTEN') && line.includes(one.address))).toHaveLength(1);
  expect(sockets.filter((line) => line.includes('TCP') && line.includes(two.address))).toHaveLength(1);
  expect(sockets.filter((line) => line.includes('TCP'))).toHaveLength(2);
  await two.node.stop();
  expect(await under).toMatch(/^ERR_(NODE_LOST|REMOTE)$/);
  expect((await console('cluster')).join('\n')).toMatch(/lost since \d{4}-.*Z pending:0/);
});

test('bytes that are no frames are logged and ignored, whatever they are', async () => {
  const { port, run, node } = await startMember();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 20 }),
      async (frames) => {
        const socket = connect(port, '127.0.0.1').resume();
        await once(socket, 'connect');
        for (const frame of frames) socket.write(Buffer.concat([Buffer.from([0, frame.length]), frame]));
        socket.end();
        await once(socket, 'close');
      },
    ),
    { numRuns: runs(30) },
  );
  expect(await run((_cluster, skynet) => skynet.call('.service', 'lua', 'LIST'))).toBeDefined();
  expect(node.log.every((line) => !/[^\x20-\x7e\n]/.test(line))).toBe(true);
});
