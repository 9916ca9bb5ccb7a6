import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Handle } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { tls } from '@skynet/core/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../../test/free-port.ts';
import { certificate } from '../../../core/test/transport/certificate.ts';
import { createMesh } from '../../src/link.ts';
import { LIMITS, meshNetwork } from '../../src/mesh/network.ts';
import { SeedDirectory } from '../../src/mesh/seed-directory.ts';
import { tcpLinks } from '../../src/mesh/tcp-link.ts';
import { codeOf } from '../calls.ts';
import { addressOf, startBehindRelay, startPeer } from './nodes.ts';

const KEY = 'secret';

/** Somebody who connects to a node by hand. */
class Stranger {
  /** Frames that the node has said. */
  readonly said: Happenings<Buffer> = new Happenings('frames of the node');
  readonly socket: Socket;
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader({ header: 4 });
    socket.on('data', (chunk) =>
      reader.push(chunk, (bytes, from, to) => this.said.add(Buffer.from(bytes.slice(from, to)))),
    );
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    onTestFinished(() => void socket.destroy());
  }

  static async to(address: string): Promise<Stranger> {
    const [host, port] = address.split(':');
    const socket = connect({ port: Number(port), ...(host === undefined ? {} : { host }) });
    const stranger = new Stranger(socket);
    await once(socket, 'connect');
    return stranger;
  }

  say(value: unknown): Buffer {
    const bytes = Buffer.from(JSON.stringify(value));
    this.socket.write(pack(bytes, { header: 4 }));
    return bytes;
  }
}

const hello = (purpose: 'data' | 'directory'): Record<string, unknown> => ({
  version: 1,
  mesh: 'skynet',
  id: 9,
  incarnation: randomBytes(8).toString('hex'),
  address: '127.0.0.1:1',
  purpose,
  features: [],
  challenge: randomBytes(16).toString('hex'),
});

function proofOf(role: string, dialler: Buffer, acceptor: Buffer): string {
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  return createHmac('sha256', KEY)
    .update(`skynet link ${role} ${hash(dialler)}${hash(acceptor)}`)
    .digest('hex');
}

/** A node that asks for the key, and gives strangers so many milliseconds. */
async function guarded(handshakeTime = 30_000): Promise<TestNode> {
  return startTestNode(
    {
      network: meshNetwork({
        id: 1,
        mesh: 'skynet',
        transport: tcpLinks({
          address: '127.0.0.1:0',
          key: KEY,
          heartbeat: { every: 500, silence: 60_000 },
          handshakeTime,
        }),
        directory: new SeedDirectory({ seeds: [], joinTimeout: 10_000, patience: 60_000 }),
        onIsolated: 'keep',
        limits: LIMITS,
      }),
    },
    { after: onTestFinished },
  );
}

describe('who does not prove that he has the key is let go, and the log says why', () => {
  test('who says nothing, and who stops in the middle of a word', async () => {
    const node = await guarded(2500);
    const address = await addressOf(node);
    const silent = await Stranger.to(address);
    const half = await Stranger.to(address);
    half.socket.write(pack(Buffer.from(JSON.stringify(hello('data'))), { header: 4 }).subarray(0, 40));
    const noProof = await Stranger.to(address);
    noProof.say(hello('data'));
    await noProof.said.count(1);
    await Promise.all([silent.closed, half.closed, noProof.closed]);
    await node.logged(/no link with 127\.0\.0\.1:\d+: no hello within 2500 ms \(ERR_TIMEOUT\)/);
    // The node proves nothing before the other side has.
    expect(noProof.said.all.length).toBe(1);
  });

  test('who guesses, and who gives back what the node has said', async () => {
    const node = await guarded();
    const address = await addressOf(node);
    for (const make of [
      () => ({ proof: '0'.repeat(64) }),
      () => ({ proof: '' }),
      (mine: Buffer, theirs: Buffer) => ({ proof: proofOf('acceptor', mine, theirs) }),
      (mine: Buffer, theirs: Buffer) => ({ proof: proofOf('dialler', theirs, mine) }),
    ]) {
      const from = node.log.length;
      const stranger = await Stranger.to(address);
      const mine = stranger.say(hello('data'));
      const [theirs] = await stranger.said.count(1);
      stranger.say(make(mine, theirs as Buffer));
      await stranger.closed;
      expect(JSON.parse(String(stranger.said.all[1]))).toEqual({
        refused: 'the shared key is not the same on both sides',
      });
      await node.logged(/the shared key is not the same on both sides \(ERR_LINK_REFUSED\)/, from);
    }
    const friend = await Stranger.to(address);
    const mine = friend.say(hello('directory'));
    const [theirs] = await friend.said.count(1);
    friend.say({ proof: proofOf('dialler', mine, theirs as Buffer) });
    const [, answer] = await friend.said.count(2);
    expect(JSON.parse(String(answer))).toEqual({ proof: proofOf('acceptor', mine, theirs as Buffer) });
  });

  test('who proves nothing at all', async () => {
    const node = await guarded();
    const stranger = await Stranger.to(await addressOf(node));
    stranger.say(hello('data'));
    await stranger.said.count(1);
    stranger.say({ prove: 'me' });
    await stranger.closed;
    await node.logged(/it proves nothing \(ERR_LINK_PROTOCOL\)/);
  });
});

