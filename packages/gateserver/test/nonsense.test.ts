import { defineService } from '@skynet/core';
import { uncoded } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { startGateserver, gate as stockGate } from '../src/index.ts';
import { connectClient, startTestGate, startTestNode } from './harness.ts';

const handler = { connect() {}, message() {} };

test('nonsense gets an error with a code, and the gate goes on', async () => {
  const node = await startTestNode({ watchdog: false });
  const gate = await startTestGate(node, {}, (server) => ({
    message: (fd, bytes) => server.send(fd, bytes),
  }));
  const { server, skynet } = gate;
  const client = await connectClient(gate.port);
  expect(await client.ask('before')).toBe('before');
  const [, fd] = await gate.events.find(([name]) => name === 'connect');
  const found = await node.run(() =>
    uncoded({
      'startGateserver context': (value) => startGateserver(value, handler),
      'startGateserver handler': (value) => startGateserver(skynet, value),
      'startGateserver connect': (value) => startGateserver(skynet, { ...handler, connect: value }),
      'startGateserver open': (value) => startGateserver(skynet, { ...handler, open: value, embed: true }),
      'startGateserver own options': (value) =>
        startGateserver(skynet, { ...handler, options: value, embed: true }),
      'startGateserver options': (value) => startGateserver(skynet, { ...handler, embed: true }, value),
      openClient: (value) => server.openClient(value),
      closeClient: (value) => server.closeClient(value),
      pauseClient: (value) => server.pauseClient(value),
      resumeClient: (value) => server.resumeClient(value),
      addressOf: (value) => server.addressOf(value),
      failClient: (value) => server.failClient(value, new Error('why') as never),
      'failClient error': (value) => server.failClient(fd, value),
      write: (value) => server.write(value, 'x'),
      // What fits is written, as packets of their own.
      'write data': (value) => server.write(99, value),
      send: (value) => server.send(value, 'x'),
      'send payload': (value) => server.send(fd, typeof value === 'string' ? ('' as never) : value),
      command: (value) => server.command(value, 0),
      'command open': (value) => server.command('open', 0, value),
      open: (value) => server.open(value),
    }),
  );
  expect(found).toEqual([]);
  while ((await client.ask('after')) !== 'after');
  expect(gate.events.all.filter(([name]) => name === 'error')).toEqual([]);
});

test('so does the stock gate, by its messages', async () => {
  const node = await startTestNode({ watchdog: false });
  const handle = await node.newService(stockGate);
  const found = await node.run((skynet) => {
    const call = (...message: unknown[]): Promise<unknown> => skynet.call(handle, 'lua', ...message);
    // An address that nobody has is a watchdog as good as any.
    const open = (config: unknown): Promise<unknown> => call('open', config).then(() => call('close'));
    return uncoded({
      command: (value) => call(value),
      open,
      'open port': (value) => open({ port: value }),
      'open host': (value) => open({ port: 0, host: value ?? 5 }),
      'open limits': (value) => open({ port: 0, limits: value ?? 5 }),
      'open watchdog': (value) => open({ port: 0, watchdog: value }),
      forward: (value) => call('forward', value),
      'forward agent': (value) => call('forward', 1, 0, value),
      accept: (value) => call('accept', value),
      kick: (value) => call('kick', value),
    });
  });
  expect(found).toEqual([]);
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(handle, 'lua', 'open', { port: 0, host: '127.0.0.1' }),
  );
  expect(port).toBeGreaterThan(0);
});

test('a start that is refused leaves the service as it was', async () => {
  const node = await startTestNode({ watchdog: false });
  const service = defineService((skynet) => {
    expect(() => startGateserver(skynet, handler, { colour: 1 } as never)).toThrow('unknown gate option');
    return { hello: () => 'world' };
  });
  const handle = await node.newService(service);
  expect(await node.run((skynet) => skynet.call(handle, 'lua', 'hello'))).toBe('world');
});
