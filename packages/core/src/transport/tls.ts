import { createServer as createTcpServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls';
import type { SkynetError } from '../errors.ts';
import { AcceptGate } from './accept-gate.ts';
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
import { Entrance } from './entrance.ts';
import { Flusher } from './flusher.ts';
import { listenerOf, Port } from './listening.ts';
import { StreamConnection } from './stream-connection.ts';
import { systemError } from './system-error.ts';
import { Visits } from './visits.ts';

/** For Node's own limit of handshakes, which begins anew with every byte: ours does not. In milliseconds. */
const NEVER = 0x7fff_ffff;

/** Settings of {@link tls}: those of node:tls, for both sides. */
export interface TlsTransportOptions {
  /**
   * For listening: certificate and key, and whatever else `tls.createServer` takes. `handshakeTimeout` counts from the
   * accept on, in milliseconds; default 10 000, 0 for ever. What a listener asks for itself counts before it.
   */
  server?: TlsOptions;
  /** For connecting: what `tls.connect` takes. The certificate of the server is checked unless told otherwise. */
  client?: Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;
  /** Send small writes at once. Default true. */
  noDelay?: boolean;
}

/** TLS over TCP (`tls://host:port`). */
export function tls({ server = {}, client = {}, noDelay = true }: TlsTransportOptions = {}): Transport {
  const flusher = new Flusher();
  const fromSocket = (socket: Socket, remote: string): Connection => {
    socket.setNoDelay(noDelay);
    return new StreamConnection(socket, flusher, remote, endpoint(socket.localAddress, socket.localPort, ''));
  };
  return {
    schemes: ['tls'],
    async connect({ host, port }: TransportAddress, options: ConnectOptions): Promise<Connection> {
      const settings: ConnectionOptions = { ...client, host, port };
      // An option of net that the types of tls lack.
      const socket = connect(Object.assign(settings, { allowHalfOpen: true }));
      await connected(socket, 'secureConnect', endpoint(host, port, ''), options);
      return fromSocket(socket, endpoint(socket.remoteAddress, socket.remotePort, ''));
    },
    async listen(
      address: TransportAddress,
      options: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const gate = new AcceptGate(options, accept);
      const entrance = new Entrance(() => [gate], server.handshakeTimeout);
      const visits = new Visits();
      const tell = (error: SkynetError): void => gate.tell(error);
      const secured = createServer({ ...server, handshakeTimeout: NEVER });
      secured.on('secureConnection', (socket) => {
        const visit = visits.of(socket);
        // Not before: a client that leaves during its handshake has left.
        socket.allowHalfOpen = true;
        if (visit !== undefined && entrance.through(visit, gate))
          gate.pass(fromSocket(socket, visit.address));
        else socket.destroy();
      });
      secured.on('tlsClientError', (error) =>
        tell(systemError('ERR_LISTEN', error, port.address, 'handshake error: ')),
      );
      const port = await Port.open(createTcpServer(), address, options, entrance, tell, {
        socket: (socket, visit) => {
          visits.add(visit, socket);
          secured.emit('connection', socket);
        },
      });
      return listenerOf(port, address, gate);
    },
  };
}
