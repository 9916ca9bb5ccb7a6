import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { defineService, SkynetError } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { pack } from '@skynet/core/netpack';
import { Happenings, until } from '@skynet/core/testing';
import {
  type Connection,
  connectionTable,
  type ListenOptions,
  type Transport,
  tls,
} from '@skynet/core/transport';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../core/test/transport/certificate.ts';
import { type GateHandler, type GateOptions, type Gateserver, startGateserver } from '../src/index.ts';
import { perAddress, resolveOptions } from '../src/options.ts';
import {
  connectClient,
  MemoryClient,
  PacketClient,
  startTestGate,
  startTestNode,
  turnOfLoop,
} from './harness.ts';

/** A promise and its `resolve`. */
function signal(): { readonly given: Promise<void>; give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describe('packets', () => {
  test('reach the service whole, one by one and in order, and answers go back as packets', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({
      message: (fd, bytes) =>
        server.send(
          fd,
          Buffer.from(bytes.toString().length > 0 ? Buffer.from(bytes).toString().toUpperCase() : ''),
        ),
    }));
    const client = await connectClient(gate.port);
    client.socket.write(pack('he').subarray(0, 1));
    await turnOfLoop();
    client.socket.write(Buffer.concat([pack('he').subarray(1), pack(''), pack('llo')]));
    expect(await client.packets.count(3)).toEqual(['HE', '', 'LLO']);
  });

  test('of full size pass', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const client = await connectClient(gate.port);
    const text = 'x'.repeat(65_535);
    expect(await client.ask(text)).toBe(text);
  });

  test('with a header of 4 bytes may be larger', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { header: 4 }, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const client = await connectClient(gate.port, 4);
    const text = 'y'.repeat(300_000);
    expect(await client.ask(text)).toBe(text);
  });

  test('a payload that does not fit the header is refused where it is sent', async () => {
    const node = await startTestNode();
    const refused = new Happenings<unknown>('events');
    const gate = await startTestGate(node, {}, (server) => ({
      message(fd) {
        try {
          server.send(fd, new Uint8Array(65_536));
        } catch (error) {
          refused.add(error);
        }
      },
    }));
    (await connectClient(gate.port)).send('go');
    expect(await refused.count(1)).toMatchObject([
      { code: 'ERR_FRAME_TOO_LARGE', message: 'Invalid size (too long) of data : 65536' },
    ]);
  });

  test('nothing is read before openClient', async () => {
    const node = await startTestNode();
    const connected = new Happenings<number>('events');
    const gate = await startTestGate(node, {}, () => ({ connect: (fd) => connected.add(fd) }));
    const client = await connectClient(gate.port);
    client.send('early');
    const [fd = 0] = await connected.count(1);
    for (let i = 0; i < 20; i++) await turnOfLoop();
    expect(gate.events.all).toEqual([]);
    await node.run(() => gate.server.openClient(fd));
    expect(await gate.events.count(1)).toEqual([['message', fd, 'early']]);
  });

  test('a suspended callback does not hold up the next, a failing one concerns nobody else', async () => {
    const node = await startTestNode();
    const [started, finished] = [new Happenings<string>('starts'), new Happenings<string>('ends')];
    const gate = await startTestGate(node, {}, (_server, skynet) => ({
      async message(_fd, bytes) {
        const text = Buffer.from(bytes).toString();
        started.add(text);
        if (text === 'slow') await skynet.sleep('50ms');
        if (text === 'err') throw new Error('bad packet');
        finished.add(text);
      },
    }));
    (await connectClient(gate.port)).send('slow', 'f1', 'f2', 'err', 'f3');
    expect(await finished.count(4)).toEqual(['f1', 'f2', 'f3', 'slow']);
    expect(started.all).toEqual(['slow', 'f1', 'f2', 'err', 'f3']);
    expect(await node.logged(/bad packet/)).toContain('lua call');
  });

  test('a callback that throws at once is logged, and the packets behind it are delivered', async () => {
    const node = await startTestNode();
    const seen = new Happenings<string>('events');
    const gate = await startTestGate(node, {}, () => ({
      message(_fd, bytes) {
        const text = Buffer.from(bytes).toString();
        if (text === 'err') throw new Error('bad packet');
        seen.add(text);
      },
    }));
    (await connectClient(gate.port)).send('a', 'err', 'b', 'err', 'c');
    expect(await seen.count(3)).toEqual(['a', 'b', 'c']);
    await node.logged(/bad packet/);
    expect(node.log.filter((line) => line.includes('bad packet'))).toHaveLength(2);
  });

  test('suspended callbacks have tasks of their own', async () => {
    const node = await startTestNode();
    const order = new Happenings<string>('events');
    const gate = await startTestGate(node, {}, (_server, skynet) => {
      const exclusive = skynet.queue();
      return {
        message: (_fd, bytes) =>
          exclusive(async () => {
            const text = Buffer.from(bytes).toString();
            order.add(`begin ${text}`);
            await skynet.yield();
            order.add(`end ${text}`);
          }),
      };
    });
    (await connectClient(gate.port)).send('1', '2', '3');
    expect(await order.count(6)).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });
});

