import { setTimeout as pause } from 'node:timers/promises';
import type { Handle } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { describe, expect } from 'vitest';
import { createMesh, type NatsOptions } from '../../src/nats.ts';
import { calling, codeOf, echoIn } from '../calls.ts';
import { PeerProcess } from '../mesh/peer-process.ts';
import { allConnected, newMesh, onServer, ownServer, startNodes, startPeer, why } from './nodes.ts';

/** Milliseconds that something is away longer than the rest of a test takes: those of the night let it be for long. */
const AWAY = Number(process.env.SKYNET_NATS_AWAY ?? 0);
const PATIENCE = { timeout: 120_000 };
const config = 'nats.config.mjs';

describe.each([true, false])('two nodes, directly %s', PATIENCE, (direct) => {
  /** A node in this process and one in a process of its own, and a call under way from the first to the second. */
  async function underWay() {
    const server = await ownServer();
    const given = { mesh: newMesh(), servers: server.url, direct, silence: '1s' as const };
    const one = await startPeer({ ...given, id: 1 });
    const two = new PeerProcess({ ...given, id: 2 }, { config });
    const peer = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
    const pending = calling(one, peer, 'never');
    expect(await calling(one, peer, 'echo', 1)).toEqual({ answered: [1] });
    return { given, one, two, peer, pending };
  }

  onServer(`one is killed: calls to it fail, its names and its id are free${why}`, async () => {
    const { given, one, two, peer, pending } = await underWay();
    two.kill('SIGKILL');
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await calling(one, peer, 'echo')).toBe('ERR_NODE_LOST');
    await new PeerProcess({ ...given, id: 2 }, { config }).address();
    await one.run((skynet) => createMesh(skynet).connect(2));
    const fresh = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
    expect(await calling(one, fresh, 'echo', 2)).toEqual({ answered: [2] });
  });

  onServer(`one is stopped: calls to it fail; when it goes on it comes back${why}`, async () => {
    const { one, two, peer, pending } = await underWay();
    two.kill('SIGSTOP');
    expect(await pending).toBe('ERR_NODE_LOST');
    two.kill('SIGCONT');
    await one.run((skynet) => createMesh(skynet).connect(2));
    expect(await calling(one, peer, 'echo', 3)).toEqual({ answered: [3] });
  });

  onServer(
    `one is stopped for longer than its lease: back, it has its id and its names again${why}`,
    async () => {
      const server = await ownServer();
      const given = {
        ...{ mesh: newMesh(), servers: server.url, direct },
        ...({ silence: '1s', lease: '3s' } as const),
      };
      const one = await startPeer({ ...given, id: 1 });
      const two = new PeerProcess({ ...given, id: 2 }, { config });
      const peer = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
      two.kill('SIGSTOP');
      await one.logged(/node 2 counts as gone/);
      await pause(AWAY);
      two.kill('SIGCONT');
      expect(await one.run((skynet) => skynet.queryName('peer2'))).toBe(peer);
      await one.run((skynet) => createMesh(skynet).connect(2));
      expect(await calling(one, 'peer2', 'echo', 3)).toEqual({ answered: [3] });
    },
  );

  onServer(`one is busy for longer than a silence lasts: it is not lost${why}`, async () => {
    const server = await ownServer();
    const given = { mesh: newMesh(), servers: server.url, direct, silence: '1s' as const };
    const one = await startPeer({ ...given, id: 1 });
    new PeerProcess({ ...given, id: 2 }, { config });
    const peer = (await one.run((skynet) => skynet.queryName('peer2'))) ?? 0;
    expect(await calling(one, peer, 'busy', 2500)).toEqual({ answered: 'done' });
    expect(one.log.filter((line) => line.includes('is lost'))).toEqual([]);
  });

  onServer(`the server is killed and comes back${why}`, async () => {
    const server = await ownServer();
    const given = { mesh: newMesh(), servers: server.url, direct };
    const nodes = await startNodes(2, given);
    const [one, two] = nodes as [TestNode, TestNode];
    const echo = await echoIn(two, 'before');
    await one.run((skynet) => skynet.queryName('before'));
    const pending = calling(one, echo, 'never');
    await calling(one, echo, 'echo');
    await server.kill();
    await one.logged(/NATS at .* is lost/);
    if (direct) expect(await calling(one, echo, 'echo', 1)).toEqual({ answered: [1] });
    else expect(await pending).toBe('ERR_NODE_LOST');
    await pause(AWAY);
    await server.start();
    await one.logged(/is connected again/);
    await two.logged(/is connected again/);
    await allConnected(nodes);
    expect(await calling(one, 'before', 'echo', 2)).toEqual({ answered: [2] });
    if (direct) expect(one.log.some((line) => line.includes('node 2 is lost'))).toBe(false);
    const after = await echoIn(two, 'after');
    expect(await one.run((skynet) => skynet.queryName('after'))).toBe(after);
  });
});

