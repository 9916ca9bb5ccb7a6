import { printable, type Skynet, type SkynetError } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import type { Connection } from '@skynet/core/transport';
import { hostPort, transportUrl } from './address.ts';
import { type Encoding, encode, header as headerOf, type SocketData, type WriteData } from './data.ts';
import { type Datagram, type DatagramCallback, openDatagram } from './datagram.ts';
import { DescriptorConnection } from './descriptor-connection.ts';
import type { Entry, SocketStat } from './entry.ts';
import { socketError } from './errors.ts';
import { type AcceptCallback, Listener } from './listener.ts';
import { lookup } from './lookup.ts';
import { positive, type Settings, type SocketOptions, settingsOf } from './options.ts';
import { Owner } from './owner.ts';
import type { Want } from './reader.ts';
import { SocketTable } from './socket-table.ts';
import { type CloseCallback, Stream, type WarningCallback } from './stream.ts';
import { encodeText } from './text.ts';

/** What reading gives: the data, or at the end of the stream nothing and the rest that was not read (perhaps empty). */
export type ReadResult<Data> =
  | readonly [data: Data, rest: undefined]
  | readonly [data: undefined, rest: Data];

const TABLE = Symbol('@skynet/socket');
const BACKLOG = 32;
const NEWLINE: Uint8Array = Buffer.from('\n');

/** The socket API of one service, made by {@link createSocket}. */
export class SocketApi<E extends Encoding = 'utf8'> {
  readonly #kernel: ServiceKernel;
  readonly #table: SocketTable;
  readonly #owner: Owner;
  readonly #settings: Settings;
  readonly #suspend = () => this.#kernel.suspend<unknown>();

  /** Use {@link createSocket}. */
  constructor(kernel: ServiceKernel, table: SocketTable, owner: Owner, settings: Settings) {
    this.#kernel = kernel;
    this.#table = table;
    this.#owner = owner;
    this.#settings = settings;
  }

  // --- connecting and listening -----------------------------------------------------------------------------------

  /**
   * Connects (book §9.1). Address: `host:port`, host and port, `[v6]:port`, or a URL of any transport of the node
   * (`tls://host:port`, `unix:///path`, `memory://name`). Names are looked up without holding anybody up.
   * @returns the id; the socket is started.
   * @throws ERR_CONNECT (`Connection refused`, `Name or service not known`), ERR_ADDRESS_INVALID, ERR_TIMEOUT.
   */
  async open(address: string, port?: number | string): Promise<number> {
    const url = transportUrl(address, port, 'open');
    const connection = await this.#kernel.connect(url, { timeout: this.#settings.connectTimeout });
    this.#kernel.release(connection);
    return this.#adopt(connection);
  }

