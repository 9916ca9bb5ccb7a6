import { once } from 'node:events';
import { connect } from 'node:net';
import type { Handle } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMesh } from '../../src/link.ts';
import { calling, codeOf, echoIn } from '../calls.ts';
import { addressOf, startBehindRelay, startMesh, startPeer } from './nodes.ts';
import { PeerProcess } from './peer-process.ts';
import type { Relay } from './relay.ts';

/** Shorter than a user's, so that tests need not wait as long. */
const SILENCE = '1500ms';

/** A node in this process, and one in a process of its own with the service `peer2`. */
async function withProcess(): Promise<{ one: TestNode; two: PeerProcess; peer: Handle }> {
  const one = await startPeer(1, { silence: SILENCE });
  const two = new PeerProcess({ id: 2, seeds: [await addressOf(one)], silence: SILENCE });
  const peer = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
  expect(await calling(one, peer, 'echo', 1)).toEqual({ answered: [1] });
  return { one, two, peer };
}

describe('two processes, started with the command and a configuration', () => {
  test('find each other in any order and talk', async () => {
    const first = new PeerProcess({ id: 1, address: '127.0.0.1:0' });
    const seeds = [await first.address()];
    const second = new PeerProcess({ id: 2, seeds }, { calls: 'peer1', threads: 2 });
    await second.lines.find((line) => line.includes('answer [{"from":2}]'), 'the answer of node 1');
  });

  test('a second one with the same id does not start, and says why', async () => {
    const one = await startPeer(1);
    const seeds = [await addressOf(one)];
    const taken = new PeerProcess({ id: 1, seeds });
    expect(await taken.exitCode()).toBe(1);
    expect(taken.lines.all.join('\n')).toMatch(/a node with id 1 is in the mesh already/);
  });

  test('one that finds nobody gives up and says so', async () => {
    const lonely = new PeerProcess({ id: 2, seeds: ['127.0.0.1:1'], joinTimeout: '300ms' });
    expect(await lonely.exitCode()).toBe(1);
    expect(lonely.lines.all.join('\n')).toMatch(/node 2 finds no node of the mesh at 127\.0\.0\.1:1/);
  });

  test('one is killed: calls to it fail, and its id can be used again', async () => {
    const { one, two, peer } = await withProcess();
    const pending = calling(one, peer, 'never');
    await calling(one, peer, 'echo');
    two.kill('SIGKILL');
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await calling(one, peer, 'echo')).toBe('ERR_NODE_LOST');
    const again = new PeerProcess({ id: 2, seeds: [await addressOf(one)], silence: SILENCE });
    await again.address();
    const fresh = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
    expect(await calling(one, fresh, 'echo', 2)).toEqual({ answered: [2] });
  });

  test('one is busy for longer than a silence lasts: it is not lost', async () => {
    const { one, peer } = await withProcess();
    expect(await calling(one, peer, 'busy', 3500)).toEqual({ answered: 'done' });
    expect(one.log.filter((line) => line.includes('is lost'))).toEqual([]);
  });

  test('one is stopped: calls to it fail; when it goes on it comes back', async () => {
    const { one, two, peer } = await withProcess();
    const pending = calling(one, peer, 'never');
    await calling(one, peer, 'echo');
    two.kill('SIGSTOP');
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await calling(one, peer, 'echo')).toBe('ERR_NODE_LOST');
    two.kill('SIGCONT');
    await one.run((skynet) => createMesh(skynet).connect(2));
    expect(await calling(one, peer, 'echo', 3)).toEqual({ answered: [3] });
    expect(await one.run(async (skynet) => skynet.queryName('peer2'))).toBe(peer);
  });

  test('the one that decides is stopped: the others go on, and it follows them when it is back', async () => {
    const first = new PeerProcess({ id: 1, silence: SILENCE });
    const seeds = [await first.address()];
    const two = await startPeer(2, { seeds, silence: SILENCE });
    const three = await startPeer(3, { seeds, silence: SILENCE });
    await two.run((skynet) => createMesh(skynet).connect(3));
    first.kill('SIGSTOP');
    await two.run((skynet) => createMesh(skynet).link(1));
    const owner = await three.run((skynet) => codeOf(createMesh(skynet).claimName('meanwhile')));
    expect(owner).toEqual({ answered: undefined });
    first.kill('SIGCONT');
    await two.run((skynet) => createMesh(skynet).connect(1));
    await first.lines.find((line) => line.includes('this one follows it'), 'that it follows');
    const peer = (await two.run((skynet) => skynet.queryName('peer1'))) ?? 0;
    expect(await calling(two, peer, 'echo', 4)).toEqual({ answered: [4] });
  });
});