test('a node that was let in and then sends garbage, or claims 4 GiB, loses its link and nobody else does', async () => {
  const node = await guarded();
  const address = await addressOf(node);
  for (const bytes of [
    Buffer.from([0xff, 0xff, 0xff, 0xff, 1]),
    pack(Buffer.from('["claim",1]'), { header: 4 }),
    pack(randomBytes(200), { header: 4 }),
  ]) {
    const stranger = await Stranger.to(address);
    const mine = stranger.say(hello('directory'));
    const [theirs] = await stranger.said.count(1);
    stranger.say({ proof: proofOf('dialler', mine, theirs as Buffer) });
    await stranger.said.count(2);
    stranger.socket.write(bytes);
    await stranger.closed;
  }
  const seeds = [address];
  const two = await startPeer(2, { seeds, key: KEY });
  await two.run((skynet) => createMesh(skynet).connect(1));
});

describe('over tls', () => {
  const secured = (
    id: number,
    seeds: string[],
    ca: string | undefined,
    joinTimeout: '1s' | '30s' = '30s',
  ): Promise<TestNode> =>
    startPeer(
      id,
      { address: 'tls://127.0.0.1:0', seeds, joinTimeout },
      { transports: [tls({ server: certificate, client: ca === undefined ? {} : { ca } })] },
    );

  test('nodes talk who trust the certificate; another does not come in, and plain bytes do not', async () => {
    const one = await secured(1, [], certificate.cert);
    const seeds = [await addressOf(one)];
    expect(seeds[0]).toMatch(/^tls:/);
    expect(await codeOf(secured(3, seeds, undefined, '1s'))).toBe('ERR_MESH_UNREACHABLE');
    expect(
      await codeOf(startPeer(4, { seeds: [(seeds[0] as string).replace('tls://', '')], joinTimeout: '1s' })),
    ).toBe('ERR_MESH_UNREACHABLE');
    const two = await secured(2, seeds, certificate.cert);
    const echo = await two.newService('echo');
    expect(await one.run((skynet) => codeOf(skynet.call(echo, 'lua', 'echo', 'safe')))).toEqual({
      answered: ['safe'],
    });
  });
});

describe('at the same moment', () => {
  /** Links for messages that a node has, as its console's `netstat` counts them. */
  async function linksOf(node: TestNode): Promise<string[]> {
    return node.run(async (skynet) =>
      (await createMesh(skynet).nodes()).map(({ id, state }) => `${id} ${state}`),
    );
  }

  test('all open links to all: each pair has one, in both directions', async () => {
    const seeds = (await freePorts(4)).map((port) => `127.0.0.1:${port}`);
    const nodes = await Promise.all(seeds.map((address, i) => startPeer(i + 1, { address, seeds })));
    const echoes: Handle[] = [];
    for (const node of nodes) {
      echoes.push(await node.newService('echo'));
      await node.run(async (skynet) => {
        for (const id of [1, 2, 3, 4]) await createMesh(skynet).connect(id);
      });
    }
    for (const [i, node] of nodes.entries()) {
      expect(await linksOf(node)).toEqual(
        [1, 2, 3, 4].map((id) => `${id} ${id === i + 1 ? 'self' : 'ready'}`),
      );
      for (const echo of echoes)
        expect(await node.run((skynet) => codeOf(skynet.call(echo, 'lua', 'echo', i)))).toEqual({
          answered: [i],
        });
    }
    expect(nodes.flatMap(({ log }) => log.filter((line) => line.includes('is lost')))).toEqual([]);
  });

  test('several nodes claim one id: one gets it, the others do not start', async () => {
    const one = await startPeer(1);
    const seeds = [await addressOf(one)];
    const ends = await Promise.all([1, 2, 3, 4].map(() => codeOf(startPeer(7, { seeds }))));
    expect(ends.filter((end) => end === 'ERR_MESH_ID_TAKEN').length).toBe(3);
    await one.run((skynet) => createMesh(skynet).connect(7));
    expect(await linksOf(one)).toEqual(['1 self', '7 ready']);
  });
});

test('a way that passes bytes a few at a time carries everything, in order', async () => {
  const { one, relay } = await startBehindRelay({ silence: '60s' });
  relay.trickle(97);
  const two = await startPeer(2, { seeds: [await addressOf(one)], silence: '60s' });
  await two.run((skynet) => createMesh(skynet).connect(1));
  const echo = await one.newService('echo');
  const got = await two.run(async (skynet) => {
    for (let i = 0; i < 40; i++) skynet.send(echo, 'lua', 'add', i, 'x'.repeat(i * 10));
    return skynet.call(echo, 'lua', 'got');
  });
  expect(got).toEqual(Array.from({ length: 40 }, (_, i) => i));
});
