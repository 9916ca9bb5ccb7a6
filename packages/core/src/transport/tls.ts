import { createServer as createTcpServer, type Socket } from 'node:net';
import type { SkynetError } from '../errors.ts';
import { readOptions } from '../options.ts';
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
import { type ProxyOptions, readProxyOptions } from './proxies.ts';
import { SocketWire } from './socket-wire.ts';
import { systemError } from './system-error.ts';
import { connectSecurely, nodeTls, readTlsSettings, secureServer, type TlsSettings } from './tls-settings.ts';
import { Visits } from './visits.ts';
import { WireConnection } from './wire-connection.ts';

/** Settings of {@link tls}: those of node:tls, for both sides. */
export interface TlsTransportOptions extends TlsSettings, ProxyOptions {
  /** Send small writes at once. Default true. */
  noDelay?: boolean;
}

/** TLS over TCP (`tls://host:port`). @throws ERR_ARGUMENT, naming the option. */
export function tls(options: TlsTransportOptions = {}): Transport {
  const { server, client, noDelay, proxies } = readOptions('tls option', options, (given) => ({
    ...readTlsSettings(given),
    noDelay: given.flag('noDelay', true),
    proxies: readProxyOptions(given),
  }));
  const flusher = new Flusher();
  const fromSocket = (socket: Socket, remote: string): Connection => {
    socket.setNoDelay(noDelay);
    return new WireConnection(new SocketWire(socket), flusher, remote);
  };
  return {
    schemes: ['tls'],
    async connect({ host, port }: TransportAddress, given: ConnectOptions): Promise<Connection> {
      const socket = connectSecurely('tls', client, host, port, true);
      await connected(socket, 'secureConnect', endpoint(host, port, ''), given);
      return fromSocket(socket, endpoint(socket.remoteAddress, socket.remotePort, ''));
    },
    async listen(
      address: TransportAddress,
      given: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const gate = new AcceptGate(given, accept);
      const entrance = new Entrance(() => [gate], server.handshakeTimeout);
      const visits = new Visits();
      const tell = (error: SkynetError): void => gate.tell(error);
      const secured = secureServer('tls', server, (settings) => nodeTls().createServer(settings));
      secured.on('secureConnection', (socket) => {
        const visit = visits.of(socket);
        // Not before: a client that leaves during its handshake has left.
        socket.allowHalfOpen = true;
        if (visit !== undefined && entrance.through(visit, gate)) gate.pass(fromSocket(socket, visit.client));
        else socket.destroy();
      });
      secured.on('tlsClientError', (error) =>
        tell(systemError('ERR_LISTEN', error, port.address, 'handshake error: ')),
      );
      const port = await Port.open(createTcpServer(), address, given, entrance, tell, {
        proxies,
        socket: (socket, visit) => {
          visits.add(visit, socket);
          secured.emit('connection', socket);
        },
      });
      return listenerOf(port, address, gate);
    },
  };
}
