import { connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Connection, ConnectOptions, Listener, ListenOptions, Transport, TransportAddress } from './contract.ts';
import { SocketConnection } from './socket-connection.ts';
import { connected, endpoint, listenWith } from './tcp.ts';

/** Settings of {@link tls}: those of node:tls, for both sides. */
export interface TlsTransportOptions {
  /** For listening: certificate and key, and whatever else `tls.createServer` takes. */
  server?: TlsOptions;
  /** For connecting: what `tls.connect` takes. The certificate of the server is checked unless told otherwise. */
  client?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer; servername?: string; rejectUnauthorized?: boolean };
}

/** TLS over TCP (`tls://host:port`). */
export function tls({ server = {}, client = {} }: TlsTransportOptions = {}): Transport {
  return {
    schemes: ['tls'],
    async connect(address: TransportAddress, options: ConnectOptions): Promise<Connection> {
      const socket: TLSSocket = connect({ host: address.host, port: address.port, ...client });
      socket.allowHalfOpen = true;
      await connected(socket, 'secureConnect', options);
      return new SocketConnection(
        socket,
        endpoint(socket.remoteAddress, socket.remotePort, ''),
        endpoint(socket.localAddress, socket.localPort, ''),
      );
    },
    listen(address: TransportAddress, options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
      const listening = createServer({ ...server, allowHalfOpen: true });
      // A client that breaks the handshake is its own problem.
      listening.on('tlsClientError', () => {});
      return listenWith(listening, 'secureConnection', address, options, accept, (socket) => socket.pause());
    },
  };
}