describe('a connection', () => {
  test('that the peer closes is reported once, behind its packets', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    const client = await connectClient(gate.port);
    client.send('bye');
    client.socket.end();
    const closed = once(client.socket, 'close');
    const events = await gate.events.count(3);
    const fd = events[0]?.[1];
    expect(events).toEqual([
      ['connect', fd, expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
      ['message', fd, 'bye'],
      ['disconnect', fd],
    ]);
    await closed;
    await until(() => gate.server.count === 0);
    expect(gate.events.all).toHaveLength(3);
  });

  test('that the peer half-closed gets the answers to its last packets', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const client = await connectClient(gate.port);
    client.send('last');
    client.socket.end();
    expect(await client.packets.count(1)).toEqual(['last']);
    await client.ended;
  });

  test('stays writable with halfOpen until the service closes it', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { halfOpen: true });
    const client = await connectClient(gate.port);
    client.socket.end();
    const [, fd] = await gate.events.find(([name]) => name === 'disconnect');
    for (let i = 0; i < 5; i++) await turnOfLoop();
    expect(gate.server.count).toBe(1);
    expect(await node.run(() => gate.server.send(fd, Buffer.from('still here')))).toBe(true);
    expect(await client.packets.count(1)).toEqual(['still here']);
    await node.run(() => gate.server.closeClient(fd));
    await client.ended;
  });

  test('that breaks is reported by error, then disconnect', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    const client = await connectClient(gate.port);
    await client.socket.write('');
    const [, fd] = await gate.events.find(([name]) => name === 'connect');
    client.socket.resetAndDestroy();
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.events.all.slice(1)).toEqual([
      ['error', fd, 'Connection reset by peer', 'ERR_CONNECTION_RESET'],
      ['disconnect', fd],
    ]);
    expect(gate.server.count).toBe(0);
  });

  test('that the service closes first gets what was written to it; later packets are dropped', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({
      message(fd) {
        server.send(fd, Buffer.from('kicked'));
        server.closeClient(fd);
      },
    }));
    const client = await connectClient(gate.port);
    client.send('one', 'two', 'x'.repeat(1000));
    expect(await client.packets.count(1)).toEqual(['kicked']);
    await client.ended;
    const [, fd] = await gate.events.find(([name]) => name === 'disconnect');
    expect(await node.logged(/Drop message/)).toContain(`Drop message from fd (${fd}) : two`);
    expect(await node.logged(/xxxx/)).toMatch(/: x{256}…$/);
    expect(gate.events.all.filter(([name]) => name === 'disconnect')).toHaveLength(1);
    expect(gate.server.closeClient(fd)).toBe(false);
  });

  test('cannot forge a log line with the packets that are dropped', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({ message: (fd) => server.closeClient(fd) }));
    const client = await connectClient(gate.port);
    client.send(
      'bye',
      '\n[:00000001] FAKE LINE admin logged in\u001b[31mRED\u0007',
      '\r\nsecond',
      '\udcff 能',
    );
    client.socket.write(pack(Buffer.from([0xff, 0x0a, 0x9b])));
    await client.ended;
    const [, fd] = await gate.events.find(([name]) => name === 'disconnect');
    await node.logged(/second/);
    expect(node.log.filter((line) => line.includes('Drop')).map((line) => line.slice(12))).toEqual([
      `Drop message from fd (${fd}) : \\n[:00000001] FAKE LINE admin logged in\\x1b[31mRED\\x07`,
      `Drop message from fd (${fd}) : \\r\\nsecond`,
      `Drop message from fd (${fd}) : \ufffd 能`,
      `Drop message from fd (${fd}) : \\xff\\n\\x9b`,
    ]);
  });

  test('that was never opened can be closed', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({ connect: (fd) => server.closeClient(fd) }));
    const client = await connectClient(gate.port);
    await client.ended;
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.server.count).toBe(0);
  });

  test('that ends within a packet leaves nothing behind', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    const client = await connectClient(gate.port);
    client.socket.end(pack('half a packet').subarray(0, 6));
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.events.all.map(([name]) => name)).toEqual(['connect', 'disconnect']);
  });

  test('can be written to from any service by its number', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    const client = await connectClient(gate.port);
    const [, fd] = await gate.events.find(([name]) => name === 'connect');
    await node.run((skynet) => {
      const shared = connectionTable(kernelOf(skynet)).find(fd);
      expect(shared).toMatchObject({ id: fd, owner: gate.handle });
      expect(shared?.write(pack('from elsewhere'))).toBe(true);
    });
    expect(await client.packets.count(1)).toEqual(['from elsewhere']);
    client.socket.end();
    const connections = await node.run((skynet) => connectionTable(kernelOf(skynet)));
    await until(() => connections.find(fd) === undefined);
  });

  test('is unknown to every function when it is gone', async () => {
    const node = await startTestNode();
    const { server } = await startTestGate(node);
    await node.run(() => {
      expect(server.openClient(99)).toBe(false);
      expect(server.closeClient(99)).toBe(false);
      expect(server.pauseClient(99)).toBe(false);
      expect(server.resumeClient(99)).toBe(false);
      expect(server.write(99, new Uint8Array(1))).toBe(false);
      expect(server.send(99, new Uint8Array(1))).toBe(false);
      expect(server.failClient(99, new SkynetError('ERR_ARGUMENT', ''))).toBe(false);
      expect(server.addressOf(99)).toBeUndefined();
    });
  });
});

