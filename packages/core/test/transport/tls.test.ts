import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, connect as netConnect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { RecordingReceiver } from '@skynet/core/testing';
import { createTransports, tls } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { certificate } from './certificate.ts';

interface Named {
  /** The server names that clients sent. */
  names: string[];
  port: number;
}

/** A server that has another certificate for whom does not name it. */
async function serverWithNames(): Promise<Named> {
  const names: string[] = [];
  const context = createSecureContext(certificate);
  const server = createHttpsServer({
    ...certificate,
    SNICallback: (name, done) => {
      names.push(name);
      done(null, context);
    },
  });
  const upgrader = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of upgrader.clients) client.terminate();
    server.close();
  });
  return { names, port: (server.address() as { port: number }).port };
}

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

  it.each(['tls', 'wss'])('names the server it means over %s, unless that is an ip', async (scheme) => {
    const { names, port } = await serverWithNames();
    const client = { ca: certificate.cert };
    const trusting = createTransports([tls({ client }), ws({ client })]);
    (await trusting.connect(`${scheme}://localhost:${port}`)).destroy();
    expect(names).toEqual(['localhost']);
    (await trusting.connect(`${scheme}://127.0.0.1:${port}`)).destroy();
    expect(names).toEqual(['localhost']);
    const other = { ...client, servername: 'other.example' };
    const mistaken = createTransports([tls({ client: other }), ws({ client: other })]);
    await expect(mistaken.connect(`${scheme}://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringContaining('other.example'),
    });
    expect(names).toEqual(['localhost', 'other.example']);
  });

  it.each(['tls', 'wss'])('says of %s settings that they cannot be used', async (scheme) => {
    const make = (options: object) => createTransports([tls(options), ws(options)]);
    const listen = (server: object) => make({ server }).listen(`${scheme}://127.0.0.1:0`, {}, () => {});
    await expect(listen({})).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(/^(tls|ws) option server cannot be used: there is no certificate/),
      details: { key: 'server' },
    });
    await expect(listen({ ...certificate, cert: 'nonsense' })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(/^(tls|ws) option server cannot be used: /),
    });
    await expect(
      make({ client: { ca: 'nonsense', minVersion: 'x' } }).connect(`${scheme}://127.0.0.1:1`),
    ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', details: { key: 'client' } });
    expect(() => make({ server: { ...certificate, handshakeTimeout: '5s' } })).toThrow(
      'tls option server must be with a handshakeTimeout in milliseconds, not "5s"',
    );
    expect(() => make({ clients: {} })).toThrow('unknown tls option "clients", perhaps client is meant');
  });
});
