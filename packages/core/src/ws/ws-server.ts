import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { SkynetError } from '../errors.ts';
import { AcceptGate } from '../transport/accept-gate.ts';
import type { Connection, Listener, ListenOptions, TransportAddress } from '../transport/contract.ts';
import { Entrance, type Visit } from '../transport/entrance.ts';
import { HandleWire } from '../transport/handle-wire.ts';
import { Port, urlOf } from '../transport/listening.ts';
import { SocketWire } from '../transport/socket-wire.ts';
import { systemError } from '../transport/system-error.ts';
import { secureServer } from '../transport/tls-settings.ts';
import { Visits } from '../transport/visits.ts';
import { hopsOf } from './forwarded.ts';
import { FrameConnection } from './frames/frame-connection.ts';
import type { FrameEngine } from './frames/frame-engine.ts';
import { answerUpgrade } from './handshake.ts';
import type { Library } from './library.ts';
import type { ResolvedWsOptions } from './options.ts';

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Whether a client can take messages that are compressed as RFC 7692 says. */
function offersDeflate({ headers }: IncomingMessage): boolean {
  return /\bpermessage-deflate\b/.test(headers['sec-websocket-extensions'] ?? '');
}

function unreadable({ address }: Visit): SkynetError {
  const text = `handshake error: ${address} sent a header about its client that cannot be read`;
  return new SkynetError('ERR_LISTEN', text, { details: { reason: 'forwarded' } });
}

/** What makes connections of sockets that have been upgraded. */
export interface WsMaker {
  readonly engine: FrameEngine;
  /** Of a socket that the library has upgraded. */
  fromLibrary(ws: WebSocket, socket: Socket, remoteAddress: string): Connection;
}

/** One port of node:http or node:https, whose paths may belong to different listeners. */
export class WsServer {
  readonly #settings: ResolvedWsOptions;
  readonly #maker: WsMaker;
  readonly #secure: boolean;
  /** Gets its sockets from the port. */
  readonly #server: Server;
  /** Where compression is asked for: the library's. */
  readonly #upgrader: WebSocketServer | undefined;
  /** By path; '' takes what nobody else does. */
  readonly #gates = new Map<string, AcceptGate>();
  readonly #entrance: Entrance;
  readonly #visits = new Visits();
  #port!: Port;

  private constructor(
    library: Library | undefined,
    secure: boolean,
    settings: ResolvedWsOptions,
    maker: WsMaker,
  ) {
    this.#settings = settings;
    this.#maker = maker;
    this.#secure = secure;
    this.#entrance = new Entrance(() => this.#gates.values(), settings.handshakeTimeout);
    this.#server = secure
      ? secureServer('ws', settings.server, (given) => createSecureServer(given))
      : createServer();
    this.#upgrader =
      library &&
      new library.WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: true,
        maxPayload: settings.maxPayload,
      });
    this.#server.on('tlsClientError', (error: Error) =>
      this.#tell(systemError('ERR_LISTEN', error, this.#port.address, 'handshake error: ')),
    );
    this.#server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream as Socket, head),
    );
  }

  /** Binds a port. `library` is needed for compression. @throws ERR_LISTEN. */
  static async open(
    library: Library | undefined,
    target: TransportAddress,
    options: ListenOptions,
    settings: ResolvedWsOptions,
    maker: WsMaker,
  ): Promise<WsServer> {
    const server = new WsServer(library, target.scheme === 'wss', settings, maker);
    await server.#bind(target, options);
    return server;
  }

  async #bind(target: TransportAddress, options: ListenOptions): Promise<void> {
    const listening = createTcpServer({ allowHalfOpen: !this.#secure });
    const tell = (error: SkynetError): void => this.#tell(error);
    this.#port = await Port.open(listening, target, options, this.#entrance, tell, {
      proxies: this.#settings.proxies,
      socket: (socket, visit) => {
        this.#visits.add(visit, socket);
        this.#server.emit('connection', socket);
      },
    });
  }

  #tell(error: SkynetError): void {
    for (const gate of this.#gates.values()) gate.tell(error);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Told by the connection once there is one.
    socket.on('error', () => {});
    const visit = this.#visits.of(socket);
    if (visit === undefined) {
      socket.destroy();
      return;
    }
    const path = request.url?.split('?', 1)[0] ?? '';
    const gate = this.#gates.get(path) ?? this.#gates.get('');
    if (gate === undefined) refuse(socket, '404 Not Found');
    else if (!this.#settings.mayConnect(request.headers.origin)) refuse(socket, '403 Forbidden');
    else if (!this.#identify(request, visit)) {
      gate.tell(unreadable(visit));
      refuse(socket, '400 Bad Request');
    } else if (!this.#entrance.name(visit) || !this.#entrance.admits(visit, gate))
      refuse(socket, '503 Service Unavailable');
    else if (this.#upgrader !== undefined && offersDeflate(request)) {
      this.#upgrader.handleUpgrade(request, socket, head, (ws) => {
        ws.pause();
        this.#entrance.through(visit, gate);
        gate.pass(this.#maker.fromLibrary(ws, socket, visit.client));
      });
    } else {
      const answer = answerUpgrade(request);
      if ('status' in answer) refuse(socket, answer.status);
      // A client that has left already.
      else if (!socket.readable || !socket.writable) socket.destroy();
      else {
        this.#entrance.through(visit, gate);
        gate.pass(this.#take(socket, visit, Buffer.from(answer.head, 'latin1'), head));
      }
    }
  }

  /** Makes a connection of an upgraded socket, of which nothing remains if its handle is one that we know. */
  #take(socket: Socket, visit: Visit, answer: Buffer, head: Buffer): Connection {
    const { engine } = this.#maker;
    const { noDelay } = this.#settings;
    const wire =
      this.#secure || engine.handles === undefined ? undefined : HandleWire.over(socket, engine.handles);
    const connection = new FrameConnection(
      wire ?? new SocketWire(socket),
      engine,
      visit.client,
      answer,
      head,
    );
    connection.setNoDelay(noDelay);
    if (wire === undefined) return connection;
    this.#visits.forget(visit);
    connection.onOver = this.#entrance.settle(visit);
    return connection;
  }

  /** Notes whom proxies have named. False if one whose word counts wrote what cannot be read. */
  #identify({ headers }: IncomingMessage, visit: Visit): boolean {
    const { proxies, forwarded } = this.#settings;
    if (proxies === undefined || forwarded === undefined) return true;
    for (const hop of hopsOf(forwarded, String(headers[forwarded] ?? ''))) {
      if (!proxies.trusts(visit.client, visit.hops)) return true;
      if (hop === null) return false;
      if (hop === undefined) return true;
      visit.client = hop;
      visit.hops++;
    }
    return true;
  }

  /** The bound port. */
  get port(): number {
    return this.#port.port;
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
    const { address, port } = this.#port;
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
      port,
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
    this.#port.close();
  }
}
