import { once } from 'node:events';
import { createServer, connect as netConnect } from 'node:net';
import { RecordingReceiver } from '@skynet/core/testing';
import { createTransports, tls } from '@skynet/core/transport';
import { describe, expect, it } from 'vitest';
import { certificate } from './certificate.ts';

const transports = createTransports([tls({ server: certificate, client: { ca: certificate.cert } })]);

describe('tls', () => {
  it('checks who the server is', async () => {
    const listener = await transports.listen('tls://localhost:0', {}, (connection) => connection.close());
    await expect(createTransports([tls()]).connect(listener.url)).rejects.toEqual(
      expect.objectContaining({
        code: 'ERR_CONNECT',
        message: expect.stringMatching(/self.signed certificate/),
      }),
    );
    const trusting = createTransports([tls({ client: { rejectUnauthorized: false } })]);
    const connection = await trusting.connect(listener.url);
    const heard = new RecordingReceiver();
    connection.start(heard);
    connection.close();
    await heard.event('closed');
    await listener.close();
  });

  it('gives up a handshake that does not come to an end', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `tls://127.0.0.1:${(silent.address() as { port: number }).port}`;
    await expect(transports.connect(address, { timeout: 20 })).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_TIMEOUT', message: 'Connection timed out after 20 ms' }),
    );
    const controller = new AbortController();
    const attempt = transports.connect(address, { signal: controller.signal });
    controller.abort();
    await expect(attempt).rejects.toEqual(expect.objectContaining({ code: 'ERR_ABORTED' }));
    silent.close();
  });

  it('fails when the server hangs up during the handshake', async () => {
    const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const address = `tls://127.0.0.1:${(rude.address() as { port: number }).port}`;
    await expect(transports.connect(address)).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_CONNECT' }),
    );
    rude.close();
  });

  it('reports clients that speak something else, and goes on', async () => {
    const errors: string[] = [];
    const told = new Promise<void>((resolve) => {
      void transports
        .listen(
          'tls://127.0.0.1:0',
          {
            onAcceptError: (error) => {
              errors.push(`${error.code} ${error.message}`);
              resolve();
            },
          },
          (connection) => connection.close(),
        )
        .then(async (listener) => {
          const socket = netConnect(listener.port, '127.0.0.1').on('error', () => {});
          socket.end('GET / HTTP/1.0\r\n\r\n');
          await told;
          const connection = await transports.connect(listener.url);
          connection.destroy();
          await listener.close();
        });
    });
    await told;
    expect(errors).toEqual([expect.stringMatching(/^ERR_LISTEN handshake error: /)]);
  });
});