describe('nodes', PATIENCE, () => {
  onServer(`that do not reach each other talk over NATS${why}`, async () => {
    const server = await ownServer();
    const nodes = await startNodes(2, {
      mesh: newMesh(),
      servers: server.url,
      // Nobody listens there.
      advertise: '127.0.0.1:1',
    });
    const [one, two] = nodes as [TestNode, TestNode];
    const echo = await echoIn(two);
    expect(await calling(one, echo, 'echo', 1)).toEqual({ answered: [1] });
    await two.logged(/node 1 is reached over NATS/);
  });

  onServer(`an id in use is refused, with a reason and an exit code${why}`, async () => {
    const server = await ownServer();
    const given: NatsOptions = { id: 1, mesh: newMesh(), servers: server.url };
    const one = await startPeer(given);
    const second = new PeerProcess(given, { config });
    expect(await second.exitCode()).toBe(1);
    expect(second.lines.all.join('\n')).toMatch(/a node with id 1 is in the mesh already/);
    await one.stop();
    await new PeerProcess(given, { config }).address();
  });

  onServer(`may start before the server does${why}`, async () => {
    const server = await ownServer();
    await server.kill();
    const early = startPeer({ id: 1, mesh: newMesh(), servers: server.url });
    await server.start();
    const one = await early;
    expect(await one.run((skynet) => createMesh(skynet).nodes())).toHaveLength(1);
  });

  onServer(`without NATS for longer than a lease: one goes on and comes back, one stops${why}`, async () => {
    const server = await ownServer();
    const given = { mesh: newMesh(), servers: server.url, lease: '4s' as const };
    const keeps = await startPeer({ ...given, id: 1 });
    const stops = new PeerProcess({ ...given, id: 2, onIsolated: 'stop' }, { config });
    await stops.address();
    const echo = await echoIn(keeps, 'kept');
    await keeps.run((skynet) => createMesh(skynet).connect(2));
    await server.kill();
    await keeps.logged(/this node is cut off from the mesh/);
    expect(await stops.exitCode()).toBe(1);
    expect(await keeps.run((skynet) => codeOf(createMesh(skynet).claimName('now')))).toBe(
      'ERR_MESH_ISOLATED',
    );
    expect(await calling(keeps, 'kept', 'echo', 1)).toEqual({ answered: [1] });
    const meanwhile = await echoIn(keeps, 'meanwhile');
    await keeps.logged(/global name meanwhile of/);
    expect(await calling(keeps, 'meanwhile', 'echo', 1)).toEqual({ answered: [1] });
    await server.start();
    await keeps.logged(/this node is in the mesh again/);
    const three = await startPeer({ ...given, id: 3 });
    expect(await three.run((skynet) => skynet.queryName('kept'))).toBe(echo);
    expect(await three.run((skynet) => skynet.queryName('meanwhile'))).toBe(meanwhile);
    expect(await calling(three, echo as Handle, 'echo', 2)).toEqual({ answered: [2] });
    // Its lease has run out long ago, and nobody renews it.
    await keeps.run((skynet) => createMesh(skynet).link(2));
    const nodes = await keeps.run((skynet) => createMesh(skynet).nodes());
    expect(nodes.map(({ id }) => id)).toContain(3);
  });
});