describe('limits', () => {
  test('maxclient admits exactly so many; those refused are told by disconnect only', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { maxclient: 2 });
    const first = await connectClient(gate.port);
    const second = await connectClient(gate.port);
    await gate.events.count(2);
    const third = await connectClient(gate.port);
    await third.ended;
    expect((await gate.events.count(3)).map(([name]) => name)).toEqual(['connect', 'connect', 'disconnect']);
    const refused = gate.events.all[2]?.[1];
    expect(gate.events.all.filter(([, fd]) => fd === refused)).toHaveLength(1);
    expect(gate.server.count).toBe(2);
    first.socket.end();
    await once(first.socket, 'close');
    await gate.events.count(4);
    const fourth = await connectClient(gate.port);
    fourth.send('in');
    await gate.events.find(([name]) => name === 'message');
    second.socket.destroy();
  });

  test('the number of clients never drifts, whatever they do', async () => {
    const node = await startTestNode();
    let round = 0;
    const action = fc.constantFrom('connect', 'leave', 'kick', 'break') as fc.Arbitrary<
      'connect' | 'leave' | 'kick' | 'break'
    >;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(action, fc.nat()), { maxLength: 30 }),
        async (maxclient, actions) => {
          const gate = await startTestGate(node, { url: `memory://drift-${round++}`, maxclient });
          const url = `memory://drift-${round - 1}`;
          const inside: { client: MemoryClient; fd: number }[] = [];
          for (const [what, choice] of actions) {
            const seen = gate.events.all.length;
            if (what === 'connect') {
              const client = new MemoryClient(
                await node.run((skynet) => skynet.await(kernelOf(skynet).thread.transports.connect(url))),
              );
              const [name, fd] = (await gate.events.count(seen + 1))[seen] ?? [];
              expect(name).toBe(inside.length < maxclient ? 'connect' : 'disconnect');
              if (name === 'connect') inside.push({ client, fd: fd as number });
            } else if (inside.length > 0) {
              const [{ client, fd }] = inside.splice(choice % inside.length, 1) as [
                { client: MemoryClient; fd: number },
              ];
              if (what === 'leave') client.connection.close();
              else if (what === 'break') client.connection.destroy();
              else await node.run(() => gate.server.closeClient(fd));
              const events = await gate.events.count(seen + 1);
              expect(events[seen]).toEqual(['disconnect', fd]);
              await client.closed;
              await until(() => gate.server.count <= inside.length);
            }
            expect(gate.server.count).toBe(inside.length);
          }
          for (const { client } of inside) client.connection.destroy();
          node.run((skynet) => skynet.kill(gate.handle));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a packet above maxFrame ends the connection behind the packets before it', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { maxFrame: 8 } });
    const client = await connectClient(gate.port);
    client.send('good', 'much too long', 'never');
    await client.ended;
    await gate.events.find(([name]) => name === 'disconnect');
    const fd = gate.events.all[0]?.[1];
    expect(gate.events.all.slice(1)).toEqual([
      ['message', fd, 'good'],
      ['error', fd, expect.stringContaining('13'), 'ERR_FRAME_TOO_LARGE'],
      ['disconnect', fd],
    ]);
  });

  test('a client that sends faster than the service works is not read, and loses nothing', async () => {
    const node = await startTestNode();
    const go = signal();
    const seen = new Happenings<string>('events');
    let running = 0;
    let most = 0;
    const gate = await startTestGate(
      node,
      { limits: { pendingFrames: 10, pendingBytes: 4096 } },
      (_server, skynet) => ({
        async message(_fd, bytes) {
          most = Math.max(most, ++running);
          await skynet.await(go.given);
          running--;
          seen.add(Buffer.from(bytes).toString());
        },
      }),
    );
    const client = await connectClient(gate.port);
    const texts = Array.from({ length: 5000 }, (_, i) => `packet ${i} ${'.'.repeat(2000)}`);
    client.send(...texts);
    // The system's buffers are full and nothing more is taken.
    let before = -1;
    let received = 0;
    while (received !== before || received === 0) {
      before = received;
      for (let i = 0; i < 50; i++) await turnOfLoop();
      received = await node.run((skynet) => [...connectionTable(kernelOf(skynet)).all()][0]?.received ?? 0);
    }
    expect(received).toBeLessThan(1 << 20);
    expect(running).toBe(10);
    go.give();
    expect(await seen.count(5000)).toEqual(texts);
    expect(most).toBe(10);
  });

  test('a client that is not read any more can still leave', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(
      node,
      { url: 'memory://stuck', limits: { pendingFrames: 1 } },
      (_server, skynet) => ({
        message: () => skynet.wait({}),
      }),
    );
    const client = new MemoryClient(
      await node.run((skynet) => skynet.await(kernelOf(skynet).thread.transports.connect('memory://stuck'))),
    );
    client.send('1', '2', '3');
    await gate.events.count(1);
    for (let i = 0; i < 10; i++) await turnOfLoop();
    await node.run(() => gate.server.closeClient(gate.events.all[0]?.[1] ?? 0));
    await gate.events.find(([name]) => name === 'disconnect');
    await client.closed;
    expect(gate.server.count).toBe(0);
  });

  const fill = new Uint8Array(60_000);

  test('a slow reader is cut off above writeBacklog', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { writeBacklog: 4 << 20 } });
    const client = await connectClient(gate.port);
    client.socket.pause();
    const [, fd] = await gate.events.find(([name]) => name === 'connect');
    while (await node.run(() => gate.server.send(fd, fill))) await turnOfLoop();
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.events.all.filter(([name]) => name === 'error')).toEqual([
      ['error', fd, expect.stringContaining('slow reader'), 'ERR_GATE_BACKLOG'],
    ]);
    expect(gate.server.count).toBe(0);
  });

  test('warnings come at 1 MiB and every doubling, and 0 when all has gone', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { slowReader: 'keep', writeBacklog: 1 } });
    const client = await connectClient(gate.port);
    client.socket.pause();
    const [, fd] = await gate.events.find(([name]) => name === 'connect');
    await node.run(() => {
      for (let sent = 0; sent < 17 << 20; sent += fill.length) gate.server.send(fd, fill);
    });
    const sizes = (await gate.events.count(6)).slice(1).map(([, , kilobytes]) => kilobytes as number);
    expect(sizes.map((size) => Math.floor(Math.log2(size)))).toEqual([10, 11, 12, 13, 14]);
    client.socket.resume();
    expect(await gate.events.find(([name, , kilobytes]) => name === 'warning' && kilobytes === 0)).toEqual([
      'warning',
      fd,
      0,
    ]);
  });

  test('with slowReader drop, what is written above writeBacklog is lost, and later writes arrive again', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { slowReader: 'drop', writeBacklog: 200_000 } });
    const client = await connectClient(gate.port);
    client.socket.pause();
    const [, fd] = await gate.events.find(([name]) => name === 'connect');
    let taken = 0;
    while (await node.run(() => gate.server.send(fd, fill))) {
      taken++;
      await turnOfLoop();
    }
    client.socket.resume();
    await client.packets.count(taken);
    while (!(await node.run(() => gate.server.send(fd, Buffer.from('again'))))) await turnOfLoop();
    expect((await client.packets.count(taken + 1)).at(-1)).toBe('again');
    expect(gate.server.count).toBe(1);
  });

  test('clients that do not say anything in time are closed', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { handshake: '2s' } });
    const silent = await connectClient(gate.port);
    const talking = await connectClient(gate.port);
    talking.send('hello');
    silent.socket.write(pack('half').subarray(0, 3));
    await silent.ended;
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.events.all.find(([name]) => name === 'error')).toMatchObject([
      'error',
      expect.any(Number),
      expect.any(String),
      'ERR_GATE_HANDSHAKE',
    ]);
    expect(gate.server.count).toBe(1);
  });

  test('clients that fall silent are closed', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { limits: { idle: '1s' } });
    const client = await connectClient(gate.port);
    client.send('hello');
    await client.ended;
    await gate.events.find(([name]) => name === 'disconnect');
    expect(gate.events.all.map(([name, , , code]) => code ?? name)).toEqual(
      [expect.any(String), 'message', 'ERR_GATE_IDLE', 'disconnect'].map((name, i) =>
        i === 0 ? 'connect' : name,
      ),
    );
  });
});

