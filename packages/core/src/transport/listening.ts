import { connect, type Server, type Socket } from 'node:net';
import { SkynetError } from '../errors.ts';
import { lookAt, takeAway } from '../left-over.ts';
import { type AcceptGate, DEFAULT_BACKLOG } from './accept-gate.ts';
import type { Listener, ListenOptions, TransportAddress } from './contract.ts';
import { descriptorCeiling, outOfDescriptors } from './descriptors.ts';
import { endpoint } from './endpoint.ts';
import type { Entrance, Visit } from './entrance.ts';
import { handleOf, isNativeHandle, type NativeHandle, type NativeServer } from './native-stream.ts';
import type { Proxies } from './proxies.ts';
import { ProxyReader } from './proxy-reader.ts';
import { numberedError, reasonOf, systemError } from './system-error.ts';

/** What becomes of the connections of a port. */
export interface Arrivals {
  /** Peers that speak for others; undefined if there are none. */
  proxies: Proxies | undefined;
  /** Of a socket, behind its PROXY header if it had to have one; its visit ends by itself. */
  socket(socket: Socket, visit: Visit): void;
  /** Of a handle, before a `net.Socket` is made of it; absent where that is not possible. */
  handle?: ((handle: NativeHandle) => void) | undefined;
}

/** The descriptor of an accepted socket, 0 if it has none to tell. */
function descriptorOf(handle: unknown): number {
  return (handle as { fd?: number } | null | undefined)?.fd ?? 0;
}

/** An address to connect to from this machine. */
export function urlOf({ scheme }: TransportAddress, address: string): string {
  return `${scheme}://${address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')}`;
}

/** Makes a server listen. The socket file of a process that is gone is no hindrance. @throws ERR_LISTEN. */
async function bind(server: Server, target: TransportAddress, options: ListenOptions): Promise<void> {
  try {
    await bindOnce(server, target, options);
  } catch (error) {
    const seen = target.scheme === 'unix' ? lookAt(target.path) : undefined;
    if (seen?.isSocket() !== true || !(await isDeserted(target.path))) throw error;
    takeAway(target.path, seen);
    await bindOnce(server, target, options);
  }
}

/** Whether nobody listens on a socket any more. One whose listener is busy waits, or says that it has no room. */
async function isDeserted(path: string): Promise<boolean> {
  const { promise, resolve, reject } = withResolvers();
  const probe = connect({ path }, resolve).on('error', reject);
  try {
    await promise;
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    probe.destroy();
  }
}

async function bindOnce(server: Server, target: TransportAddress, options: ListenOptions): Promise<void> {
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

/** An address that is listened on. Every connection is counted at its entrance. */
export class Port {
  /** `ip:port`, or the path. */
  readonly address: string;
  /** 0 for a path. */
  readonly port: number;
  readonly #server: Server;
  readonly #entrance: Entrance;

  private constructor(server: Server, entrance: Entrance, path: string) {
    const bound = server.address();
    const named = typeof bound === 'object' && bound !== null;
    this.#server = server;
    this.#entrance = entrance;
    this.port = named ? bound.port : 0;
    this.address = named ? endpoint(bound.address, bound.port, '') : path;
  }

  /**
   * Listens with a server of node:net.
   * @param tell Told of failures to accept.
   * @throws ERR_LISTEN.
   */
  static async open(
    server: Server,
    target: TransportAddress,
    options: ListenOptions,
    entrance: Entrance,
    tell: (error: SkynetError) => void,
    arrivals: Arrivals,
  ): Promise<Port> {
    const { proxies } = arrivals;
    const ceiling = descriptorCeiling();
    let address = '';
    const tooMany = (): void => {
      tell(outOfDescriptors(address));
      entrance.makeRoom();
    };
    server.on('connection', (socket: Socket) => {
      if (descriptorOf(handleOf(socket)) >= ceiling) {
        socket.destroy();
        tooMany();
        return;
      }
      const peer = endpoint(socket.remoteAddress, socket.remotePort, target.path);
      const proxied = proxies?.trusts(peer, 0) === true;
      const visit = peer === '' ? undefined : entrance.enter(peer, () => socket.destroy(), proxied);
      // Without an address it was reset already.
      if (visit === undefined) {
        socket.destroy();
        return;
      }
      socket.once('close', () => entrance.leave(visit));
      if (!proxied || !proxies.header) arrivals.socket(socket, visit);
      else {
        const reader = new ProxyReader(entrance, visit, proxies, () => arrivals.socket(socket, visit));
        reader.readFrom(socket);
      }
    });
    server.once('listening', () => {
      const { handle: take } = arrivals;
      const native = handleOf(server) as NativeServer | null;
      if (take === undefined || native === null || typeof native.onconnection !== 'function') return;
      native.onconnection = (status, handle) => {
        if (status !== 0 || !isNativeHandle(handle)) {
          tell(numberedError('ERR_LISTEN', status, address, 'accept error: '));
          return;
        }
        if (descriptorOf(handle) < ceiling) {
          take(handle);
          return;
        }
        handle.close();
        tooMany();
      };
    });
    await bind(server, target, options);
    server.on('error', (error) => tell(systemError('ERR_LISTEN', error, address, 'accept error: ')));
    const port = new Port(server, entrance, target.path);
    address = port.address;
    return port;
  }

  /** Frees the address. Connections that were handed out live on. */
  close(): void {
    this.#entrance.close();
    // Its event waits for the connections; the descriptor is free at once.
    this.#server.close();
  }
}

/** What a port with one gate is to whoever listens on it. */
export function listenerOf(port: Port, target: TransportAddress, gate: AcceptGate): Listener {
  return {
    address: port.address,
    url: urlOf(target, port.address),
    port: port.port,
    pause: () => gate.pause(),
    resume: () => gate.resume(),
    close: () => {
      gate.close();
      port.close();
      return Promise.resolve();
    },
  };
}
