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
import { loadLibrary } from './library.ts';
import { resolveWsOptions, type WsOptions } from './options.ts';
import { type Opened, openWebSocket } from './ws-connecting.ts';
import { WsConnection } from './ws-connection.ts';
import { listenForWebSockets } from './ws-listening.ts';

export type { WsOptions } from './options.ts';

/**
 * WebSocket (`ws://host:port/path`, `wss://…`), so that browsers can connect: a stream of bytes in binary messages.
 * Needs the library `ws` beside this package.
 *
 * Listening on an address with a path takes upgrades for that path only; others get `404 Not Found`. A peer that sends
 * a text message is closed with code 1003. Ends without a word to the peer, as with tcp, show as the end of the stream.
 *
 * @throws ERR_ARGUMENT for settings that cannot be used. Connecting and listening may throw, besides what all
 * transports throw, ERR_CONFIG: the library is not installed.
 */
export function ws(options: WsOptions = {}): Transport {
  const settings = resolveWsOptions(options);
  const flusher = new Flusher();
  const wrap = (opened: Opened): Connection => {
    const { socket } = opened;
    socket.setNoDelay(settings.noDelay);
    const remote = endpoint(socket.remoteAddress, socket.remotePort, '');
    const local = endpoint(socket.localAddress, socket.localPort, '');
    return new WsConnection(opened.ws, socket, flusher, remote, local);
  };
  return {
    schemes: ['ws', 'wss'],
    async connect(address: TransportAddress, given: ConnectOptions): Promise<Connection> {
      return wrap(await openWebSocket(await loadLibrary(), address, settings, given));
    },
    async listen(
      address: TransportAddress,
      given: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      return listenForWebSockets(await loadLibrary(), address, settings, given, accept, wrap);
    },
  };
}
