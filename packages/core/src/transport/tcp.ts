import { createServer, Socket } from 'node:net';
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
import { HandleConnection } from './handle-connection.ts';
import { HandleEngine } from './handle-engine.ts';
import { listenerOf, Port } from './listening.ts';
import { handleOf, isNativeHandle, type NativeHandle, nativeStreams, takeHandle } from './native-stream.ts';
import { type ProxyOptions, readProxyOptions } from './proxies.ts';
import { ProxyReader } from './proxy-reader.ts';
import { SocketWire } from './socket-wire.ts';
import { WireConnection } from './wire-connection.ts';

/** Settings of {@link tcp}. */
export interface TcpOptions extends ProxyOptions {
  /** Send small writes at once. Default true: writes of one turn leave together anyway. */
  noDelay?: boolean;
  /** Probe idle connections after so many milliseconds; 0, the default, never. */
  keepAlive?: number;
  /**
   * Read and write through Node's handles below `net.Socket`, where they are as expected. Default true. It is faster
   * and takes a third of the memory; nothing else changes.
   */
  native?: boolean;
}

/** TCP (`tcp://host:port`) and unix sockets (`unix:///path`). @throws ERR_ARGUMENT, naming the option. */
export function tcp(options: TcpOptions = {}): Transport {
  const { noDelay, keepAlive, native, proxies } = readOptions('tcp option', options, (given) => ({
    noDelay: given.flag('noDelay', true),
    keepAlive: given.whole('keepAlive', 0, 0x7fff_ffff, 0),
    native: given.flag('native', true),
    proxies: readProxyOptions(given),
  }));
  const flusher = new Flusher();
  const streams = native ? nativeStreams() : undefined;
  const engine = streams === undefined ? undefined : new HandleEngine(streams, flusher);

  const prepare = (connection: Connection): Connection => {
    if (noDelay) connection.setNoDelay(true);
    if (keepAlive > 0) connection.setKeepAlive(keepAlive);
    return connection;
  };
  const fromSocket = (socket: Socket, path: string, remote: string): Connection => {
    return prepare(new WireConnection(new SocketWire(socket, path), flusher, remote));
  };

  return {
    schemes: ['tcp', 'unix'],
    async connect(
      { scheme, host, port, path }: TransportAddress,
      options: ConnectOptions,
    ): Promise<Connection> {
      const socket = new Socket({ allowHalfOpen: true });
      // Nothing is read before the receiver is known.
      socket.pause();
      const waiting = connected(
        socket,
        'connect',
        scheme === 'unix' ? path : endpoint(host, port, ''),
        options,
      );
      if (!socket.destroyed) socket.connect(scheme === 'unix' ? { path } : { host, port });
      await waiting;
      const handle = handleOf(socket);
      if (engine === undefined || !isNativeHandle(handle))
        return fromSocket(socket, path, endpoint(socket.remoteAddress, socket.remotePort, path));
      // The socket was needed for looking the name up and connecting.
      takeHandle(socket, handle);
      return prepare(new HandleConnection(handle, engine, path));
    },
    async listen(
      address: TransportAddress,
      options: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const { path } = address;
      const gate = new AcceptGate(options, accept);
      const entrance = new Entrance(() => [gate]);
      const takeHandle = (handle: NativeHandle, of: HandleEngine): void => {
        const connection = new HandleConnection(handle, of, path);
        const peer = connection.remoteAddress;
        const proxied = proxies?.trusts(peer, 0) === true;
        // Without an address it was reset already.
        if (peer === '') connection.destroy();
        else if (!gate.limited && !proxied) gate.pass(prepare(connection));
        else if (!proxied) {
          connection.onOver = entrance.enterGate(peer, gate);
          if (connection.onOver === undefined) connection.destroy();
          else gate.pass(prepare(connection));
        } else {
          const visit = entrance.enter(peer, () => connection.destroy(), true);
          if (visit === undefined) {
            connection.destroy();
            return;
          }
          connection.onOver = () => entrance.leave(visit);
          const goOn = (): void => {
            connection.remoteAddress = visit.client;
            if (!entrance.through(visit, gate)) {
              connection.destroy();
              return;
            }
            connection.onOver = entrance.settle(visit);
            gate.pass(prepare(connection));
          };
          new ProxyReader(entrance, visit, proxies, goOn).readFromConnection(connection);
        }
      };
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
      const port = await Port.open(server, address, options, entrance, (error) => gate.tell(error), {
        proxies,
        socket: (socket, visit) => {
          if (entrance.through(visit, gate)) gate.pass(fromSocket(socket, path, visit.client));
          else socket.destroy();
        },
        handle: engine && ((handle) => takeHandle(handle, engine)),
      });
      return listenerOf(port, address, gate);
    },
  };
}
