import { uncoded } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { createChannel, createDns, createSocket, decodeText, encodeText } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

test('nonsense gets an error with a code, and leaves sockets and service as they were', async () => {
  const node = await testNode({ watchdog: false });
  const skynet = await livingService(node);
  const socket = createSocket(skynet);
  const listener = await socket.listen('127.0.0.1:0');
  const accepted = new Promise<number>((resolve) => void socket.start(listener, resolve));
  const { port } = socket.localAddress(listener);
  const id = await socket.open('127.0.0.1', port);
  const other = await accepted;
  const udp = await socket.udp(() => {}, '127.0.0.1');
  const channel = createChannel(skynet, { host: '127.0.0.1', port, timeout: '100ms' });
  const dns = createDns(skynet, { hosts: false, timeout: '20ms' });
  await dns.server('127.0.0.1', port);
  const found = await uncoded({
    createChannel: (value) => createChannel(skynet, value),
    'channel host': (value) => createChannel(skynet, { host: value }),
    'channel port': (value) => createChannel(skynet, { host: 'x', port: value ?? -1 }),
    'channel backup': (value) => createChannel(skynet, { host: 'x', port: 1, backup: value ?? 5 }),
    'channel backup host': (value) => createChannel(skynet, { host: 'x', port: 1, backup: [value] }),
    'channel reconnect': (value) => createChannel(skynet, { host: 'x', port: 1, reconnect: value ?? 5 }),
    'channel request': (value) => channel.request(value),
    // A function is one.
    'channel request response': (value) =>
      typeof value === 'function' || channel.request('x', value ?? (5 as never)),
    'channel request options': (value) => channel.request('x', undefined, value),
    'channel response': (value) => typeof value === 'function' || channel.response(value),
    'channel connect': (value) => channel.connect(value ?? 5),
    changeHost: (value) => channel.changeHost(value),
    changeBackup: (value) => channel.changeBackup(value),
    createDns: (value) => createDns(skynet, value),
    'dns server': (value) => dns.server(value ?? ''),
    'dns server port': (value) => dns.server('127.0.0.1', value ?? -1),
    'dns resolve': (value) => dns.resolve(value),
    createSocket: (value) => createSocket(value),
    'createSocket options': (value) => createSocket(skynet, value),
    open: (value) => socket.open(value),
    'open port': (value) => socket.open('127.0.0.1', value),
    listen: (value) => socket.listen(value),
    'listen port': (value) => socket.listen('127.0.0.1', value ?? -1),
    'listen backlog': (value) => socket.listen('127.0.0.1', 0, value ?? 0),
    start: (value) => socket.start(value),
    'start accept': (value) => socket.start(listener, value),
    bind: (value) => socket.bind(value),
    read: (value) => socket.read(value),
    'read size': (value) => socket.read(id, value ?? -1),
    readLine: (value) => socket.readLine(value),
    // Text would be waited for.
    'readLine separator': (value) => typeof value === 'string' || socket.readLine(id, value ?? ''),
    readAll: (value) => socket.readAll(value),
    block: (value) => socket.block(value),
    write: (value) => socket.write(value, 'x'),
    'write data': (value) => socket.write(id, value),
    lwrite: (value) => socket.lwrite(value, 'x'),
    'lwrite data': (value) => socket.lwrite(id, value),
    close: (value) => socket.close(value),
    closeFd: (value) => socket.closeFd(value),
    shutdown: (value) => socket.shutdown(value),
    abandon: (value) => socket.abandon(value),
    warning: (value) => socket.warning(value),
    'warning callback': (value) => socket.warning(id, value),
    limit: (value) => socket.limit(value, 5),
    'limit bytes': (value) => socket.limit(id, value),
    onClose: (value) => socket.onClose(value),
    'onClose callback': (value) => socket.onClose(id, value),
    pause: (value) => socket.pause(value),
    invalid: (value) => socket.invalid(value),
    disconnected: (value) => socket.disconnected(value),
    failure: (value) => socket.failure(value),
    localAddress: (value) => socket.localAddress(value),
    remoteAddress: (value) => socket.remoteAddress(value),
    resolve: (value) => socket.resolve(value),
    header: (value) => socket.header(value),
    udp: (value) => socket.udp(value),
    'udp host': (value) => socket.udp(() => {}, value ?? ('' as never)),
    'udp port': (value) => socket.udp(() => {}, '127.0.0.1', value ?? (-1 as never)),
    udpListen: (value) => socket.udpListen(value, 0, () => {}),
    'udpListen port': (value) => socket.udpListen('127.0.0.1', value, () => {}),
    'udpListen callback': (value) => socket.udpListen('127.0.0.1', 0, value),
    udpDial: (value) => socket.udpDial(value, 5, () => {}),
    'udpDial port': (value) => socket.udpDial('127.0.0.1', value, () => {}),
    'udpDial callback': (value) => socket.udpDial('127.0.0.1', port, value),
    udpConnect: (value) => socket.udpConnect(value, '127.0.0.1', 5),
    'udpConnect host': (value) => socket.udpConnect(udp, value, 5),
    'udpConnect port': (value) => socket.udpConnect(udp, '127.0.0.1', value),
    'udpConnect callback': (value) => socket.udpConnect(udp, '127.0.0.1', port, value),
    sendTo: (value) => socket.sendTo(value, '127.0.0.1:5', 'x'),
    'sendTo address': (value) => socket.sendTo(udp, value, 'x'),
    'sendTo data': (value) => socket.sendTo(udp, '127.0.0.1:5', value),
    udpAddress: (value) => socket.udpAddress(value),
    decodeText: (value) => decodeText(value),
    encodeText: (value) => encodeText(value),
  });
  expect(found).toEqual([]);
  expect(node.log.filter((line) => line.includes('uncaught'))).toEqual([]);
  socket.write(other, 'still there');
});
