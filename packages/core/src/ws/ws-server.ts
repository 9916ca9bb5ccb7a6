import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { SkynetError } from '../errors.ts';
import { AcceptGate } from '../transport/accept-gate.ts';
import type { Connection, Listener, ListenOptions, TransportAddress } from '../transport/contract.ts';
import { Entrance, type Visit } from '../transport/entrance.ts';
import { type HandleEngine, nameOf } from '../transport/handle-engine.ts';
import { HandleWire } from '../transport/handle-wire.ts';
import { Port, urlOf } from '../transport/listening.ts';
import { type NativeHandle, socketOf } from '../transport/native-stream.ts';
import { ProxyReader } from '../transport/proxy-reader.ts';
import { SocketWire } from '../transport/socket-wire.ts';
import { systemError } from '../transport/system-error.ts';
import { secureServer } from '../transport/tls-settings.ts';
import { Visits } from '../transport/visits.ts';
import type { Wire } from '../transport/wire.ts';
import { hopsOf } from './forwarded.ts';
import { FrameConnection } from './frames/frame-connection.ts';
import type { FrameEngine } from './frames/frame-engine.ts';
import { Greeting } from './greeting.ts';
import { answerUpgrade } from './handshake.ts';
import type { Library } from './library.ts';
import type { ResolvedWsOptions } from './options.ts';
import { readPlainRequest, type UpgradeRequest } from './plain-request.ts';

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
    // Compressed connections are those of the library, which wants what node:http has read.
    const handles = this.#secure || this.#upgrader !== undefined ? undefined : this.#maker.engine.handles;
    this.#port = await Port.open(listening, target, options, this.#entrance, tell, {
      proxies: this.#settings.proxies,
      socket: (socket, visit) => this.#serve(socket, visit),
      handle: handles && ((handle) => this.#greet(handle, handles)),
    });
  }

  #tell(error: SkynetError): void {
    for (const gate of this.#gates.values()) gate.tell(error);
  }

  /** Waits for the request of one that was accepted, and makes a socket of it only where that is needed. */
  #greet(handle: NativeHandle, engine: HandleEngine): void {
    const peer = nameOf(handle, 'getpeername');
    const { proxies } = this.#settings;
    const proxied = proxies?.trusts(peer, 0) === true;
    const visit = peer === '' ? undefined : this.#entrance.enter(peer, () => handle.close(), proxied);
    // Without an address it was reset already.
    if (visit === undefined) {
      handle.close();
      return;
    }
    if (proxied && proxies.header) {
      const socket = this.#socketOf(handle, visit, engine);
      new ProxyReader(this.#entrance, visit, proxies, () => this.#serve(socket, visit)).readFrom(socket);
      return;
    }
    const greeting = new Greeting(handle, engine, visit, this.#greeted, this.#left);
    visit.cut = () => greeting.close();
    greeting.start();
  }

  readonly #left = (visit: Visit): void => this.#entrance.leave(visit);

  readonly #greeted = (handle: NativeHandle, visit: Visit, bytes: Uint8Array): void => {
    const engine = this.#maker.engine.handles as HandleEngine;
    const request = readPlainRequest(bytes);
    const answer = request && answerUpgrade(request);
    if (request === undefined || answer === undefined || 'status' in answer) {
      const socket = this.#socketOf(handle, visit, engine);
      socket.unshift(Buffer.from(bytes));
      this.#serve(socket, visit);
      return;
    }
    const gate = this.#gateFor(request, visit);
    if (typeof gate === 'string') refuse(this.#socketOf(handle, visit, engine), gate);
    else {
      this.#entrance.through(visit, gate);
      const wire = new HandleWire(handle, engine);
      gate.pass(this.#connection(wire, visit, answer.head, bytes.slice(request.size)));
    }
  };

  #socketOf(handle: NativeHandle, visit: Visit, engine: HandleEngine): Socket {
    const socket = socketOf(handle, engine.buffer);
    socket.on('error', () => {});
    socket.once('close', () => this.#entrance.leave(visit));
    visit.cut = () => socket.destroy();
    return socket;
  }

  /** Has a socket read by node:http. */
  #serve(socket: Socket, visit: Visit): void {
    this.#visits.add(visit, socket);
    this.#server.emit('connection', socket);
  }

  /** Where a request leads to, or the status of the answer that refuses it. */
  #gateFor(request: UpgradeRequest, visit: Visit): AcceptGate | string {
    const path = request.url?.split('?', 1)[0] ?? '';
    const gate = this.#gates.get(path) ?? this.#gates.get('');
    if (gate === undefined) return '404 Not Found';
    if (!this.#settings.mayConnect(request.headers.origin)) return '403 Forbidden';
    if (!this.#identify(request, visit)) {
      gate.tell(unreadable(visit));
      return '400 Bad Request';
    }
    if (this.#entrance.name(visit) && this.#entrance.admits(visit, gate)) return gate;
    return '503 Service Unavailable';
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Told by the connection once there is one.
    socket.on('error', () => {});
    const visit = this.#visits.of(socket);
    if (visit === undefined) {
      socket.destroy();
      return;
    }
    const gate = this.#gateFor(request, visit);
    if (typeof gate === 'string') refuse(socket, gate);
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
        gate.pass(this.#take(socket, visit, answer.head, head));
      }
    }
  }

  /** Makes a connection of an upgraded socket, of which nothing remains if its handle is one that we know. */
  #take(socket: Socket, visit: Visit, answer: string, head: Buffer): Connection {
    const { handles } = this.#maker.engine;
    const wire = this.#secure || handles === undefined ? undefined : HandleWire.over(socket, handles);
    if (wire === undefined) return this.#open(new SocketWire(socket), visit, answer, head);
    this.#visits.forget(visit);
    return this.#connection(wire, visit, answer, head);
  }

  /** A connection of which nobody else knows that it is closed. */
  #connection(wire: HandleWire, visit: Visit, answer: string, head: Uint8Array): Connection {
    const connection = this.#open(wire, visit, answer, head);
    connection.onOver = this.#entrance.settle(visit);
    return connection;
  }

  #open(wire: Wire, visit: Visit, answer: string, head: Uint8Array): FrameConnection {
    const { engine } = this.#maker;
    const connection = new FrameConnection(wire, engine, visit.client, Buffer.from(answer, 'latin1'), head);
    connection.setNoDelay(this.#settings.noDelay);
    return connection;
  }

  /** Notes whom proxies have named. False if one whose word counts wrote what cannot be read. */
  #identify({ headers }: UpgradeRequest, visit: Visit): boolean {
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
