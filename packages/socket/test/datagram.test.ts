import { createSocket as udpSocket } from 'node:dgram';
import { once } from 'node:events';
import { isSkynetError } from '@skynet/core';
import { describe, expect, test } from 'vitest';
import { createSocket } from '../src/index.ts';
import { livingService, Signal, testNode } from './setup.ts';

async function service() {
  const node = await testNode();
  const skynet = await livingService(node);
  return { node, skynet, socket: createSocket(skynet) };
}

describe('UDP', () => {
  test('a server answers a dialled client', async () => {
    const { socket } = await service();
    const server = await socket.udpListen('127.0.0.1', 0, (data, from) => {
      expect(socket.udpAddress(from)[0]).toBe('127.0.0.1');
      socket.sendTo(server, from, [data.toUpperCase(), 1]);
    });
    const answer = new Signal<string>();
    const client = await socket.udpDial('127.0.0.1', socket.localAddress(server).port, (data) =>
      answer.resolve(data),
    );
    expect(socket.write(client, 'hello')).toBe(true);
    expect(await answer.promise).toBe('HELLO1');
  });

  test('packets with an outside program, as bytes, over IPv6', async () => {
    const { skynet } = await service();
    const socket = createSocket(skynet, { encoding: 'bytes' });
    const got = new Signal<[Buffer, string]>();
    const id = await socket.udp((data, from) => got.resolve([data, from]), '::1');
    const outside = udpSocket('udp6');
    try {
      outside.bind(0, '::1');
      await once(outside, 'listening');
      outside.send(Buffer.from([1, 255]), socket.localAddress(id).port, '::1');
      const [data, from] = await got.promise;
      expect(data).toEqual(Buffer.from([1, 255]));
      expect(socket.udpAddress(from)).toEqual(['::1', outside.address().port]);
      const echoed = once(outside, 'message');
      expect(socket.sendTo(id, from, Buffer.from([2]))).toBe(true);
      expect((await echoed)[0]).toEqual(Buffer.from([2]));
    } finally {
      outside.close();
    }
  });

  test('udpConnect sets the peer and another callback', async () => {
    const { socket } = await service();
    const server = await socket.udp((data, from) => socket.sendTo(server, from, `re ${data}`), '127.0.0.1');
    const answer = new Signal<string>();
    const client = await socket.udp(() => answer.resolve('wrong callback'));
    expect(socket.write(client, 'nobody to send to')).toBe(false);
    await socket.udpConnect(client, 'localhost', socket.localAddress(server).port, (data) =>
      answer.resolve(data),
    );
    socket.write(client, 'hi');
    expect(await answer.promise).toBe('re hi');
  });

  test('a socket without an address becomes one of the family of its peer', async () => {
    const { socket } = await service();
    const server = await socket.udpListen('::1', 0, (data, from) => {
      expect(socket.udpAddress(from)[0]).toBe('::1');
      socket.sendTo(server, from, `re ${data}`);
    });
    const old = await socket.udpListen('127.0.0.1', 0, (data, from) =>
      socket.sendTo(old, from, `v4 ${data}`),
    );
    const { port } = socket.localAddress(server);
    let answer = new Signal<string>();
    const client = await socket.udp((data) => answer.resolve(data));
    expect(socket.localAddress(client).address).toBe('0.0.0.0');
    await socket.udpConnect(client, '::1', port);
    expect(socket.write(client, 'hi')).toBe(true);
    expect(await answer.promise).toBe('re hi');
    expect(socket.netstat().find(({ id }) => id === client)).toMatchObject({
      sock: expect.stringMatching(/^\[::\]:\d+$/),
      peer: `[::1]:${port}`,
    });
    // It is for both families now, and names addresses of the old one as such.
    answer = new Signal();
    socket.sendTo(client, `127.0.0.1:${socket.localAddress(old).port}`, 'hello');
    expect(await answer.promise).toBe('v4 hello');
    answer = new Signal();
    await socket.udpConnect(client, '127.0.0.1', socket.localAddress(old).port);
    socket.write(client, 'again');
    expect(await answer.promise).toBe('v4 again');
  });

  test('a socket that has an address or has been used stays what it is, and says what it cannot reach', async () => {
    const { socket } = await service();
    const fixed = await socket.udpListen('127.0.0.1', 0, () => {});
    const used = await socket.udp(() => {});
    socket.sendTo(used, `127.0.0.1:${socket.localAddress(fixed).port}`, 'x');
    const six = await socket.udpListen('::1', 0, () => {});
    const invalid = expect.objectContaining({ code: 'ERR_ADDRESS_INVALID', message: expect.any(String) });
    for (const id of [fixed, used]) {
      await expect(socket.udpConnect(id, '::1', 9)).rejects.toEqual(invalid);
      expect(() => socket.sendTo(id, '[::1]:9', 'x')).toThrow(invalid);
      expect(socket.write(id, 'x')).toBe(false);
    }
    await expect(socket.udpConnect(six, '127.0.0.1', 9)).rejects.toEqual(invalid);
    await expect(socket.udpConnect(six, '127.0.0.1', 9)).rejects.toThrow(
      `Invalid address 127.0.0.1. The socket is bound to [::1]:${socket.localAddress(six).port}`,
    );
    expect(() => socket.sendTo(six, '127.0.0.1:9', 'x')).toThrow(invalid);
    expect(() => socket.sendTo(fixed, 'localhost:9', 'x')).toThrow(invalid);
    expect(() => socket.sendTo(fixed, '999.1.1.1:9', 'x')).toThrow(invalid);
  });

  test('what cannot be sent is told, but not packet by packet', async () => {
    const { node, socket } = await service();
    const client = await socket.udpDial('127.0.0.1', 9, () => {});
    for (let i = 0; i < 100; i++) socket.write(client, Buffer.alloc(70_000));
    await node.logged(`socket: error on ${client} Message too long`);
    const late = new Signal<string>();
    const server = await socket.udpListen('127.0.0.1', 0, (data) => late.resolve(data));
    socket.sendTo(client, `127.0.0.1:${socket.localAddress(server).port}`, 'good');
    expect(await late.promise).toBe('good');
    expect(node.log.filter((line) => line.includes('Message too long'))).toHaveLength(1);
  });

  test('closing frees the port, ends with the service, and takes no more', async () => {
    const { node, skynet, socket } = await service();
    const id = await socket.udpListen('127.0.0.1', 0, () => {});
    const { port } = socket.localAddress(id);
    await socket.close(id);
    expect(socket.sendTo(id, '127.0.0.1:9', 'x')).toBe(false);
    expect(socket.write(id, 'x')).toBe(false);
    await socket.udpListen('127.0.0.1', port, () => {});
    await node.run((visitor) => visitor.kill(skynet.self()));
    const other = createSocket(await livingService(node));
    await other.udpListen('127.0.0.1', port, () => {});
  });

  test('a callback that throws is logged, the next packet is delivered', async () => {
    const { node, socket } = await service();
    const second = new Signal<string>();
    const server = await socket.udp((data) => {
      if (data === 'bad') throw new Error('bad packet');
      second.resolve(data);
    }, '127.0.0.1');
    const client = await socket.udpDial('127.0.0.1', socket.localAddress(server).port, () => {});
    socket.write(client, 'bad');
    await node.logged('bad packet');
    socket.write(client, 'good');
    expect(await second.promise).toBe('good');
  });

  test('a packet that is too long is a log line', async () => {
    const { node, socket } = await service();
    const client = await socket.udpDial('127.0.0.1', 9, () => {});
    socket.write(client, Buffer.alloc(70_000));
    await node.logged(`socket: error on ${client} Message too long`);
  });

  test('nonsense is refused', async () => {
    const { socket } = await service();
    const taken = await socket.udpListen('127.0.0.1', 0, () => {});
    const { port } = socket.localAddress(taken);
    const codes = await Promise.all(
      [
        () => socket.udpListen('127.0.0.1', port, () => {}),
        () => socket.udp(undefined as unknown as () => void),
        () => socket.udpDial('127.0.0.1', 0, () => {}),
        () => socket.udpListen('127.0.0.1', 70_000, () => {}),
        () => socket.udpConnect(4711, '127.0.0.1', 1),
        () => socket.read(taken),
        async () => socket.sendTo(taken, 'nonsense', 'x'),
        async () => socket.udpAddress('nonsense'),
        async () => socket.abandon(taken),
        () => socket.pause(taken),
        () => socket.start(taken),
      ].map(async (action) => {
        try {
          await action();
          return 'no error';
        } catch (error) {
          return isSkynetError(error) ? error.code : String(error);
        }
      }),
    );
    expect(codes).toEqual([
      'ERR_LISTEN',
      'ERR_ARGUMENT',
      'ERR_ADDRESS_INVALID',
      'ERR_ADDRESS_INVALID',
      'ERR_SOCKET_ID',
      'ERR_SOCKET_KIND',
      'ERR_ADDRESS_INVALID',
      'ERR_ADDRESS_INVALID',
      'ERR_SOCKET_KIND',
      'ERR_SOCKET_KIND',
      'ERR_SOCKET_ID',
    ]);
  });
});
