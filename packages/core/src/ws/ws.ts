import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportAddress,
} from '../transport/contract.ts';
import { endpoint } from '../transport/endpoint.ts';
import { Flusher } from '../transport/flusher.ts';
import { FrameEngine } from './frames/frame-engine.ts';
import { loadLibrary } from './library.ts';
import { resolveWsOptions, type WsOptions } from './options.ts';
import { openWebSocket } from './ws-connecting.ts';
import { WsConnection } from './ws-connection.ts';
import { WsServer } from './ws-server.ts';

export type { WsOptions } from './options.ts';

/**
 * WebSocket (`ws://host:port/path`, `wss://…`), so that browsers can connect: a stream of bytes in binary messages.
 * Listening needs nothing else; connecting and compression need the library `ws` beside this package.
 *
 * Listening on an address with a path takes upgrades for that path only; others get `404 Not Found`. Several may listen
 * on one port with different paths, if they are in one thread. A peer that sends
 * a text message is closed with code 1003. Ends without a word to the peer, as with tcp, show as the end of the stream.
 *
 * @throws ERR_ARGUMENT for settings that cannot be used. Connecting and listening may throw, besides what all
 * transports throw, ERR_CONFIG: the library is not installed.
 */
export function ws(options: WsOptions = {}): Transport {
  const settings = resolveWsOptions(options);
  const flusher = new Flusher();
  const fromLibrary = (ws: WebSocket, socket: Socket, remote: string): Connection => {
    socket.setNoDelay(settings.noDelay);
    const local = endpoint(socket.localAddress, socket.localPort, '');
    return new WsConnection(ws, socket, flusher, remote, local);
  };
  let engine: FrameEngine | undefined;
  /** Ports that are listened on, or are about to be, by scheme and address. */
  const servers = new Map<string, Promise<WsServer>>();
  const keyOf = ({ scheme, host }: TransportAddress, port: number): string => `${scheme} ${host} ${port}`;
  const bind = async (address: TransportAddress, given: ListenOptions): Promise<WsServer> => {
    const library = settings.perMessageDeflate ? await loadLibrary() : undefined;
    engine ??= new FrameEngine(settings.maxPayload);
    return WsServer.open(library, address, given, settings, { engine, fromLibrary });
  };
  return {
    schemes: ['ws', 'wss'],
    async connect(address: TransportAddress, given: ConnectOptions): Promise<Connection> {
      const { ws, socket } = await openWebSocket(await loadLibrary(), address, settings, given);
      return fromLibrary(ws, socket, endpoint(socket.remoteAddress, socket.remotePort, ''));
    },
    async listen(
      address: TransportAddress,
      given: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const asked = keyOf(address, address.port);
      const binding = servers.get(asked) ?? bind(address, given);
      if (address.port !== 0) servers.set(asked, binding);
      let server: WsServer;
      try {
        server = await binding;
      } catch (error) {
        servers.delete(asked);
        throw error;
      }
      const key = keyOf(address, server.port);
      servers.set(key, binding);
      return server.listen(address, given, accept, () => {
        if (!server.idle) return;
        servers.delete(key);
        server.close();
      });
    },
  };
}
