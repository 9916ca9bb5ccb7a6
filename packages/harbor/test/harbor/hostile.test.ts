import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isSkynetError, packSeri } from '@skynet/core';
import { FakeClock, Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { encodeControl } from '../../src/harbor/control.ts';
import { createFrameReader, encodeFrame } from '../../src/harbor/frame.ts';
import { createHarbor, harbor } from '../../src/index.ts';
import { codeOf } from '../calls.ts';
import { freeAddress, startMember } from './nodes.ts';

/** A node that is none: it says to the master what a node would say, and to who connects to it what a test wants. */
class Impostor {
  readonly control: Socket;
  /** The link of node 1. */
  readonly link: Promise<Socket>;

  private constructor(control: Socket, link: Promise<Socket>) {
    this.control = control;
    this.link = link;
  }

  static async join(master: string, id: number): Promise<Impostor> {
    const server: Server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const link = once(server, 'connection').then(([socket]) => {
      const peer = socket as Socket;
      peer.on('error', () => {});
      peer.resume();
      peer.write(Uint8Array.of(id));
      return peer;
    });
    const control = connect(Number(master.split(':')[1]), '127.0.0.1');
    control.on('error', () => {});
    control.resume();
    control.write(encodeControl(['H', id, `127.0.0.1:${port}`]));
    onTestFinished(() => {
      server.close();
      control.destroy();
      void link.then((socket) => socket.destroy());
    });
    return new Impostor(control, link);
  }
}

async function startMaster(): Promise<{ master: string; one: TestNode }> {
  const master = await freeAddress();
  return { master, one: await startMember(master, 1, { isMaster: true }) };
}

test.each([
  ['a length of 4 GiB', Buffer.from('ffffffff', 'hex'), /Message is too long from harbor 7/],
  ['a length above 16 MiB', Buffer.from('01000000', 'hex'), /Message is too long from harbor 7/],
  [
    'a frame without room for its trailer',
    Buffer.from('00000003010203', 'hex'),
    /harbor 7: a frame of 3 bytes/,
  ],
])('a link that brings %s is closed, its node lost, and no other', async (_what, bytes, line) => {
  const { master, one } = await startMaster();
  const two = await startMember(master, 2);
  const impostor = await Impostor.join(master, 7);
  const link = await impostor.link;
  const lost = one.run(async (skynet) => {
    await createHarbor(skynet).connect(7);
    const pending = skynet.call(0x07000009, 'lua', 'never').catch((error: { code: string }) => error.code);
    await createHarbor(skynet).link(7);
    return skynet.await(pending);
  });
  await one.run((skynet) => createHarbor(skynet).connect(7));
  link.write(bytes);
  await one.logged(line);
  expect(await lost).toBe('ERR_NODE_LOST');
  await one.run((skynet) => createHarbor(skynet).connect(2));
  expect(await two.run((skynet) => skynet.uniqueService(true, 'echo'))).toBeGreaterThan(0);
});

test('messages of nonsense to services fail there, and nowhere else', async () => {
  const { master, one } = await startMaster();
  const echo = await one.run((skynet) => skynet.newService('echo', 'victim'));
  const impostor = await Impostor.join(master, 7);
  const link = await impostor.link;
  await one.run((skynet) => createHarbor(skynet).connect(7));
  for (let i = 0; i < runs(300); i++) {
    const content = randomBytes(i % 64);
    const type = i % 20;
    // The launcher is left alone: what it understands it does.
    const to = i % 3 === 0 ? 0xffff00 : echo & 0xffffff;
    link.write(encodeFrame(content, 0x07000001, type, to, i));
  }
  link.write(encodeFrame(Buffer.from('3465636865', 'hex'), 0x07000001, 10, echo, 1));
  await one.logged(/Unknown destination :1ffff00 from :7000001/);
  expect(await one.run((skynet) => skynet.call('victim', 'lua', 'echo', 1))).toEqual([1]);
  expect(await one.run((skynet) => createHarbor(skynet).connect(7))).toBeUndefined();
});

test('a node that answers with the id of another is not taken for it', async () => {
  const { master, one } = await startMaster();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    socket.write(Uint8Array.of(9));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const control = connect(Number(master.split(':')[1]), '127.0.0.1');
  control.on('error', () => {});
  control.resume();
  onTestFinished(() => void control.destroy());
  control.write(encodeControl(['H', 7, `127.0.0.1:${(server.address() as { port: number }).port}`]));
  await one.logged(/Invalid shakehand id \(fd = \d+, harbor = 7\) : 9/);
  await one.run(async (skynet) => {
    await expect(skynet.call(0x07000001, 'lua', 'x')).rejects.toMatchObject({ code: 'ERR_NODE_LOST' });
  });
});

test('a master that hears nonsense from a node loses that node alone', async () => {
  const { master, one } = await startMaster();
  const two = await startMember(master, 2);
  const impostor = await Impostor.join(master, 7);
  await impostor.link;
  await one.run((skynet) => createHarbor(skynet).connect(7));
  impostor.control.write(Buffer.from('03ffffff', 'hex'));
  await one.logged(/slave 7 is down/);
  await one.run((skynet) => createHarbor(skynet).link(7));
  expect(await two.run((skynet) => skynet.queryName('SERVICE'))).toBeGreaterThan(0);
});

test('a master that says nothing: the node gives up in time, and says so', async () => {
  const said = new Happenings<Buffer>('what the master was told');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => said.add(chunk));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const master = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const clock = new FakeClock();
  const network = harbor({ id: 2, address: await freeAddress(), master });
  const joining = codeOf(startTestNode({ harbor: 2, network }, { clock, after: onTestFinished }));
  await said.find(() => true, 'that the node says who it is');
  await clock.advance('10s');
  expect(await joining).toBe('ERR_HARBOR_SILENT');
});

