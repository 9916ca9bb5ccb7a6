import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls';
import { connected } from './connecting.ts';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportAddress,
} from './contract.ts';
import { endpoint } from './endpoint.ts';
import { Flusher } from './flusher.ts';
import { listenWith } from './listening.ts';
import { StreamConnection } from './stream-connection.ts';

/** Milliseconds that a client may take for its handshake, unless the settings say otherwise. */
const HANDSHAKE_TIMEOUT = 10_000;

/** Settings of {@link tls}: those of node:tls, for both sides. */
export interface TlsTransportOptions {
  /** For listening: certificate and key, and whatever else `tls.createServer` takes. A handshake may take 10 s by default. */
  server?: TlsOptions;
  /** For connecting: what `tls.connect` takes. The certificate of the server is checked unless told otherwise. */
  client?: Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;
  /** Send small writes at once. Default true. */
  noDelay?: boolean;
}

/** TLS over TCP (`tls://host:port`). */
export function tls({ server = {}, client = {}, noDelay = true }: TlsTransportOptions = {}): Transport {
  const flusher = new Flusher();
  const fromSocket = (socket: Socket): Connection => {
    socket.setNoDelay(noDelay);
    const remote = endpoint(socket.remoteAddress, socket.remotePort, '');
    return new StreamConnection(socket, flusher, remote, endpoint(socket.localAddress, socket.localPort, ''));
  };
  return {
    schemes: ['tls'],
    async connect({ host, port }: TransportAddress, options: ConnectOptions): Promise<Connection> {
      const settings: ConnectionOptions = { ...client, host, port };
      // An option of net that the types of tls lack.
      const socket = connect(Object.assign(settings, { allowHalfOpen: true }));
      await connected(socket, 'secureConnect', endpoint(host, port, ''), options);
      return fromSocket(socket);
    },
    listen(
      address: TransportAddress,
      options: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const listening = createServer({ handshakeTimeout: HANDSHAKE_TIMEOUT, ...server, allowHalfOpen: true });
      return listenWith(listening, address, options, accept, { event: 'secureConnection', fromSocket });
    },
  };
}
