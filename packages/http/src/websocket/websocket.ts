import { isUtf8 } from 'node:buffer';
import { type Duration, printable, type Skynet, type SkynetError, toMilliseconds } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import type { Receiver } from '@skynet/core/transport';
import { Exchange } from '../book/exchange.ts';
import { addressOf, parseHost } from '../book/host.ts';
import { httpError, statusOf } from '../errors.ts';
import { checkTarget, fieldsOf, type HeaderFields } from '../fields.ts';
import { Headers, type HeaderTable } from '../headers.ts';
import { type MessageHead, MessageParser } from '../parser/message-parser.ts';
import type { SocketPort, UpgradeEndpoint, Wire } from '../ports.ts';
import { SocketWire } from '../socket-wire.ts';
import { statusLine } from '../status.ts';
import { connectionStats } from '../traffic.ts';
import { type ConnectionOwner, WebSocketConnection } from './connection.ts';
import { checkClose } from './frame.ts';
import type { WebSocketHandler } from './handler.ts';
import { answerHandshake, checkAnswer, freshKey, type Refusal, requestFields } from './handshake.ts';
import {
  type AcceptOptions,
  type AcceptSettings,
  type ConnectOptions,
  readAcceptOptions,
  readConnectOptions,
} from './options.ts';

/** A request that was read already, for {@link WebSocketApi.accept}. */
export interface ReadUpgrade {
  /** `GET`. */
  readonly method: string;
  /** Target of the request. */
  readonly url: string;
  /** Fields of the head. */
  readonly header: HeaderTable;
}

/** What a connection ends with: true, or false and why. */
export type AcceptResult = readonly [ok: true, error: undefined] | readonly [ok: false, error: SkynetError];

const REQUEST_LIMITS = { headLimit: 8192, bodyLimit: 0 };
const ANSWER_LIMITS = { headLimit: 65_536, bodyLimit: 65_536 };
const GOING_AWAY = 1001;
const TABLE = Symbol('@skynet/http/websocket');

/** Connections of one service. */
class Holder implements ConnectionOwner {
  readonly kernel: ServiceKernel;
  readonly connections: Map<number, WebSocketConnection> = new Map();

  constructor(skynet: Skynet) {
    this.kernel = kernelOf(skynet);
    this.kernel.own(() => {
      for (const connection of this.connections.values()) connection.destroy();
    });
    this.kernel.console.addSockets(() => connectionStats(this.kernel, this.connections.values()));
  }

  forget(connection: WebSocketConnection): void {
    if (this.connections.get(connection.id) === connection) this.connections.delete(connection.id);
  }
}

/** WebSocket for one service (the original's `http.websocket`). Made by {@link createWebSocket}. */
export class WebSocketApi {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #holder: Holder;
  readonly #socket: SocketPort | undefined;

  /** Use {@link createWebSocket}. */
  constructor(skynet: Skynet, holder: Holder, socket: SocketPort | undefined) {
    this.#skynet = skynet;
    this.#kernel = holder.kernel;
    this.#holder = holder;
    this.#socket = socket;
  }

  // --- server