describe('the messages open and close', () => {
  test('open logs where the gate listens, tells the handler, and answers what it returned', async () => {
    const node = await startTestNode();
    const opened = new Happenings<unknown>('events');
    const gate = defineService((skynet) => {
      startGateserver(skynet, {
        connect: () => {},
        message: () => {},
        open: async (source, config) => {
          opened.add({ source, config });
          return ['ready', config.port];
        },
      });
    });
    const handle = await node.newService(gate);
    const answer = await node.run(async (skynet) => {
      const result = await skynet.call(handle, 'lua', 'open', {
        port: 0,
        maxclient: 64,
        nodelay: true,
        zone: 'north',
      });
      return { self: skynet.self(), result };
    });
    const [{ source, config }] = (await opened.count(1)) as [{ source: number; config: GateOptions }];
    expect(source).toBe(answer.self);
    expect(config).toMatchObject({
      address: '0.0.0.0',
      port: expect.any(Number),
      maxclient: 64,
      nodelay: true,
      zone: 'north',
    });
    expect(config.port).toBeGreaterThan(0);
    expect(answer.result).toEqual(['ready', config.port]);
    expect(await node.logged(/Listen on/)).toMatch(new RegExp(`Listen on 0\\.0\\.0\\.0:${config.port}$`));
  });

  test('a gate that was closed takes nobody, keeps its clients, and can be opened again', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const client = await connectClient(gate.port);
    expect(await client.ask('one')).toBe('one');
    await node.run((skynet) => skynet.call(gate.handle, 'lua', 'close'));
    await expect(connectClient(gate.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await client.ask('two')).toBe('two');
    const port = await node.run((skynet) =>
      skynet.call<number>(gate.handle, 'lua', 'open', { port: gate.port, address: '127.0.0.1' }),
    );
    expect(port).toBe(gate.port);
    expect(await (await connectClient(port)).ask('three')).toBe('three');
  });

  test('open twice and close twice are errors of the caller', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    await node.run(async (skynet) => {
      await expect(skynet.call(gate.handle, 'lua', 'open', { port: 0 })).rejects.toMatchObject({
        code: 'ERR_GATE_LISTENING',
      });
      await skynet.call(gate.handle, 'lua', 'close');
      await expect(skynet.call(gate.handle, 'lua', 'close')).rejects.toMatchObject({
        code: 'ERR_GATE_NOT_LISTENING',
      });
    });
  });

  test('a port in use is an error of the caller, and the gate can be opened elsewhere', async () => {
    const server: Server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const node = await startTestNode();
    const gate = await startTestGate(node);
    await node.run(async (skynet) => {
      await skynet.call(gate.handle, 'lua', 'close');
      const taken = skynet.call(gate.handle, 'lua', 'open', { port, address: '127.0.0.1' });
      await expect(taken).rejects.toMatchObject({ code: 'ERR_LISTEN' });
      expect(await skynet.call(gate.handle, 'lua', 'open', { port: 0 })).toBeGreaterThan(0);
    });
  });

  test('a handler that throws in open leaves the gate closed', async () => {
    const node = await startTestNode();
    let refuse = true;
    const gate = await startTestGate(node, {}, () => ({
      open(_source, { port }) {
        if (refuse) throw new Error('not today');
        return port;
      },
    })).catch((error: unknown) => error);
    expect(gate).toMatchObject({ message: expect.stringContaining('not today') });
    refuse = false;
  });

  const wrong: [string, unknown][] = [
    ['no port', {}],
    ['a port that is none', { port: 70_000 }],
    ['a port as text', { port: '8002' }],
    ['maxclient 0', { port: 0, maxclient: 0 }],
    ['a header of 3', { port: 0, header: 3 }],
    ['an empty address', { port: 0, address: '' }],
    ['nodelay as text', { port: 0, nodelay: 'yes' }],
    ['a limit that is none', { port: 0, limits: { idle: 'soon' } }],
    ['a frame above the header', { port: 0, limits: { maxFrame: 70_000 } }],
    ['an unknown policy', { port: 0, limits: { slowReader: 'ask' } }],
    ['text', 'port 8002'],
    ['a list', [8002]],
    ['an unknown option', { port: 0, colour: 'red' }],
    ['a misspelt one', { port: 0, maxClient: 5 }],
    ['an unknown limit', { port: 0, limits: { idleTime: 5 } }],
    ['limits that are none', { port: 0, limits: 'none' }],
    ['an address and another host', { port: 0, address: '127.0.0.1', host: '0.0.0.0' }],
  ];
  test.each(wrong)('%s is refused', async (_what, config) => {
    const node = await startTestNode();
    const handle = await node.newService(
      defineService((skynet) => void startGateserver(skynet, { connect: () => {}, message: () => {} })),
    );
    await node.run(async (skynet) => {
      await expect(skynet.call(handle, 'lua', 'open', config)).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    });
  });

  test("host and the original's address are one option, and open has the last word", async () => {
    const node = await startTestNode();
    for (const [defaults, config, where] of [
      [{}, { host: '127.0.0.1' }, '127.0.0.1'],
      [{}, { address: '127.0.0.1' }, '127.0.0.1'],
      [{}, { address: '127.0.0.1', host: '127.0.0.1' }, '127.0.0.1'],
      [{ address: '127.0.0.2' }, {}, '127.0.0.2'],
      [{ address: '127.0.0.2' }, { host: '127.0.0.1' }, '127.0.0.1'],
      [{ host: '127.0.0.2' }, { address: '127.0.0.1' }, '127.0.0.1'],
      [{}, {}, '0.0.0.0'],
    ] as const) {
      const opened = new Happenings<unknown>('events');
      const handle = await node.newService(
        defineService((skynet) => {
          const open = (_source: number, { host, address }: { host: string; address: string }): void =>
            opened.add([host, address]);
          startGateserver(skynet, { open, connect: () => {}, message: () => {} }, { port: 0, ...defaults });
        }),
      );
      await node.run((skynet) => skynet.call(handle, 'lua', 'open', config));
      expect(opened.all).toEqual([[where, where]]);
      await node.run((skynet) => skynet.kill(handle));
    }
  });

  test("options of the own go to handler.open, and those that look like the gate's misspelt do not", async () => {
    const node = await startTestNode();
    const opening = (config: object, options?: readonly string[]): Promise<unknown> =>
      node.run(async (skynet) => {
        const handle = await skynet.newService(
          defineService((context) => {
            const open = (_source: number, { room, prot }: { [key: string]: unknown }): unknown =>
              room ?? prot;
            const handler = { open, connect: () => {}, message: () => {} };
            startGateserver(context, options === undefined ? handler : { ...handler, options });
          }),
        );
        return skynet.call(handle, 'lua', 'open', { port: 0, host: '127.0.0.1', ...config });
      });
    expect(await opening({ room: 'red' })).toBe('red');
    expect(await opening({ room: 'red' }, ['room'])).toBe('red');
    expect(await opening({ prot: 5 }, ['prot'])).toBe(5);
    await expect(opening({ prot: 5 })).rejects.toMatchObject({
      message: expect.stringContaining('unknown gate option "prot", perhaps port is meant'),
      details: { key: 'prot', meant: 'port' },
    });
    await expect(opening({ colour: 'red' }, ['room'])).rejects.toThrow('unknown gate option "colour"');
  });

  test('misspelt callbacks and wrong defaults are refused at the start', async () => {
    const node = await startTestNode();
    const start = (handler: object, options: object = {}): Promise<unknown> =>
      node.newService(
        defineService((skynet) => {
          startGateserver(skynet, { connect() {}, message() {}, ...handler }, options);
        }),
      );
    await expect(start({ disconect() {} })).rejects.toThrow('perhaps disconnect is meant');
    await expect(start({ warning: 5 })).rejects.toThrow('gate handler warning must be a function, not 5');
    await expect(start({}, { hots: '::1' })).rejects.toThrow('perhaps host is meant');
    await expect(start({ state: {} })).resolves.toBeGreaterThan(0);
  });

  test('a transport without a scheme known here is refused', async () => {
    const node = await startTestNode();
    await expect(startTestGate(node, { url: 'carrier://pigeon' })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_INVALID',
    });
  });
});

