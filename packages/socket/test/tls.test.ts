import { connect as connectTls } from 'node:tls';
import { tls } from '@skynet/core/transport';
import { expect, test } from 'vitest';
import { certificate } from '../../core/test/transport/certificate.ts';
import { createSocket } from '../src/index.ts';
import { Client, livingService, testNode } from './setup.ts';

test('TLS on both sides, and with a client outside', async () => {
  const node = await testNode({
    transports: [tls({ server: certificate, client: { ca: certificate.cert, servername: 'localhost' } })],
  });
  const skynet = await livingService(node);
  const socket = createSocket(skynet);
  const listener = await socket.listen('tls://127.0.0.1:0');
  await socket.start(listener, async (id) => {
    await socket.start(id);
    const [line] = await socket.readLine(id);
    socket.write(id, `${line} to you\n`);
    await socket.close(id);
  });
  const { port } = socket.localAddress(listener);

  const id = await socket.open(`tls://127.0.0.1:${port}`);
  socket.write(id, 'hello\n');
  expect(await socket.readAll(id)).toBe('hello to you\n');

  const peer = new Client(
    connectTls({ host: '127.0.0.1', port, ca: certificate.cert, servername: 'localhost' }),
  );
  peer.write('good day\n');
  expect(await peer.receives('\n')).toBe('good day to you\n');
});

test('a server whose certificate is not trusted is not connected to', async () => {
  const node = await testNode({ transports: [tls({ server: certificate })] });
  const socket = createSocket(await livingService(node));
  const listener = await socket.listen('tls://127.0.0.1:0');
  await socket.start(listener, () => {});
  await expect(socket.open(`tls://127.0.0.1:${socket.localAddress(listener).port}`)).rejects.toMatchObject({
    code: 'ERR_CONNECT',
  });
});
