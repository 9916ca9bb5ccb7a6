import { once } from 'node:events';
import { connect } from 'node:net';
import type { Skynet } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import type { TestNode } from '@skynet/core/testing';
import { describe, expect, test } from 'vitest';
import { createDatacenter } from '../../src/datacenter.ts';
import { encodeControl } from '../../src/harbor/control.ts';
import { MAX_CONTENT } from '../../src/harbor/frame.ts';
import { createHarbor, harbor } from '../../src/index.ts';
import { codeOf, echoIn } from '../calls.ts';
import { freeAddress, startMember, startNetwork } from './nodes.ts';

describe('two nodes', () => {
  test('call each other by handle and by name, and handles begin with the id', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const first = await echoIn(one, 'first');
    const second = await echoIn(two, 'second');
    expect([first >>> 24, second >>> 24]).toEqual([1, 2]);
    const values = ['a', 1.5, true, [1, 2], { x: 'y' }, undefined, 2n ** 60n];
    expect(await one.run((skynet) => skynet.call(second, 'lua', 'echo', ...values))).toEqual(values);
    expect(await two.run((skynet) => skynet.call('first', 'lua', 'echo', 1))).toEqual([1]);
    expect(await one.run((skynet) => skynet.call('second', 'lua', 'call', first, 'echo', 2))).toEqual([2]);
  });

  test('errors come back as such', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const second = await echoIn(two);
    await one.run(async (skynet) => {
      expect(await codeOf(skynet.call(second, 'lua', 'boom'))).toBe('ERR_REMOTE');
      expect(await codeOf(skynet.call(second, 'lua', 'unknown'))).toBe('ERR_REMOTE');
      expect(await codeOf(skynet.call(0x02ffff00, 'lua', 'echo'))).toBe('ERR_REMOTE');
      expect(await codeOf(skynet.call(second, 'lua', 'exit'))).toBe('ERR_REMOTE');
      expect(await codeOf(skynet.call(second, 'lua', 'echo'))).toBe('ERR_REMOTE');
    });
    await two.logged(/Unknown destination :2ffff00 from :1[0-9a-f]+ type\(10\)/);
  });

  test('messages come in the order of sending', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    const count = 3000;
    const got = await one.run(async (skynet) => {
      await skynet.queryName('second');
      for (let i = 0; i < count; i++) skynet.send(i % 2 === 0 ? second : 'second', 'lua', 'add', i);
      return skynet.call(second, 'lua', 'got');
    });
    expect(got).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('a name that nobody has yet is waited for, also by messages, in their order', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const waiting = one.run(async (skynet) => {
      for (let i = 0; i < 5; i++) skynet.send('late', 'lua', 'add', i);
      const [handle, got] = await Promise.all([skynet.queryName('late'), skynet.call('late', 'lua', 'got')]);
      return { handle, got };
    });
    const second = await echoIn(two, 'late');
    expect(await waiting).toEqual({ handle: second, got: [0, 1, 2, 3, 4] });
    // Known now, and gone: the answer is the missing service's.
    await one.run((skynet) => codeOf(skynet.call('late', 'lua', 'exit')));
    expect(await one.run((skynet) => codeOf(skynet.call('late', 'lua', 'echo')))).toBe('ERR_REMOTE');
  });

  test('a name that somebody has is refused to others', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const first = await echoIn(one, 'mine');
    expect(await two.run((skynet) => skynet.queryName('mine'))).toBe(first);
    await two.run((skynet) => {
      expect(() => skynet.register('mine')).toThrow(expect.objectContaining({ code: 'ERR_NAME_TAKEN' }));
    });
  });

  test('two claim one name at the same moment: all agree whose it is', async () => {
    const nodes = (await startNetwork(3)) as [TestNode, TestNode, TestNode];
    const [, two, three] = nodes;
    const claimants = await Promise.all([echoIn(two, 'twin'), echoIn(three, 'twin')]);
    const owners = (): Promise<unknown[]> =>
      Promise.all(nodes.map((node) => node.run((skynet) => skynet.queryName('twin'))));
    // Each believes itself until the master's word has come.
    let seen = await owners();
    while (new Set(seen).size > 1) seen = await owners();
    expect(claimants).toContain(seen[0]);
    for (const node of nodes)
      expect(await node.run((skynet) => skynet.call('twin', 'lua', 'echo', 1))).toEqual([1]);
  });

  test('what does not fit into a frame fails at its sender, and the link lives', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    await one.run(async (skynet) => {
      const large = new Uint8Array(MAX_CONTENT);
      expect(await codeOf(skynet.call(second, 'lua', 'echo', large))).toBe('ERR_FRAME_TOO_LARGE');
      expect(() => skynet.send(second, 'lua', 'add', large)).toThrow(
        expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }),
      );
      // The answer is too large: the caller is told, and the log of who answers.
      expect(await codeOf(skynet.call(second, 'lua', 'bytes', MAX_CONTENT + 1))).toBe('ERR_REMOTE');
      const most = MAX_CONTENT - 'echo'.length - 1 - 5;
      expect(await skynet.call<unknown[]>(second, 'lua', 'echo', new Uint8Array(most - 16))).toHaveLength(1);
      expect(await skynet.call(second, 'lua', 'echo', 1)).toEqual([1]);
    });
    await two.logged(/the answer to :01[0-9a-f]{6} cannot be sent: a message of \d+ bytes/);
  });

  test('what lua-seri does not hold fails at its sender', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const second = await echoIn(two);
    await one.run(async (skynet) => {
      expect(await codeOf(skynet.call(second, 'lua', 'echo', 2n ** 70n))).toBe('ERR_UNSERIALIZABLE');
      expect(await skynet.call(second, 'lua', 'echo', 1)).toEqual([1]);
    });
  });
});