  /**
   * For `serve`: takes connections of its port that ask for WebSocket: `upgrades: { '/ws': websocket.endpoint(handler) }`.
   * @throws ERR_ARGUMENT.
   */
  endpoint(handler: WebSocketHandler, options: AcceptOptions = {}): UpgradeEndpoint {
    return new Endpoint(this.#holder, checkHandler(handler), readAcceptOptions(options));
  }

  /**
   * Serves an accepted socket, which must not be started, until it is over (`websocket.accept`).
   * @param protocol `ws` or `wss`; what it really is the socket knows.
   * @param addr what {@link addrInfo} gives; default: the peer's address.
   * @param options `upgrade`: the request, where it was read already. For the rest see {@link AcceptOptions}.
   * @returns true, or false and the error where the connection broke, or the peer broke the rules.
   * @throws ERR_ARGUMENT, ERR_SOCKET_ID, ERR_CONNECTION_CLOSED.
   */
  async accept(
    id: number,
    handler: WebSocketHandler,
    protocol: 'ws' | 'wss' = 'ws',
    addr?: string,
    options: AcceptOptions & { readonly upgrade?: ReadUpgrade } = {},
  ): Promise<AcceptResult> {
    const socket = this.#socket;
    if (socket === undefined)
      throw httpError('ERR_ARGUMENT', 'accept needs sockets: createWebSocket(skynet, createSocket(skynet))');
    if (protocol !== 'ws' && protocol !== 'wss') throw httpError('ERR_ARGUMENT', 'a protocol is ws or wss');
    const { upgrade, ...rest } = options;
    const settings = readAcceptOptions(rest);
    checkHandler(handler);
    if (upgrade === undefined || this.#socketIsFresh(id)) await socket.start(id);
    const wire = new SocketWire(this.#skynet, socket, id);
    const session = new Session(this.#holder, wire, handler, settings, id, addr);
    await session.connected();
    if (upgrade !== undefined) return session.shake(headOf(upgrade), Buffer.alloc(0), true);
    const read = await readHead(this.#kernel, wire, settings.handshakeTimeout);
    if ('error' in read) return session.refuse(read.error);
    return session.shake(read.head, read.rest, true);
  }

  #socketIsFresh(id: number): boolean {
    const invalid = (this.#socket as { invalid?: (id: number) => boolean } | undefined)?.invalid;
    return invalid === undefined ? false : invalid.call(this.#socket, id);
  }

  // --- client

  /**
   * Connects (`websocket.connect`): `ws://host:port/path`, or `wss://`. Messages are read by {@link read}, or go to
   * `options.handler`. Pings are answered by themselves.
   * @param header further fields of the handshake.
   * @param timeout for connecting and the handshake. Default 0, as long as it takes.
   * @throws ERR_HTTP_URL, ERR_HTTP_HEADER, ERR_CONNECT, ERR_TIMEOUT, ERR_WEBSOCKET_HANDSHAKE, ERR_HTTP_SOCKET.
   */
  async connect(
    url: string,
    header?: HeaderFields | null,
    timeout: Duration = 0,
    options: ConnectOptions = {},
  ): Promise<number> {
    const { handler, protocols, ...settings } = readConnectOptions(options);
    const [, base, target] = /^(wss?:\/\/[^/?#]*)([^#]*)/i.exec(typeof url === 'string' ? url : '') ?? [];
    if (base === undefined)
      throw httpError('ERR_HTTP_URL', 'a WebSocket is at ws://host:port/path or wss://…');
    const host = parseHost(base);
    const path = target === '' || target === undefined ? '/' : target.startsWith('?') ? `/${target}` : target;
    const key = freshKey();
    const fields = requestFields(key, header ? fieldsOf(header) : []);
    const offered = protocols.length === 0 ? undefined : protocols.join(', ');
    if (offered !== undefined) fields.push(['Sec-WebSocket-Protocol', offered]);
    const named = fields.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
    if (!fields.some(([name]) => name.toLowerCase() === 'host')) fields.unshift(['Host', host.field]);
    const limit = toMilliseconds(timeout);
    const until = performance.now() + limit;
    const connection = await this.#kernel.connect(addressOf(host), { timeout: limit });
    this.#kernel.release(connection);
    const exchange = new Exchange(this.#kernel, connection, ANSWER_LIMITS, { upgrade: true });
    const forget = this.#kernel.own(() => exchange.close());
    const late = (): void =>
      exchange.fail(
        httpError('ERR_TIMEOUT', `[Socket Error] : no answer from ${host.name}:${host.port} in time`),
      );
    const timer = limit === 0 ? undefined : setTimeout(late, Math.max(0, until - performance.now()));
    try {
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      connection.write(Buffer.from(`GET ${checkTarget(path)} HTTP/1.1\r\n${lines}\r\n`, 'latin1'));
      const { status, headers } = await exchange.answer;
      checkAnswer(status, headers, key, named);
    } catch (error) {
      exchange.close();
      throw error;
    } finally {
      clearTimeout(timer);
      forget();
    }
    const id = this.#kernel.thread.nextId();
    const opened = new WebSocketConnection(this.#holder, connection, id, settings, {
      client: true,
      handler,
      url: path,
      address: connection.remoteAddress,
      realIp: undefined,
    });
    this.#holder.connections.set(id, opened);
    opened.begin(exchange.rest);
    return id;
  }

  /**
   * The next message, waiting for it (`websocket.read`).
   * @returns `[data, undefined]`; at the end `[undefined, payload]`, what the peer's close frame had in it.
   * @throws ERR_WEBSOCKET_ID, ERR_HTTP_SOCKET where the connection broke, ERR_WEBSOCKET_PROTOCOL, ERR_WEBSOCKET_LIMIT.
   */
  async read(
    id: number,
  ): Promise<
    readonly [data: string | Buffer, closed: undefined] | readonly [data: undefined, closed: Buffer]
  > {
    return this.#live(id).read();
  }

  // --- both

  /**
   * Sends a message (`websocket.write`); never waits.
   * @param type default: `text` for text, `binary` for bytes.
   * @param mask a number to be the mask. Default: what RFC 6455 asks for, a fresh one from clients, none from servers.
   * @returns whether it was taken: false when the connection is closing or over.
   * @throws ERR_WEBSOCKET_DATA, ERR_WEBSOCKET_ID for what is no id.
   */
  write(id: number, data: string | Uint8Array, type?: 'text' | 'binary', mask?: number): boolean {
    const kind = type ?? (typeof data === 'string' ? 'text' : 'binary');
    if (kind !== 'text' && kind !== 'binary')
      throw httpError('ERR_WEBSOCKET_DATA', 'a message is text or binary');
    if (typeof data !== 'string' && !(data instanceof Uint8Array))
      throw httpError('ERR_WEBSOCKET_DATA', `a message is text or bytes, not ${typeof data}`);
    if (kind === 'text' && typeof data !== 'string' && !isUtf8(data))
      throw httpError('ERR_WEBSOCKET_DATA', 'a message of text is UTF-8');
    if (mask !== undefined && !(Number.isInteger(mask) && mask >= 0 && mask <= 0xffff_ffff))
      throw httpError('ERR_WEBSOCKET_DATA', 'a mask has 32 bits');
    return this.#find(id)?.write(data, kind, mask) ?? false;
  }

  /** Asks the peer for a sign of life. @returns whether there is such a connection. */
  ping(id: number): boolean {
    return this.#find(id)?.ping() ?? false;
  }

  /**
   * Closes (`websocket.close`): a close frame, then the end, as soon as the peer has answered or had time to. Unknown ids do
   * nothing.
   * @throws ERR_WEBSOCKET_DATA for a code or reason that cannot be sent.
   */
  close(id: number, code?: number, reason = ''): void {
    checkClose(code, reason);
    this.#find(id)?.close(code, reason);
  }

  /** The peer's address. @throws ERR_WEBSOCKET_ID. */
  addrInfo(id: number): string {
    return this.#live(id).address;
  }

  /** The field `x-real-ip` of the handshake: where a proxy says the peer is. @throws ERR_WEBSOCKET_ID. */
  realIp(id: number): string | undefined {
    return this.#live(id).realIp;
  }

  /** Whether the connection is over, or on its way there. */
  isClose(id: number): boolean {
    return this.#find(id)?.open !== true;
  }

  #find(id: number): WebSocketConnection | undefined {
    if (typeof id !== 'number') throw httpError('ERR_WEBSOCKET_ID', `not an id: ${printable(typeof id)}`);
    return this.#holder.connections.get(id);
  }

  #live(id: number): WebSocketConnection {
    const connection = this.#find(id);
    if (connection === undefined)
      throw httpError('ERR_WEBSOCKET_ID', `no WebSocket of this service: ${printable(id)}`);
    return connection;
  }
}

/**
 * WebSocket for a service: `const websocket = createWebSocket(skynet);`, the original's `require "http.websocket"`.
 * @param socket for `accept`: `createSocket(skynet, { encoding: 'bytes' })` of `@skynet/socket`.
 */
export function createWebSocket(skynet: Skynet, socket?: SocketPort): WebSocketApi {
  const holders = kernelOf(skynet).thread.local(TABLE, () => new WeakMap<Skynet, Holder>());
  let holder = holders.get(skynet);
  if (holder === undefined) {
    holder = new Holder(skynet);
    holders.set(skynet, holder);
  }
  return new WebSocketApi(skynet, holder, socket);
}

class Endpoint implements UpgradeEndpoint {
  readonly #holder: Holder;
  readonly #handler: WebSocketHandler;
  readonly #settings: AcceptSettings;
  readonly #ids = new Set<number>();

  constructor(holder: Holder, handler: WebSocketHandler, settings: AcceptSettings) {
    this.#holder = holder;
    this.#handler = handler;
    this.#settings = settings;
  }

  get count(): number {
    for (const id of this.#ids) if (!this.#holder.connections.has(id)) this.#ids.delete(id);
    return this.#ids.size;
  }

  takeOver(wire: Wire, head: MessageHead, rest: Buffer): void {
    const { kernel } = this.#holder;
    const id = kernel.thread.nextId();
    kernel.enqueue(async () => {
      const session = new Session(this.#holder, wire, this.#handler, this.#settings, id, undefined);
      await session.connected();
      this.#ids.add(id);
      await session.shake(head, rest, false);
    });
  }

  drain(): void {
    for (const id of this.#ids) this.#holder.connections.get(id)?.close(GOING_AWAY, '');
  }
}

/** A connection from its accept to the end of its handshake. */
class Session {
  readonly #holder: Holder;
  readonly #wire: Wire;
  readonly #handler: WebSocketHandler;
  readonly #settings: AcceptSettings;
  readonly #id: number;
  readonly #address: string;

  constructor(
    holder: Holder,
    wire: Wire,
    handler: WebSocketHandler,
    settings: AcceptSettings,
    id: number,
    address: string | undefined,
  ) {
    this.#holder = holder;
    this.#wire = wire;
    this.#handler = handler;
    this.#settings = settings;
    this.#id = id;
    this.#address = address ?? wire.remoteAddress;
  }

  async connected(): Promise<void> {
    await this.#tell(() => this.#handler.connect?.(this.#id));
  }

  /** @param wait whether to return when the connection is over, or as soon as it runs. */
  async shake(
    head: Pick<MessageHead, 'method' | 'version' | 'fields' | 'url'>,
    rest: Buffer,
    wait: boolean,
  ): Promise<AcceptResult> {
    const answer = answerHandshake(head, this.#settings.rules);
    if (!('head' in answer)) {
      this.#answer(answer);
      await this.#tell(() => this.#handler.close?.(this.#id));
      return [true, undefined];
    }
    const headers = new Headers(head.fields);
    const connection = new WebSocketConnection(this.#holder, this.#wire, this.#id, this.#settings, {
      client: false,
      handler: this.#handler,
      url: head.url,
      address: this.#address,
      realIp: headers.get('x-real-ip'),
    });
    this.#holder.connections.set(this.#id, connection);
    this.#wire.write(Buffer.from(answer.head, 'latin1'));
    await this.#tell(() => this.#handler.handshake?.(this.#id, headers.toTable(), head.url));
    connection.begin(rest);
    if (!wait) return [true, undefined];
    const error = await connection.untilOver();
    return error === undefined ? [true, undefined] : [false, error];
  }

  /** What came is no handshake. */
  async refuse(error: SkynetError): Promise<AcceptResult> {
    const status = statusOf(error);
    if (status === undefined) {
      this.#wire.destroy();
      return [false, error];
    }
    const tooLong = status === 414 || status === 431;
    this.#answer({ status: tooLong ? 413 : status, body: '' });
    await this.#tell(() => this.#handler.close?.(this.#id));
    return [true, undefined];
  }

  #answer({ status, body }: Refusal): void {
    const upgrade = status === 426 ? 'upgrade: websocket\r\n' : '';
    this.#wire.write(
      Buffer.from(
        `${statusLine(status)}${upgrade}connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      ),
    );
    const { wire, timer } = {
      wire: this.#wire,
      timer: setTimeout(() => this.#wire.destroy(), this.#settings.closeTimeout),
    };
    timer.unref();
    wire.start(new Farewell(() => clearTimeout(timer)));
    wire.end();
  }

  async #tell(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#holder.kernel.reportError('websocket', error);
    }
  }
}

/** Throws away what comes behind an answer that is the last. */
class Farewell implements Receiver {
  readonly #over: () => void;

  constructor(over: () => void) {
    this.#over = over;
  }

  data(): void {}
  end(): void {}
  drained(): void {}
  error(): void {}

  closed(): void {
    this.#over();
  }
}

/** Reads the head of a handshake. */
async function readHead(
  kernel: ServiceKernel,
  wire: Wire,
  timeout: number,
): Promise<{ readonly head: MessageHead; readonly rest: Buffer } | { readonly error: SkynetError }> {
  const arrival = kernel.suspend<void>();
  let head: MessageHead | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let error: SkynetError | undefined;
  const parser = new MessageParser('request', REQUEST_LIMITS, {
    head: (found) => {
      head = found;
      return true;
    },
    body() {},
    complete() {},
  });
  const stop = (why?: SkynetError): void => {
    error ??= why;
    arrival.resolve();
  };
  const gone = httpError('ERR_HTTP_SOCKET', '[Socket Error] : the peer has closed in the handshake');
  const late = httpError('ERR_TIMEOUT', '[Socket Error] : the handshake took too long');
  const timer = timeout === 0 ? undefined : setTimeout(() => stop(late), timeout);
  wire.start({
    data(chunk) {
      if (head !== undefined || error !== undefined) return;
      try {
        const read = parser.read(chunk);
        if (head === undefined) return;
        rest = Buffer.from(chunk.subarray(read));
        wire.pause();
        stop();
      } catch (thrown) {
        stop(thrown as SkynetError);
      }
    },
    end: () => stop(gone),
    drained() {},
    error: () => stop(gone),
    closed: () => stop(gone),
  });
  try {
    await arrival.promise;
  } finally {
    clearTimeout(timer);
    parser.free();
  }
  return head === undefined ? { error: error ?? gone } : { head, rest };
}

/** A request that was read by `httpd.readRequest`. */
function headOf({
  method,
  url,
  header,
}: ReadUpgrade): Pick<MessageHead, 'method' | 'version' | 'fields' | 'url'> {
  const fields = Object.entries(header).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  return { method, url, version: 11, fields };
}

/** @throws ERR_ARGUMENT. */
function checkHandler(handler: WebSocketHandler): WebSocketHandler {
  if (typeof handler === 'object' && handler !== null) return handler;
  throw httpError('ERR_ARGUMENT', 'a WebSocket handler is an object with message, close, …');
}