describe('other messages', () => {
  test('go to handler.command with the source, and what it returns is the answer', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, () => ({
      command: (command: string, source: number, ...args: unknown[]) => ({ command, source, args }),
    }));
    await node.run(async (skynet) => {
      expect(await skynet.call(gate.handle, 'lua', 'kick', 9, 'why')).toEqual({
        command: 'kick',
        source: skynet.self(),
        args: [9, 'why'],
      });
    });
  });

  test('are errors of the caller without handler.command', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    await node.run(async (skynet) => {
      await expect(skynet.call(gate.handle, 'lua', 'kick', 9)).rejects.toMatchObject({
        message: expect.stringContaining('Unknown command kick'),
      });
    });
  });

  test('stay with the service with embed', async () => {
    const node = await startTestNode();
    const handle = await node.newService(
      defineService((skynet) => {
        const server = startGateserver(
          skynet,
          { embed: true, connect: () => {}, message: () => {} },
          { address: '127.0.0.1' },
        );
        return {
          gate: (...args: [string, ...unknown[]]) => server.command(args[0], 0, ...args.slice(1)),
          where: () => server.address,
          open: () => 'mine',
        };
      }),
    );
    await node.run(async (skynet) => {
      expect(await skynet.call(handle, 'lua', 'open')).toBe('mine');
      await skynet.call(handle, 'lua', 'gate', 'open', { port: 0 });
      expect(await skynet.call(handle, 'lua', 'where')).toMatch(/^127\.0\.0\.1:\d+$/);
      await skynet.call(handle, 'lua', 'gate', 'close');
      expect(await skynet.call(handle, 'lua', 'where')).toBeUndefined();
    });
  });

  test('a handler without connect or message is refused', async () => {
    const node = await startTestNode();
    const broken = defineService((skynet) => void startGateserver(skynet, { connect: () => {} } as never));
    await expect(node.newService(broken)).rejects.toMatchObject({
      code: 'ERR_SERVICE_INIT',
      cause: { code: 'ERR_ARGUMENT' },
    });
  });
});

