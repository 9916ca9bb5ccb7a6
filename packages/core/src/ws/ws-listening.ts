import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AcceptGate } from '../transport/accept-gate.ts';
import type { Connection, Listener, ListenOptions, TransportAddress } from '../transport/contract.ts';
import { descriptorCeiling, outOfDescriptors } from '../transport/descriptors.ts';
import { endpoint } from '../transport/endpoint.ts';
import { bind, descriptorOf, urlOf } from '../transport/listening.ts';
import { handleOf } from '../transport/native-stream.ts';
import { systemError } from '../transport/system-error.ts';
import type { Library } from './library.ts';
import type { ResolvedWsOptions } from './options.ts';
import type { Opened } from './ws-connecting.ts';

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Closes connections on which nobody asks for an upgrade in time. */
class Handshakes {
  readonly #timeout: number;
  readonly #timers = new WeakMap<Duplex, NodeJS.Timeout>();

  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  begin(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.#timeout);
    timer.unref();
    this.#timers.set(socket, timer);
    socket.once('close', () => clearTimeout(timer));
  }

  done(socket: Duplex): void {
    clearTimeout(this.#timers.get(socket));
  }
}

/** Listens with a server of node:http or node:https. @throws ERR_LISTEN. */
export async function listenForWebSockets(
  { WebSocketServer: Upgrader }: Library,
  target: TransportAddress,
  settings: ResolvedWsOptions,
  options: ListenOptions,
  accept: (connection: Connection) => void,
  wrap: (opened: Opened) => Connection,
): Promise<Listener> {
  const secure = target.scheme === 'wss';
  const server: Server = secure ? createSecureServer(settings.server) : createServer();
  const upgrader = new Upgrader({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: settings.maxPayload,
  });
  const gate = new AcceptGate(options, accept);
  const handshakes = new Handshakes(settings.handshakeTimeout);
  const ceiling = descriptorCeiling();
  let address = '';

  server.on('connection', (socket: Socket) => {
    if (descriptorOf(handleOf(socket)) >= ceiling) {
      socket.destroy();
      gate.tell(outOfDescriptors(address));
    } else if (!secure) handshakes.begin(socket);
  });
  if (secure) server.on('secureConnection', (socket: Socket) => handshakes.begin(socket));
  server.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Told by the connection once there is one.
    stream.on('error', () => {});
    const path = request.url?.split('?', 1)[0];
    if (target.path !== '' && path !== target.path) return refuse(stream, '404 Not Found');
    if (!settings.mayConnect(request.headers.origin)) return refuse(stream, '403 Forbidden');
    upgrader.handleUpgrade(request, stream, head, (ws) => {
      handshakes.done(stream);
      ws.pause();
      gate.pass(wrap({ ws, socket: stream as Socket }));
    });
  });

  await bind(server, target, options);
  server.on('error', (error) => gate.tell(systemError('ERR_LISTEN', error, address, 'accept error: ')));
  server.on('tlsClientError', (error: Error) =>
    gate.tell(systemError('ERR_LISTEN', error, address, 'handshake error: ')),
  );
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  if (typeof bound === 'object' && bound !== null) address = endpoint(bound.address, bound.port, '');
  return {
    address,
    url: urlOf(target, address) + target.path,
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
