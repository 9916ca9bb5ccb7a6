import { once } from 'node:events';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import type { Connection, Transport } from '@skynet/core/transport';
import { onTestFinished } from 'vitest';

/** A PROXY header, text or binary, that names the connection's own end. */
function headerOf(localAddress: string, version: 1 | 2): Uint8Array {
  const [ip = '', port = ''] = localAddress.split(':');
  if (version === 1) return Buffer.from(`PROXY TCP4 ${ip} 10.0.0.1 ${port} 80\r\n`);
  const header = Buffer.from(`0d0a0d0a000d0a515549540a2111000f${'00'.repeat(12)}040000`, 'hex');
  for (const [i, byte] of ip.split('.').entries()) header[16 + i] = Number(byte);
  header.writeUInt16BE(Number(port), 24);
  return header;
}

/** A tcp transport whose connections come as from a proxy: what it connects begins with a header. */
export function behindProxy(tcp: Transport, version: 1 | 2): Transport {
  return {
    schemes: tcp.schemes,
    async connect(address, options): Promise<Connection> {
      const connection = await tcp.connect(address, options);
      connection.write(headerOf(connection.localAddress, version));
      while (connection.pendingBytes > 0) await new Promise((resolve) => setImmediate(resolve));
      return connection;
    },
    listen: (address, options, accept) => tcp.listen(address, options, accept),
  };
}

/** How a relay sends its header: at once, in one piece with the client's first bytes, or byte by byte. */
export type Manner = 'at once' | 'together' | 'byte by byte';

/** A proxy in small: begins each connection with a header and passes everything on. Resolves to its port. */
export async function relay(port: number, header: Uint8Array, manner: Manner): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const upstream = netConnect({ port, host: '127.0.0.1', noDelay: true });
    sockets.push(client, upstream);
    client.on('error', () => upstream.destroy()).on('close', () => upstream.end());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    upstream.pipe(client);
    void (async () => {
      await once(upstream, 'connect');
      if (manner === 'at once') upstream.write(header);
      else if (manner === 'byte by byte') {
        for (const byte of header) {
          await new Promise<unknown>((resolve) => upstream.write(Uint8Array.of(byte), resolve));
          await new Promise((resolve) => setImmediate(resolve));
        }
      } else {
        const [first] = await once(client.resume(), 'data');
        upstream.write(Buffer.concat([header, first]));
      }
      client.pipe(upstream);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}