  /** Makes a connection a started socket of this service. */
  #adopt(connection: Connection): number {
    const stream = new Stream(this.#table, connection, this.#settings);
    stream.start(this.#owner, this.#settings);
    return stream.id;
  }

  /**
   * Listens (book §9.1). Addresses as in {@link open}; port 0 takes any free one, see {@link localAddress}.
   * Connections wait until {@link start} is called with the id.
   * @param backlog connections that may wait to be accepted, default 32.
   * @returns the id.
   * @throws ERR_LISTEN (`Listen error: …`), ERR_ADDRESS_INVALID.
   */
  async listen(address: string, port?: number | string, backlog: number = BACKLOG): Promise<number> {
    const url = transportUrl(address, port, 'listen');
    positive(backlog, 'backlog');
    const entry = new Listener(this.#table, this.#settings, backlog);
    const options = { ...this.#settings.listening, backlog, onAcceptError: entry.onAcceptError };
    const listener = await this.#kernel.listen(url, options, entry.onConnection);
    this.#kernel.release(listener);
    entry.opened(listener);
    this.#owner.take(entry);
    return entry.id;
  }

  /**
   * Starts a listening id: `accept(id, address)` is called for every connection, each call a task of its own.
   * Starts an accepted or abandoned id: from now on its data comes to this service, whoever had it before (book §9.1).
   * @returns the id.
   * @throws ERR_SOCKET_ID (`invalid socket`), ERR_SOCKET_STARTED (`socket is not closed`), ERR_CONNECTION_CLOSED
   * (`socket closed`), ERR_ARGUMENT when `accept` is missing.
   */
  async start(id: number, accept?: AcceptCallback): Promise<number> {
    const entry = this.#table.find(id) ?? (await this.#fetch(id));
    if (entry === undefined || entry.kind === 'udp') throw invalidSocket(id);
    if (entry.kind === 'listener') {
      const listener = entry as Listener;
      if (typeof accept !== 'function')
        throw socketError('ERR_ARGUMENT', 'a listening socket is started with an accept function');
      if (this.#owner.has(listener) && listener.started) throw notClosed(id);
      listener.start(this.#owner, accept);
    } else {
      if (this.#owner.has(entry)) throw notClosed(id);
      (entry as Stream).start(this.#owner, this.#settings);
    }
    return id;
  }

  /** A socket that another thread has. */
  async #fetch(id: number): Promise<Entry | undefined> {
    const { promise, resolve, reject } = this.#kernel.suspend<Entry | undefined>();
    this.#table.fetch(id, this.#settings).then(resolve, reject);
    return promise;
  }

  /** Wraps an open descriptor of the process, which then belongs to the id. @throws ERR_SOCKET_DESCRIPTOR. */
  async bind(fd: number): Promise<number> {
    return this.#adopt(DescriptorConnection.open(fd));
  }

  /** Wraps standard input; closing the id leaves it open. @throws ERR_SOCKET_DESCRIPTOR in a worker thread. */
  async stdin(): Promise<number> {
    return this.#adopt(DescriptorConnection.stdin());
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  /**
   * Reads exactly `size` bytes, or without it whatever is there, waiting for at least one byte (book §9.1).
   * Only one task can wait on a socket; what is buffered already can be taken by others meanwhile.
   * @returns `[data, undefined]`, or at the end of the stream `[undefined, rest]`.
   * @throws ERR_SOCKET_ID when this service has not started the id or has closed it, ERR_SOCKET_BUSY,
   * ERR_SOCKET_OVERFLOW for a size above `readLimit`, ERR_ARGUMENT.
   */
  read(id: number, size?: number): Promise<ReadResult<SocketData<E>>> {
    const { encoding, readLimit } = this.#settings;
    if (size === undefined) return this.#read(id, { kind: 'any', encoding });
    if (!Number.isInteger(size) || size < 0)
      return Promise.reject(socketError('ERR_ARGUMENT', `cannot read ${printable(size)} bytes`));
    if (size > readLimit) {
      return Promise.reject(
        socketError('ERR_SOCKET_OVERFLOW', `cannot read ${size} bytes: the readLimit is ${readLimit}`, {
          details: { id, size },
        }),
      );
    }
    return this.#read(id, { kind: 'count', count: size, encoding });
  }

  /**
   * Reads up to a separator, which is not part of the result (book §9.3). Results and errors as {@link read}.
   * @param separator one or more characters, default a newline.
   */
  readLine(id: number, separator?: string | Uint8Array): Promise<ReadResult<SocketData<E>>> {
    const { encoding } = this.#settings;
    if (separator === undefined) return this.#read(id, { kind: 'line', separator: NEWLINE, encoding });
    const bytes = typeof separator === 'string' ? encodeText(separator) : separator;
    if (!(bytes instanceof Uint8Array) || bytes.length === 0)
      return Promise.reject(socketError('ERR_ARGUMENT', 'a separator has at least one byte'));
    return this.#read(id, { kind: 'line', separator: bytes, encoding });
  }

  /**
   * Reads everything until the end of the stream (book §9.4).
   * @returns the data, perhaps empty; undefined when the stream had ended before and nothing was left.
   * @throws as {@link read}.
   */
  readAll(id: number): Promise<SocketData<E> | undefined> {
    return this.#read(id, { kind: 'all', encoding: this.#settings.encoding });
  }

  /** Waits until something can be read: true, or false at the end of the stream (book §9.1). @throws as {@link read}. */
  block(id: number): Promise<boolean> {
    return this.#read(id, { kind: 'block' });
  }

  async #read<Result>(id: number, want: Want): Promise<Result> {
    return this.#stream(id).read(want, this.#suspend) as Result;
  }

  // --- writing ----------------------------------------------------------------------------------------------------

  /**
   * Sends (book §9.1); never waits. Numbers go out as text, the pieces of a list as one. Any service may write to
   * any id, also before it is started.
   * @returns whether the data was taken: false when the socket is closed or unknown.
   * @throws ERR_SOCKET_DATA.
   */
  write(id: number, data: WriteData): boolean {
    return this.#write(id, data, false);
  }

  /**
   * Sends when no normal write waits any more (book §9.5). The data of one call is never interrupted by other data.
   * As {@link write} otherwise.
   */
  lwrite(id: number, data: WriteData): boolean {
    return this.#write(id, data, true);
  }

  #write(id: number, data: WriteData, low: boolean): boolean {
    const bytes = encode(data, this.#settings.encoding);
    const entry = this.#table.find(id);
    if (entry === undefined || entry.kind === 'listener') return this.#table.writeShared(id, bytes);
    if (entry.kind === 'udp') return (entry as Datagram).write(bytes);
    const stream = entry as Stream;
    if (!stream.accepts()) return false;
    stream.write(bytes, low);
    return true;
  }

  // --- ending -----------------------------------------------------------------------------------------------------

  /**
   * Closes a socket of this service; what was written is still sent, in the background. A task that reads gets the
   * end and what was buffered, and has run when this resolves (book §9.1). Unknown ids are none of our business.
   */
  async close(id: number): Promise<void> {
    const entry = this.#table.find(id);
    if (entry === undefined || !this.#owner.has(entry)) return;
    const reading = entry.kind === 'stream' && (entry as Stream).interrupt();
    entry.close();
    if (!reading) return;
    // Settled right behind the reader's, so it resumes right behind it.
    const { promise, resolve } = this.#kernel.suspend<void>();
    resolve();
    await promise;
  }

  /**
   * Closes an id that this service has not started: an accepted one nobody wants, or another service's (`close_fd`).
   * @throws ERR_SOCKET_STARTED (`Use socket.close instead`).
   */
  closeFd(id: number): void {
    const entry = this.#table.find(id);
    if (entry === undefined) {
      this.#table.closeShared(id);
      return;
    }
    if (this.#owner.has(entry))
      throw socketError('ERR_SOCKET_STARTED', 'Use socket.close instead', { details: { id } });
    if (entry.kind === 'stream' && entry.owner !== undefined) (entry as Stream).hangUp();
    else entry.close();
  }

  /**
   * Cuts a connection off; what was written and not sent is lost. A task that reads gets the end. The id still has to
   * be closed (book §9.1). Unknown ids do nothing.
   */
  shutdown(id: number): void {
    const entry = this.#table.find(id);
    if (entry === undefined || !this.#owner.has(entry)) return;
    if (entry.kind === 'stream') (entry as Stream).shutdown();
    else entry.destroy();
  }

  /**
   * Forgets the id here without closing it, so that another service can start it (book §9.7). What came in and was
   * not read goes along. If nobody starts it within `claimTimeout`, it is closed. Unknown ids do nothing.
   */
  abandon(id: number): void {
    const entry = this.#table.find(id);
    if (entry === undefined || !this.#owner.has(entry)) return;
    if (entry.kind === 'udp') throw wrongKind(id, 'a UDP socket cannot be handed over');
    (entry as Stream | Listener).abandon();
  }

  // --- events and limits ------------------------------------------------------------------------------------------

  /**
   * Calls `callback(id, kilobytes)` when 1 MiB waits to be sent, at every doubling, and with 0 when all is sent; in
   * place of the log line (book §9.1). No callback brings the log line back. @throws ERR_SOCKET_ID.
   */
  warning(id: number, callback?: WarningCallback): void {
    this.#stream(id).warning(callable(callback));
  }

  /** Closes the connection when more than `bytes` lie unread, unless a number of bytes is being read. @throws ERR_SOCKET_ID, ERR_ARGUMENT. */
  limit(id: number, bytes: number): void {
    this.#stream(id).limit(positive(bytes, 'limit'));
  }

  /** Calls `callback(id, failure)` once, when the peer or this side closes or the connection breaks. @throws ERR_SOCKET_ID. */
  onClose(id: number, callback?: CloseCallback): void {
    this.#stream(id).onClose(callable(callback));
  }

  /** Stops reading until somebody waits for data; on a listening id, stops accepting until it is started again. @throws ERR_SOCKET_ID. */
  async pause(id: number): Promise<void> {
    const entry = this.#mine(id);
    if (entry.kind === 'udp') throw wrongKind(id, 'a UDP socket cannot be paused');
    (entry as Stream | Listener).pause();
  }

  // --- questions --------------------------------------------------------------------------------------------------

  /** Whether the id is not started in this service. */
  invalid(id: number): boolean {
    const entry = this.#table.find(id);
    return entry === undefined || !this.#owner.has(entry);
  }

  /** Whether the id is started here but its stream has ended. */
  disconnected(id: number): boolean {
    const entry = this.#table.find(id);
    return entry !== undefined && this.#owner.has(entry) && entry.ended;
  }

  /** Why a socket of this service ended, undefined if it did not or if either side closed it. */
  failure(id: number): SkynetError | undefined {
    return this.#table.find(id)?.failure;
  }

  /** Own address: host (or path) and port; of a listener, where it listens. @throws ERR_SOCKET_ID. */
  localAddress(id: number): { readonly address: string; readonly port: number } {
    const entry = this.#known(id);
    if (entry.kind === 'udp') {
      const { host, port } = (entry as Datagram).sock;
      return { address: host, port };
    }
    return endpointOf((entry as Stream | Listener).localAddress);
  }

  /** The peer's address. @throws ERR_SOCKET_ID, ERR_SOCKET_KIND. */
  remoteAddress(id: number): { readonly address: string; readonly port: number } {
    const entry = this.#known(id);
    if (entry.kind !== 'stream') throw wrongKind(id, 'it has no peer');
    return endpointOf((entry as Stream).remoteAddress);
  }

  /** All sockets of this thread (`socket.netstat`). */
  netstat(): SocketStat[] {
    return this.#table.netstat();
  }

  /** The addresses of a host name, by the system's resolver, without holding anybody up. @throws ERR_SOCKET_LOOKUP. */
  resolve(host: string): Promise<string[]> {
    return this.#await(lookup(host, undefined));
  }

  /** The big-endian number in 1 to 4 bytes (`socket.header`). @throws ERR_SOCKET_DATA. */
  header(bytes: Uint8Array | string): number {
    return headerOf(bytes);
  }

  // --- UDP --------------------------------------------------------------------------------------------------------

  /**
   * Opens a UDP socket; `callback(data, from)` is called for every packet, each call a task of its own.
   * @param host and `port`: where to bind, default any address and any port.
   * @throws ERR_LISTEN, ERR_ADDRESS_INVALID, ERR_SOCKET_LOOKUP.
   */
  async udp(
    callback: (data: SocketData<E>, from: string) => unknown,
    host?: string,
    port: number | string = 0,
  ): Promise<number> {
    if (typeof callback !== 'function') throw socketError('ERR_ARGUMENT', 'a UDP socket needs a callback');
    const given = host !== undefined || Number(port) !== 0;
    const where = given ? hostPort(host ?? '0.0.0.0', port, 'listen') : undefined;
    const opening = openDatagram(this.#table, this.#settings.encoding, callback as DatagramCallback, where);
    const { promise, resolve, reject } = this.#kernel.suspend<number>();
    opening.then((datagram) => {
      if (!this.#kernel.alive) {
        datagram.destroy();
        return;
      }
      this.#table.add(datagram);
      this.#owner.take(datagram);
      resolve(datagram.id);
    }, reject);
    return promise;
  }

  /** Opens a UDP socket bound to an address (`udp_listen`). As {@link udp}. */
  udpListen(
    host: string,
    port: number | string,
    callback: (data: SocketData<E>, from: string) => unknown,
  ): Promise<number> {
    return this.udp(callback, host, port);
  }

  /** Opens a UDP socket whose `write` sends to an address (`udp_dial`). As {@link udp} and {@link udpConnect}. */
  async udpDial(
    host: string,
    port: number | string,
    callback: (data: SocketData<E>, from: string) => unknown,
  ): Promise<number> {
    const peer = hostPort(host, port, 'open');
    const [address] = await this.resolve(peer.host);
    const id = await this.udp(callback, (address as string).includes(':') ? '::' : '0.0.0.0');
    await this.udpConnect(id, address as string, peer.port);
    return id;
  }

  /**
   * Sets where `write(id, data)` sends to, and perhaps another callback (`udp_connect`). A socket that was opened without
   * an address, and has not sent or received, becomes one for IPv6 if the peer's address is; its own port changes then.
   * @throws ERR_SOCKET_ID, ERR_SOCKET_KIND, ERR_ADDRESS_INVALID, ERR_SOCKET_LOOKUP.
   */
  async udpConnect(
    id: number,
    host: string,
    port: number | string,
    callback?: (data: SocketData<E>, from: string) => unknown,
  ): Promise<void> {
    const datagram = this.#datagram(id);
    const peer = hostPort(host, port, 'open');
    const heard = callable(callback) as DatagramCallback | undefined;
    await this.#await(datagram.connect(peer.host, peer.port, heard));
  }

  /**
   * Sends a packet to where another came from, or to `"ip:port"`. What the system says against a packet stands in the log.
   * @returns whether it was taken. @throws ERR_SOCKET_KIND, ERR_SOCKET_DATA, ERR_ADDRESS_INVALID.
   */
  sendTo(id: number, to: string, data: WriteData): boolean {
    const bytes = encode(data, this.#settings.encoding);
    const entry = this.#table.find(id);
    if (entry === undefined) return false;
    if (entry.kind !== 'udp') throw wrongKind(id, 'sendTo is for UDP');
    return (entry as Datagram).sendTo(to, bytes);
  }

  /** Address and port in the `from` of a packet (`udp_address`). @throws ERR_ADDRESS_INVALID. */
  udpAddress(from: string): readonly [address: string, port: number] {
    const { host, port } = hostPort(from, undefined, 'listen');
    return [host, port];
  }

  // --- inside -----------------------------------------------------------------------------------------------------

  #known(id: number): Entry {
    const entry = this.#table.find(id);
    if (entry === undefined) throw invalidSocket(id);
    return entry;
  }

  #mine(id: number): Entry {
    const entry = this.#table.find(id);
    if (entry === undefined || !this.#owner.has(entry)) throw invalidSocket(id);
    return entry;
  }

  #stream(id: number): Stream {
    const entry = this.#mine(id);
    if (entry.kind !== 'stream')
      throw wrongKind(id, `it is ${entry.kind === 'udp' ? 'a UDP socket' : 'listening'}`);
    return entry as Stream;
  }

  #datagram(id: number): Datagram {
    const entry = this.#mine(id);
    if (entry.kind !== 'udp') throw wrongKind(id, 'it is not a UDP socket');
    return entry as Datagram;
  }

  /** Waits for a promise of the outside; the task goes on in its turn. */
  #await<Result>(promise: Promise<Result>): Promise<Result> {
    const suspension = this.#kernel.suspend<Result>();
    promise.then(suspension.resolve, suspension.reject);
    return suspension.promise;
  }
}

/** What a service has of its own. */
interface Holder {
  readonly owner: Owner;
  api: SocketApi | undefined;
}

class SocketThread {
  readonly table: SocketTable;
  readonly holders = new WeakMap<Skynet, Holder>();

  constructor(table: SocketTable) {
    this.table = table;
  }
}

/**
 * The socket API for a service: `const socket = createSocket(skynet);`, the original's `require "skynet.socket"`.
 *
 * Without options a service always gets the same object. With options it gets another one; all of them know all the
 * service's ids, so `createSocket(skynet, { encoding: 'bytes' })` reads bytes from a socket that the other opened.
 * @throws ERR_ARGUMENT, ERR_DURATION_INVALID.
 */
export function createSocket<E extends Encoding = 'utf8'>(
  skynet: Skynet,
  options?: SocketOptions<E>,
): SocketApi<E> {
  const kernel = kernelOf(skynet);
  const { table, holders } = kernel.thread.local(
    TABLE,
    (thread) => new SocketThread(new SocketTable(thread, kernel)),
  );
  let holder = holders.get(skynet);
  if (holder === undefined) {
    holder = { owner: new Owner(kernel), api: undefined };
    holders.set(skynet, holder);
  }
  if (options !== undefined) return new SocketApi<E>(kernel, table, holder.owner, settingsOf(options));
  holder.api ??= new SocketApi(kernel, table, holder.owner, settingsOf({}));
  return holder.api as unknown as SocketApi<E>;
}

function endpointOf(text: string): { readonly address: string; readonly port: number } {
  const match = /^(?:\[(.+)\]|([^/:]+)):(\d+)$/.exec(text);
  return match === null
    ? { address: text, port: 0 }
    : { address: (match[1] ?? match[2]) as string, port: Number(match[3]) };
}

/** A callback, or none. @throws ERR_ARGUMENT. */
function callable<Callback>(callback: Callback | undefined): Callback | undefined {
  if (callback === undefined || typeof callback === 'function') return callback;
  throw socketError('ERR_ARGUMENT', `a callback is a function, not ${typeof callback}`);
}

function invalidSocket(id: unknown): Error {
  return socketError('ERR_SOCKET_ID', 'invalid socket', { details: { id: printable(id) } });
}

function notClosed(id: number): Error {
  return socketError('ERR_SOCKET_STARTED', 'socket is not closed', { details: { id } });
}

function wrongKind(id: number, why: string): Error {
  return socketError('ERR_SOCKET_KIND', `not for socket ${id}: ${why}`, { details: { id } });
}