test('the tag of a trace goes before a call, and the calls made for it have it, too', async () => {
  const { master, one } = await startMaster();
  const impostor = await Impostor.join(master, 7);
  const link = await impostor.link;
  const frames = new Happenings<{ type: number; text: string }>('frames');
  const read = createFrameReader(
    (content, _source, type) => void frames.add({ type, text: Buffer.from(content).toString('latin1') }),
    () => new Error('too short'),
  );
  let isOpen = false;
  link.on('data', (chunk: Buffer) => {
    read(isOpen ? chunk : chunk.subarray(1));
    isOpen = true;
  });
  const echo = await one.run((skynet) => skynet.newService('echo'));
  await one.run((skynet) => createHarbor(skynet).connect(7));
  link.write(encodeFrame(Buffer.from(':07000009-4'), 0x07000009, 12, echo, 0));
  link.write(encodeFrame(packSeri(['call', 0x0700000a, 'x']), 0x07000009, 10, echo, 5));
  await frames.find(({ type }) => type === 10, 'the call that the service makes');
  const calls = frames.all.filter(({ type }) => type === 12 || type === 10);
  expect(calls.map(({ type }) => type)).toEqual([12, 10]);
  expect(calls[0]?.text).toBe(':07000009-4');
  expect(one.log.filter((line) => /Unknown/.test(line))).toEqual([]);
});

test('a node that reads nothing: calls to it are refused, sends dropped, answers kept, and others are served', async () => {
  const master = await freeAddress();
  const one = await startMember(master, 1, { isMaster: true, backlog: 4 << 20 });
  const two = await startMember(master, 2);
  const second = await two.run((skynet) => skynet.newService('echo'));
  const impostor = await Impostor.join(master, 7);
  const link = await impostor.link;
  const came: Buffer[] = [];
  link.on('data', (chunk: Buffer) => came.push(chunk));
  await one.run((skynet) => createHarbor(skynet).connect(7));
  link.pause();
  await one.run(async (skynet) => {
    const body = Buffer.alloc(1 << 20);
    const code = async (call: Promise<unknown>): Promise<unknown> =>
      call.catch((error: unknown) => (isSkynetError(error) ? error.code : error));
    // As much as waits, and what the system takes.
    let sent = 0;
    while (skynet.send(0x07000009, 'lua', 'take', body) !== undefined) sent++;
    expect(sent).toBeGreaterThanOrEqual(4);
    expect(await code(skynet.call(0x07000009, 'lua', 'x'))).toBe('ERR_OVERLOADED');
    expect(skynet.send(0x07000009, 'lua', 'x')).toBeUndefined();
    for (let i = 0; i < 1000; i++) expect(await skynet.call(second, 'lua', 'echo', i)).toEqual([i]);
  });
  await one.logged(/Drop message to harbor 7 from/);
  // It goes on, and is called again.
  link.resume();
  await one.run(async (skynet) => {
    while (skynet.send(0x07000009, 'lua', 'last') === undefined) await skynet.sleep(1);
  });
  const last = encodeFrame(packSeri(['last']), 0, 10, 9, 0)
    .subarray(0, -12)
    .subarray(4);
  const happened = new Happenings<boolean>('the last message');
  const look = (): void => void (Buffer.concat(came).includes(last) && happened.add(true));
  link.on('data', look);
  look();
  await happened.find((found) => found, 'the last message');
});