describe('a node that is cut off', () => {
  test('gives no names until it is back', async () => {
    const first = new PeerProcess({ id: 1, silence: SILENCE });
    const two = await startPeer(2, { seeds: [await first.address()], silence: SILENCE });
    await two.run((skynet) => createMesh(skynet).connect(1));
    const claim = (name: string): Promise<unknown> =>
      two.run((skynet) => codeOf(createMesh(skynet).claimName(name)));
    expect(await claim('before')).toEqual({ answered: undefined });
    first.kill('SIGSTOP');
    await two.logged(/this node is cut off from the mesh: 1 of 2 nodes are not heard of/);
    expect(await claim('while')).toBe('ERR_MESH_ISOLATED');
    // What it has itself goes on.
    const echo = await two.newService('echo');
    expect(await calling(two, echo, 'echo', 1)).toEqual({ answered: [1] });
    first.kill('SIGCONT');
    await two.logged(/this node is in the mesh again/);
    expect(await claim('after')).toEqual({ answered: undefined });
    await two.run((skynet) => createMesh(skynet).connect(1));
  });

  test('stops, if it is told to', async () => {
    const first = new PeerProcess({ id: 1, silence: SILENCE });
    const second = new PeerProcess({
      id: 2,
      seeds: [await first.address()],
      silence: SILENCE,
      onIsolated: 'stop',
    });
    await second.address();
    first.kill('SIGSTOP');
    expect(await second.exitCode()).toBe(1);
    expect(second.lines.all.join('\n')).toMatch(/this node is cut off from the mesh/);
  });
});

describe('the way between two nodes', () => {
  /** Two nodes with a relay between them, and a call under way from the second to the first. */
  async function underWay(): Promise<{
    relay: Relay;
    two: TestNode;
    echo: Handle;
    pending: Promise<unknown>;
  }> {
    const { one, relay } = await startBehindRelay({ silence: SILENCE });
    const two = await startPeer(2, { seeds: [await addressOf(one)], silence: SILENCE });
    await two.run((skynet) => createMesh(skynet).connect(1));
    const echo = await echoIn(one);
    const pending = calling(two, echo, 'never');
    await calling(two, echo, 'echo');
    return { relay, two, echo, pending };
  }

  test('is cut: calls fail, and go on over a new link', async () => {
    const { relay, two, echo, pending } = await underWay();
    relay.cut();
    expect(await pending).toBe('ERR_NODE_LOST');
    await two.run((skynet) => createMesh(skynet).connect(1));
    expect(await calling(two, echo, 'echo', 1)).toEqual({ answered: [1] });
  });

  test('passes no bytes, though both nodes live: it counts as lost', async () => {
    const { relay, two, pending } = await underWay();
    relay.hold();
    expect(await pending).toBe('ERR_NODE_LOST');
    await two.logged(
      /node 1 is lost: (the link passes no bytes, though both sides have the time|nothing was heard) of node 1 for 1500 ms \(ERR_LINK_SILENT\)/,
    );
  });
});

describe('a stranger', () => {
  /** What a stranger gets who sends that, until the node closes the connection. */
  async function saying(address: string, ...chunks: Uint8Array[]): Promise<Buffer> {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    onTestFinished(() => void socket.destroy());
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.on('error', () => {});
    await once(socket, 'connect');
    for (const chunk of chunks) socket.write(chunk);
    await once(socket, 'close');
    return Buffer.concat(got);
  }

  const frame = (text: string): Buffer => {
    const bytes = Buffer.from(`    ${text}`);
    bytes.writeUInt32BE(bytes.length - 4, 0);
    return bytes;
  };

  test('who speaks nonsense, or claims 4 GiB, is let go, and nobody else', async () => {
    const [one, two] = (await startMesh(2)) as [TestNode, TestNode];
    const address = await addressOf(one);
    const echo = await two.run((skynet) => skynet.newService('echo'));
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(4, 0xff),
      frame('{"version":1}'),
      frame('[]'),
      frame('null'),
      frame('{'),
      frame(JSON.stringify({ version: 2 })),
      Buffer.concat([Buffer.from([0, 0, 0, 4]), Buffer.alloc(4, 0xff)]),
    ])
      await saying(address, bytes);
    expect(await calling(one, echo, 'echo', 5)).toEqual({ answered: [5] });
    expect(one.log.filter((line) => line.includes('is lost'))).toEqual([]);
    // Nobody's bytes reach the log as they are.
    expect(one.log.join('\n')).not.toMatch(/HTTP/);
  });
});
