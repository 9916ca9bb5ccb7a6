import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { SkynetError } from '../errors.ts';
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

/** One port of node:http or node:https, whose paths may belong to different listeners. */
export class WsServer {
  readonly #settings: ResolvedWsOptions;
  readonly #wrap: (opened: Opened) => Connection;
  readonly #server: Server;
  readonly #upgrader: WebSocketServer;
  readonly #handshakes: Handshakes;
  /** By path; '' takes what nobody else does. */
  readonly #gates = new Map<string, AcceptGate>();
  #address = '';
  /** The bound port. */
  port = 0;

  constructor(
    { WebSocketServer: Upgrader }: Library,
    secure: boolean,
    settings: ResolvedWsOptions,
    wrap: (opened: Opened) => Connection,
  ) {
    this.#settings = settings;
    this.#wrap = wrap;
    this.#handshakes = new Handshakes(settings.handshakeTimeout);
    this.#server = secure ? createSecureServer(settings.server) : createServer();
    this.#upgrader = new Upgrader({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: settings.maxPayload,
    });
    const ceiling = descriptorCeiling();
    this.#server.on('connection', (socket: Socket) => {
      if (descriptorOf(handleOf(socket)) >= ceiling) {
        socket.destroy();
        this.#tell(outOfDescriptors(this.#address));
      } else if (!secure) this.#handshakes.begin(socket);
    });
    if (secure) this.#server.on('secureConnection', (socket: Socket) => this.#handshakes.begin(socket));
    this.#server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head),
    );
  }

  #tell(error: SkynetError): void {
    for (const gate of this.#gates.values()) gate.tell(error);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // Told by the connection once there is one.
    stream.on('error', () => {});
    const path = request.url?.split('?', 1)[0] ?? '';
    const gate = this.#gates.get(path) ?? this.#gates.get('');
    if (gate === undefined || !this.#settings.mayConnect(request.headers.origin)) {
      refuse(stream, gate === undefined ? '404 Not Found' : '403 Forbidden');
      return;
    }
    this.#upgrader.handleUpgrade(request, stream, head, (ws) => {
      this.#handshakes.done(stream);
      ws.pause();
      gate.pass(this.#wrap({ ws, socket: stream as Socket }));
    });
  }

  /** Binds the port. @throws ERR_LISTEN. */
  async bind(target: TransportAddress, options: ListenOptions): Promise<void> {
    await bind(this.#server, target, options);
    this.#server.on('error', (error) =>
      this.#tell(systemError('ERR_LISTEN', error, this.#address, 'accept error: ')),
    );
    this.#server.on('tlsClientError', (error: Error) =>
      this.#tell(systemError('ERR_LISTEN', error, this.#address, 'handshake error: ')),
    );
    const bound = this.#server.address() as { address: string; port: number };
    this.#address = endpoint(bound.address, bound.port, '');
    this.port = bound.port;
  }

  /** Whether nobody listens any more. */
  get idle(): boolean {
    return this.#gates.size === 0;
  }

  /**
   * Takes connections for a path.
   * @throws ERR_LISTEN if somebody does already.
   */
  listen(
    target: TransportAddress,
    options: ListenOptions,
    accept: (connection: Connection) => void,
    closed: () => void,
  ): Listener {
    const { path } = target;
    const address = this.#address;
    if (this.#gates.has(path)) {
      throw new SkynetError('ERR_LISTEN', `Listen error: ${address}${path} is already in use`, {
        details: { address: address + path, reason: 'EADDRINUSE' },
      });
    }
    const gate = new AcceptGate(options, accept);
    this.#gates.set(path, gate);
    return {
      address,
      url: urlOf(target, address) + path,
      port: this.port,
      pause: () => gate.pause(),
      resume: () => gate.resume(),
      close: () => {
        gate.close();
        if (this.#gates.get(path) === gate) {
          this.#gates.delete(path);
          closed();
        }
        return Promise.resolve();
      },
    };
  }

  /** Frees the port. */
  close(): void {
    // Its event waits for the connections, which live on; the descriptor is free at once.
    this.#server.close();
  }
}