describe('a node that is lost', () => {
  test('fails what was pending and what comes later, and whoever watches is told', async () => {
    const [one, two] = (await startNetwork(2)) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    const ended = one.run(async (skynet) => {
      const gone = new Promise((resolve) => skynet.watch(second, resolve));
      const pending = codeOf(skynet.call(second, 'lua', 'never'));
      skynet.error('calling');
      await createHarbor(skynet).link(2);
      return {
        pending: await pending,
        later: await codeOf(skynet.call(second, 'lua', 'echo', 1)),
        byName: await codeOf(skynet.call('second', 'lua', 'echo', 1)),
        sent: skynet.send(second, 'lua', 'add', 1),
        gone: await skynet.await(gone),
      };
    });
    await one.logged(/calling/);
    await two.stop();
    expect(await ended).toEqual({
      // A service of a node that stops may still say that it ends.
      pending: expect.stringMatching(/^ERR_(NODE_LOST|REMOTE)$/),
      later: 'ERR_NODE_LOST',
      byName: 'ERR_NODE_LOST',
      sent: undefined,
      gone: { handle: second, reason: expect.stringMatching(/^(node-lost|exited)$/) },
    });
  });

  test('can join again under its id, and everybody reaches it', async () => {
    const master = await freeAddress();
    const one = await startMember(master, 1, { isMaster: true });
    const three = await startMember(master, 3);
    const before = await startMember(master, 2);
    await echoIn(before, 'two');
    await three.run((skynet) => skynet.call('two', 'lua', 'echo', 1));
    await before.stop();
    await one.run((skynet) => createHarbor(skynet).link(2));
    await three.run((skynet) => createHarbor(skynet).link(2));
    const again = await startMember(master, 2);
    const handle = await echoIn(again, 'two');
    for (const node of [one, three]) {
      await node.run((skynet) => createHarbor(skynet).connect(2));
      expect(await node.run((skynet) => skynet.call(handle, 'lua', 'echo', 5))).toEqual([5]);
      expect(await node.run((skynet) => skynet.call('two', 'lua', 'echo', 6))).toEqual([6]);
    }
    const first = await echoIn(one);
    expect(await again.run((skynet) => skynet.call(first, 'lua', 'echo', 7))).toEqual([7]);
  });

  test('is the master: the others go on', async () => {
    const [one, two, three] = (await startNetwork(3)) as [TestNode, TestNode, TestNode];
    const third = await echoIn(three, 'third');
    await two.run((skynet) => skynet.queryName('third'));
    const lost = two.run((skynet) => createHarbor(skynet).linkMaster());
    await one.stop();
    await lost;
    await two.logged(/Master disconnect/);
    await two.run(async (skynet) => {
      expect(await skynet.call(third, 'lua', 'echo', 1)).toEqual([1]);
      expect(await skynet.call('third', 'lua', 'echo', 2)).toEqual([2]);
      // Nobody could say whose it is.
      expect(await codeOf(skynet.call('nobody', 'lua', 'echo', 2))).toBe('ERR_NODE_LOST');
      await createHarbor(skynet).linkMaster();
    });
  });
});

