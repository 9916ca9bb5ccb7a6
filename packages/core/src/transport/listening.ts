import type { Server, Socket } from 'node:net';
import { SkynetError } from '../errors.ts';
import { AcceptGate, DEFAULT_BACKLOG } from './accept-gate.ts';
import type { Connection, Listener, ListenOptions, TransportAddress } from './contract.ts';
import { descriptorCeiling, outOfDescriptors } from './descriptors.ts';
import { endpoint } from './endpoint.ts';
import { handleOf, isNativeHandle, type NativeHandle, type NativeServer } from './native-stream.ts';
import { numberedError, reasonOf, systemError } from './system-error.ts';

/** How a listener turns what the system gives it into connections. */
export interface Accepting {
  /** Event of the server that brings a socket. */
  event: 'connection' | 'secureConnection';
  fromSocket(socket: Socket): Connection;
  /** Takes handles before `net.Socket` is made of them; absent where that is not possible. */
  fromHandle?: ((handle: NativeHandle) => Connection) | undefined;
}

/** The descriptor of an accepted socket, 0 if it has none to tell. */
export function descriptorOf(handle: unknown): number {
  return (handle as { fd?: number } | null | undefined)?.fd ?? 0;
}

/** An address to connect to from this machine. */
export function urlOf({ scheme }: TransportAddress, address: string): string {
  return `${scheme}://${address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')}`;
}

/** Makes a server listen. @throws ERR_LISTEN. */
export async function bind(server: Server, target: TransportAddress, options: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  server.once('error', reject);
  server.once('listening', resolve);
  const backlog = options.backlog ?? DEFAULT_BACKLOG;
  if (target.scheme === 'unix') server.listen({ backlog, path: target.path });
  else server.listen({ backlog, host: target.host, port: target.port });
  try {
    await promise;
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    const name = target.scheme === 'unix' ? target.path : endpoint(target.host, target.port, '');
    const text = error.code === 'EADDRINUSE' ? `${name} is already in use` : `${name}: ${reasonOf(error)}`;
    throw new SkynetError('ERR_LISTEN', `Listen error: ${text}`, {
      cause: error,
      details: { address: name, reason: error.code },
    });
  } finally {
    server.off('error', reject);
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Listens with a server of node:net or node:tls. @throws ERR_LISTEN. */
export async function listenWith(
  server: Server,
  target: TransportAddress,
  options: ListenOptions,
  accept: (connection: Connection) => void,
  accepting: Accepting,
): Promise<Listener> {
  const { event, fromSocket, fromHandle } = accepting;
  const gate = new AcceptGate(options, accept);
  const ceiling = descriptorCeiling();
  let address = '';
  server.on('connection', (socket: Socket) => {
    if (descriptorOf(handleOf(socket)) < ceiling) {
      if (event === 'connection') gate.pass(fromSocket(socket));
      return;
    }
    socket.destroy();
    gate.tell(outOfDescriptors(address));
  });
  if (event !== 'connection') server.on(event, (socket: Socket) => gate.pass(fromSocket(socket)));
  server.once('listening', () => {
    const native = handleOf(server) as NativeServer | null;
    if (fromHandle === undefined || native === null || typeof native.onconnection !== 'function') return;
    native.onconnection = (status, handle) => {
      if (status !== 0 || !isNativeHandle(handle)) {
        gate.tell(numberedError('ERR_LISTEN', status, address, 'accept error: '));
        return;
      }
      if (descriptorOf(handle) < ceiling) {
        gate.pass(fromHandle(handle));
        return;
      }
      handle.close();
      gate.tell(outOfDescriptors(address));
    };
  });
  await bind(server, target, options);
  server.on('error', (error) => gate.tell(systemError('ERR_LISTEN', error, address, 'accept error: ')));
  server.on('tlsClientError', (error: Error) =>
    gate.tell(systemError('ERR_LISTEN', error, address, 'handshake error: ')),
  );
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  address =
    typeof bound === 'object' && bound !== null ? endpoint(bound.address, bound.port, '') : target.path;
  return {
    address,
    url: urlOf(target, address),
    port,
    pause: () => gate.pause(),
    resume: () => gate.resume(),
    close: () => {
      gate.close();
      // Its event waits for the connections, which live on; the descriptor is free at once.
      server.close();
      return Promise.resolve();
    },
  };
}
