import { createServer, type NetConnectOpts, Socket } from 'node:net';
import { SkynetError } from '../errors.ts';
import type { Connection, ConnectOptions, Listener, ListenOptions, Transport, TransportAddress } from './contract.ts';
import { reasonOf, SocketConnection } from './socket-connection.ts';

/** Settings of {@link tcp}. */
export interface TcpOptions {
  /** Send small writes at once. Default true: writes of one turn leave together anyway. */
  noDelay?: boolean;
  /** Probe idle connections after so many milliseconds; 0, the default, never. */
  keepAlive?: number;
}

const DEFAULT_BACKLOG = 4096;

/** `ip:port` of one end, or the path of a unix socket. */
export function endpoint(host: string | undefined, port: number | undefined, path: string): string {
  if (host === undefined || port === undefined) return path;
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** Makes the server side of node:net and node:tls a listener. */
export function listenWith(
  server: ReturnType<typeof createServer>,
  event: 'connection' | 'secureConnection',
  address: TransportAddress,
  options: ListenOptions,
  accept: (connection: Connection) => void,
  prepare: (socket: Socket) => void,
): Promise<Listener> {
  const isPath = address.scheme === 'unix';
  const name = isPath ? address.path : endpoint(address.host, address.port, '');
  let paused: Connection[] | undefined;
  server.on(event, (socket: Socket) => {
    prepare(socket);
    const connection = new SocketConnection(
      socket,
      endpoint(socket.remoteAddress, socket.remotePort, address.path),
      endpoint(socket.localAddress, socket.localPort, address.path),
    );
    if (paused === undefined) accept(connection);
    else paused.push(connection);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? `${name} is in use by another program` : `${name}: ${reasonOf(error)}`;
      reject(new SkynetError('ERR_LISTEN', `Listen error: ${reason}`, { cause: error, details: { address: name } }));
    });
    const settings = { backlog: options.backlog ?? DEFAULT_BACKLOG };
    server.listen(isPath ? { ...settings, path: address.path } : { ...settings, host: address.host, port: address.port }, () => {
      server.removeAllListeners('error');
      server.on('error', (error: NodeJS.ErrnoException) => {
        options.onAcceptError?.(new SkynetError('ERR_LISTEN', reasonOf(error), { cause: error }));
      });
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({
        address: typeof bound === 'object' && bound !== null ? endpoint(bound.address, bound.port, '') : address.path,
        port,
        pause: () => {
          paused ??= [];
        },
        resume: () => {
          const waiting = paused ?? [];
          paused = undefined;
          for (const connection of waiting) accept(connection);
        },
        close: () =>
          new Promise((closed) => {
            for (const connection of paused ?? []) connection.destroy();
            server.close();
            closed();
          }),
      });
    });
  });
}

/** Waits until a socket is connected. */
export function connected(socket: Socket, event: 'connect' | 'secureConnect', options: ConnectOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new SkynetError('ERR_CONNECT', reasonOf(error), { cause: error }));
    };
    if (options.timeout !== undefined && options.timeout > 0) {
      timer = setTimeout(() => {
        socket.destroy();
        reject(new SkynetError('ERR_TIMEOUT', `Connection timed out after ${options.timeout} ms`));
      }, options.timeout);
    }
    socket.once('error', fail);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve();
    });
  });
}

/** TCP (`tcp://host:port`) and unix sockets (`unix:///path`). */
export function tcp({ noDelay = true, keepAlive = 0 }: TcpOptions = {}): Transport {
  const prepare = (socket: Socket): void => {
    if (keepAlive > 0) socket.setKeepAlive(true, keepAlive);
  };
  return {
    schemes: ['tcp', 'unix'],
    async connect(address: TransportAddress, options: ConnectOptions): Promise<Connection> {
      const socket = new Socket({ allowHalfOpen: true });
      const target: NetConnectOpts =
        address.scheme === 'unix' ? { path: address.path } : { host: address.host, port: address.port, noDelay };
      socket.connect(target);
      await connected(socket, 'connect', options);
      prepare(socket);
      return new SocketConnection(
        socket,
        endpoint(socket.remoteAddress, socket.remotePort, address.path),
        endpoint(socket.localAddress, socket.localPort, address.path),
      );
    },
    listen(address: TransportAddress, options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay });
      return listenWith(server, 'connection', address, options, accept, prepare);
    },
  };
}