describe('a master that comes back', () => {
  test('is joined again by all, with their names, and knows who came before', async () => {
    const [master, address] = [await freeAddress(), await freeAddress()];
    const before = await startMember(master, 1, { isMaster: true, address });
    const two = await startMember(master, 2);
    const three = await startMember(master, 3);
    const second = await echoIn(two, 'second');
    const third = await echoIn(three, 'third');
    const unique = await three.run((skynet) => skynet.uniqueService(true, 'echo'));
    await two.run((skynet) => createDatacenter(skynet).set('a', 1));
    const channel = await two.run(async (skynet) => (await createMulticast(skynet).new<[string]>()).channel);
    await Promise.all([two, three].map((node) => node.run((skynet) => skynet.queryName('third'))));
    const waiting = three.run((skynet) => skynet.queryName('late'));

    await before.stop();
    await Promise.all([two, three].map((node) => node.logged(/Master disconnect/)));
    await three.run(async (skynet) => {
      expect(await codeOf(skynet.call(unique, 'lua', 'echo', 1))).toBe('ERR_NODE_LOST');
      expect(await skynet.call(second, 'lua', 'echo', 1)).toEqual([1]);
    });
    // Given while nobody keeps names.
    await two.run(async (skynet) => skynet.nameService('orphan', second));

    const one = await startMember(master, 1, { isMaster: true, address });
    await Promise.all([two, three].map((node) => node.logged(/Master connected again/)));
    // All are connected with the node of the master, too, and names are found from it and by who comes now.
    for (const node of [two, three]) await node.run((skynet) => createHarbor(skynet).connect(1));
    await one.run((skynet) => createHarbor(skynet).connect(2));
    await one.run((skynet) => createHarbor(skynet).connect(3));
    const four = await startMember(master, 4);
    for (const node of [one, two, three, four]) {
      expect(await node.run((skynet) => skynet.queryName('third'))).toBe(third);
      expect(await node.run((skynet) => skynet.queryName('orphan'))).toBe(second);
      expect(await node.run((skynet) => skynet.call(third, 'lua', 'echo', 2))).toEqual([2]);
      expect(await node.run((skynet) => skynet.call('second', 'lua', 'echo', 3))).toEqual([3]);
    }
    const late = await echoIn(four, 'late');
    expect(await waiting).toBe(late);

    // What the node of the master keeps for all begins anew.
    const handles = await Promise.all(
      [two, three, four].map((node) => node.run((skynet) => skynet.uniqueService(true, 'echo'))),
    );
    expect(new Set(handles).size).toBe(1);
    expect(await three.run((skynet) => skynet.call(handles[0] as number, 'lua', 'echo', 4))).toEqual([4]);
    const datacenter = await two.run((skynet) => createDatacenter(skynet).get('a'));
    expect(datacenter).toBeUndefined();
    const list = (): Promise<Record<string, string>> =>
      one.run((skynet) => skynet.call<Record<string, string>>('.service', 'lua', 'LIST'));
    await two.run((skynet) => skynet.uniqueService('echo'));
    // It is told by a message that nobody waits for.
    while (!Object.keys(await list()).includes('echo@2'));
    // A channel of a node that stayed is found by who comes now.
    const heard = four.run(
      (skynet) =>
        new Promise((resolve) => {
          const bound = createMulticast(skynet).bind(channel, {
            dispatch: (_channel, _source, text) => resolve(text),
          });
          void bound.subscribe().then(() => skynet.error('subscribed'));
        }),
    );
    await four.logged(/subscribed/);
    await two.run(async (skynet) => void (await createMulticast(skynet).bind(channel).publish('hello')));
    expect(await heard).toBe('hello');

    // It may go again.
    const lost = two.run((skynet) => createHarbor(skynet).linkMaster());
    await one.stop();
    await lost;
    const again = await startMember(master, 1, { isMaster: true, address });
    await again.run((skynet) => createHarbor(skynet).connect(2));
    expect(await again.run((skynet) => skynet.queryName('orphan'))).toBe(second);
  });

  test('does not get the names of services that are gone', async () => {
    const [master, address] = [await freeAddress(), await freeAddress()];
    const before = await startMember(master, 1, { isMaster: true, address });
    const two = await startMember(master, 2);
    const mortal = await echoIn(two, 'mortal');
    await echoIn(two, 'living');
    await before.stop();
    await two.logged(/Master disconnect/);
    await two.run(async (skynet) => skynet.kill(mortal));
    const one = await startMember(master, 1, { isMaster: true, address });
    expect(await one.run((skynet) => skynet.queryName('living'))).toBeGreaterThan(0);
    const after = await echoIn(one, 'mortal');
    await two.run((skynet) => createHarbor(skynet).connect(1));
    expect(await one.run((skynet) => skynet.queryName('mortal'))).toBe(after);
  });
});