describe('connections of one address', () => {
  /** Connects from one of this machine's addresses; whether it was let in. */
  async function visit(port: number, localAddress: string): Promise<PacketClient | undefined> {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const client = new PacketClient(socket);
    const answer = client.ask('hello').then(() => client);
    return Promise.race([answer, client.ended.then(() => undefined)]);
  }
  const echo = (server: Gateserver): Partial<GateHandler> => ({
    message: (fd, bytes) => server.send(fd, bytes),
  });

  test('are as many as maxPerAddress; others still come in', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node, { maxPerAddress: 3 }, echo);
    const first = await Promise.all([1, 2, 3].map(() => visit(gate.port, '127.0.0.1')));
    expect(first).not.toContain(undefined);
    expect(await visit(gate.port, '127.0.0.1')).toBeUndefined();
    expect(await node.logged(/accept error/)).toContain(
      'gateserver accept error: more than 3 connections from 127.0.0.1',
    );
    expect(await visit(gate.port, '127.0.0.2')).toBeDefined();
    expect(gate.server.count).toBe(4);
    first[0]?.socket.destroy();
    await until(() => gate.server.count === 3);
    expect(await visit(gate.port, '127.0.0.1')).toBeDefined();
  });

  test('are a quarter of all by default, and none is left out on a unix socket', async () => {
    const most = (given: GateOptions): number[] => {
      const options = resolveOptions(given, []);
      return options.places.map((place) => perAddress(options, place));
    };
    expect(resolveOptions({ port: 0 }, [])).toMatchObject({ maxclient: 1024 });
    expect(most({ port: 0 })).toEqual([256]);
    expect(most({ listen: ['wss://0.0.0.0:1', 'unix:///run/x', 'memory://x'] })).toEqual([256, 0, 0]);
    expect(most({ listen: ['tcp://0.0.0.0:1', 'unix:///run/x'], maxPerAddress: 7 })).toEqual([7, 7]);
    const node = await startTestNode();
    const gate = await startTestGate(node, {}, echo);
    // Silent, as an attacker's are.
    const silent = Array.from({ length: 300 }, () => connect(gate.port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
    await until(() => gate.server.count === 256 && silent.filter(({ closed }) => closed).length === 44);
    expect(await visit(gate.port, '127.0.0.1')).toBeUndefined();
    expect(await visit(gate.port, '127.0.0.2')).toBeDefined();
  });
});