describe('joining', () => {
  test('an id that is in use is refused, and the network is as before', async () => {
    const master = await freeAddress();
    const one = await startMember(master, 1, { isMaster: true });
    const two = await startMember(master, 2);
    await expect(startMember(master, 2)).rejects.toMatchObject({
      code: 'ERR_HARBOR_REFUSED',
      message: expect.stringContaining('harbor 2'),
    });
    await one.logged(/disconnect fd = \d+, error = Slave 2 already register on 127/);
    const second = await echoIn(two);
    expect(await one.run((skynet) => skynet.call(second, 'lua', 'echo', 1))).toEqual([1]);
  });

  test('two claim one id at the same moment: one gets it', async () => {
    const master = await freeAddress();
    await startMember(master, 1, { isMaster: true });
    const results = await Promise.allSettled([startMember(master, 2), startMember(master, 2)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('without a master there is nothing to join', async () => {
    const nowhere = await freeAddress();
    await expect(startMember(nowhere, 2)).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  });

  test.each([
    [encodeControl(['Q', 'x']), /disconnect fd = \d+, error = Invalid handshake type Q/],
    [encodeControl(['H', 0, 'x']), /disconnect fd = \d+, error = Invalid slave id 0/],
    [Buffer.from('\x05garbage'), /disconnect fd = \d+, error = /],
  ])('a stranger is turned away by the master: %j', async (bytes, line) => {
    const master = await freeAddress();
    const one = await startMember(master, 1, { isMaster: true });
    const socket = connect(Number(master.split(':')[1]), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await one.logged(line);
    await once(socket, 'close');
    const two = await startMember(master, 2);
    expect(await two.run((skynet) => skynet.queryName('SERVICE'))).toBeGreaterThan(0);
  });

  test.each([
    [{ id: 0, address: 'a:1', master: 'b:1' }, 'id'],
    [{ id: 256, address: 'a:1', master: 'b:1' }, 'id'],
    [{ id: 1, master: 'b:1' }, 'address'],
    [{ id: 1, address: 'a:1' }, 'master'],
    [{ id: 1, address: 'a:1', master: 'b:1', adress: 'c:1' }, 'adress'],
  ])('the options %j are refused', (options, key) => {
    expect(() => harbor(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', details: expect.objectContaining({ key }) }),
    );
  });
});

describe('unique services of the network', () => {
  test('run once, on the node of the master, whoever asks', async () => {
    const [one, two, three] = (await startNetwork(3)) as [TestNode, TestNode, TestNode];
    const queried = three.run((skynet) => skynet.queryService(true, 'echo'));
    const handles = await Promise.all(
      [two, one, two].map((node) => node.run((s) => s.uniqueService(true, 'echo'))),
    );
    expect(new Set([...handles, await queried]).size).toBe(1);
    expect((handles[0] as number) >>> 24).toBe(1);
    // One of the node's own is another.
    const own = await two.run((skynet) => skynet.uniqueService('echo'));
    expect(own >>> 24).toBe(2);
    const list = await one.run((skynet) => skynet.call<Record<string, string>>('.service', 'lua', 'LIST'));
    expect(list['@echo']).toBe(`:${(handles[0] as number).toString(16).padStart(8, '0')}`);
    expect(list['echo@2']).toBe(`:${own.toString(16).padStart(8, '0')}`);
  });

  test('that cannot be started fail with the reason, and can be tried again', async () => {
    const [, two] = (await startNetwork(2)) as [TestNode, TestNode];
    for (let tries = 0; tries < 2; tries++)
      await expect(two.run((skynet) => skynet.uniqueService(true, 'nosuch'))).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringContaining('nosuch'),
      });
  });
});

describe('a node without a network', () => {
  const alone = (work: (skynet: Skynet) => Promise<unknown>) => async (): Promise<void> => {
    const { startTestNode } = await import('@skynet/core/testing');
    const { onTestFinished } = await import('vitest');
    const node = await startTestNode({}, { after: onTestFinished });
    await node.run(work);
  };

  test(
    'is connected to nobody',
    alone(async (skynet) => {
      const network = createHarbor(skynet);
      await network.link(2);
      expect(await codeOf(network.connect(2))).toBe('ERR_HARBOR_ALONE');
      expect(await codeOf(network.linkMaster())).toBe('ERR_HARBOR_ALONE');
      expect(await codeOf(network.link(0))).toBe('ERR_ARGUMENT');
      expect(await codeOf(skynet.call(0x02000005, 'lua', 'x'))).toBe('ERR_NO_SERVICE');
      expect(await codeOf(skynet.call('nobody', 'lua', 'x'))).toBe('ERR_NO_SERVICE');
      network.globalName('me');
      expect(await network.queryName('me')).toBe(skynet.self());
    }),
  );
});