describe('connections in a handshake of TLS', () => {
  test('count, so that those which never finish it are no more than maxclient and one', async () => {
    const node = await startTestNode({ transports: [tls({ server: certificate })] });
    const gate = await startTestGate(node, { url: 'tls://127.0.0.1:0', maxclient: 5 }, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const silent = Array.from({ length: 30 }, () => connect(gate.port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
    await until(() => silent.filter(({ closed }) => closed).length === 24);
    expect(await node.logged(/accept error/)).toContain('gateserver accept error: more than 6 connections');
    // They make room for who comes to talk.
    const ask = async (): Promise<string | undefined> => {
      const socket = connectTls({
        port: gate.port,
        host: '127.0.0.1',
        ca: certificate.cert,
        servername: 'localhost',
      });
      onTestFinished(() => void socket.destroy());
      const client = new PacketClient(socket);
      const secured = once(socket, 'secureConnect').then(() => client.ask('over tls'));
      return Promise.race([secured.catch(() => undefined), client.ended.then(() => undefined)]);
    };
    let answer = await ask();
    while (answer === undefined) answer = await ask();
    expect(answer).toBe('over tls');
    expect(gate.server.count).toBe(1);
  });
});

describe('transports', () => {
  test('unix sockets', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'gate-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'gate.sock');
    const node = await startTestNode();
    const gate = await startTestGate(node, { url: `unix://${file}` }, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    expect(await node.logged(/Listen on/)).toContain(`Listen on ${file}`);
    expect(gate.port).toBe(0);
    expect(await (await connectClient(file)).ask('over a path')).toBe('over a path');
    await node.stop();
    expect(existsSync(file)).toBe(false);
  });

  test('memory', async () => {
    const node = await startTestNode();
    await startTestGate(node, { url: 'memory://gate' }, (server) => ({
      message: (fd, bytes) => server.send(fd, bytes),
    }));
    const client = new MemoryClient(
      await node.run((skynet) => skynet.await(kernelOf(skynet).thread.transports.connect('memory://gate'))),
    );
    client.send('a', 'b');
    expect(await client.packets.count(2)).toEqual(['a', 'b']);
  });

  test('failures to accept are logged, and the gate goes on', async () => {
    let listening: ListenOptions | undefined;
    let accept: ((connection: Connection) => void) | undefined;
    const scarce: Transport = {
      schemes: ['scarce'],
      connect: () => Promise.reject(new SkynetError('ERR_CONNECT', 'no')),
      listen(_address, options, take) {
        [listening, accept] = [options, take];
        return Promise.resolve({
          address: 'scarce',
          url: 'scarce://',
          port: 0,
          pause() {},
          resume() {},
          close: async () => {},
        });
      },
    };
    const node = await startTestNode({ transports: [scarce] });
    const gate = await startTestGate(node, { url: 'scarce://0.0.0.0:1', backlog: 7 });
    expect(listening?.backlog).toBe(7);
    listening?.onAcceptError?.(new SkynetError('ERR_LISTEN', 'Too many open files'));
    await node.logged(/gateserver accept error: Too many open files/);
    expect(accept).toBeDefined();
    expect(gate.server.address).toBe('scarce');
  });
});

describe('a service that ends', () => {
  test('closes its port and its clients', async () => {
    const node = await startTestNode();
    const gate = await startTestGate(node);
    const client = await connectClient(gate.port);
    await gate.events.count(1);
    await node.run((skynet) => skynet.kill(gate.handle));
    await client.ended;
    await expect(connectClient(gate.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(gate.events.all).toHaveLength(1);
  });

  test('while it works on a packet gets no more of them', async () => {
    const node = await startTestNode();
    const seen = new Happenings<string>('events');
    const gate = await startTestGate(node, {}, (_server, skynet) => ({
      message(_fd, bytes) {
        seen.add(Buffer.from(bytes).toString());
        skynet.exit();
      },
    }));
    const client = await connectClient(gate.port);
    client.send('1', '2', '3');
    await client.ended;
    await node.logged(/KILL self/);
    expect(seen.all).toEqual(['1']);
  });
});
