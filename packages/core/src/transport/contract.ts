import type { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';

/**
 * How bytes get in and out. A transport is a plain factory call (`tcp({ noDelay: true })`) put into the node's
 * configuration; the scheme of an address (`tcp://0.0.0.0:8888`, `unix:///run/x`, `tls://`, `memory://name`) picks it.
 */
export interface Transport {
  /** Schemes it answers to, without `:`. */
  readonly schemes: readonly string[];
  /** @throws ERR_CONNECT, ERR_ADDRESS_INVALID, ERR_TIMEOUT, ERR_ABORTED, ERR_ARGUMENT for settings that cannot be used. */
  connect(address: TransportAddress, options: ConnectOptions): Promise<Connection>;
  /** @throws ERR_LISTEN, ERR_ADDRESS_INVALID, ERR_ARGUMENT for settings that cannot be used. */
  listen(
    address: TransportAddress,
    options: ListenOptions,
    accept: (connection: Connection) => void,
  ): Promise<Listener>;
}

/** An address taken apart. */
export interface TransportAddress {
  /** Name of the transport: `tcp`, `unix`, `tls` … */
  readonly scheme: string;
  /** Host name or ip (v6 without brackets), '' for transports without hosts. */
  readonly host: string;
  /** 0 to 65535; 0 when the transport has none, or when any free port will do. */
  readonly port: number;
  /** Path or name, for transports without hosts. */
  readonly path: string;
}

/** What {@link Transport.connect} may be told. */
export interface ConnectOptions {
  /** Milliseconds until the attempt is given up; 0, the default, leaves it to the system. */
  timeout?: number;
  /** Gives the attempt up (ERR_ABORTED). */
  signal?: AbortSignal;
}

/** What {@link Transport.listen} may be told. */
export interface ListenOptions {
  /** Connections that may wait to be accepted. Default 4096, cut down by the system to what it allows. */
  backlog?: number;
  /**
   * Told of failures to accept (ERR_LISTEN), at most once a second: of handshakes that failed or took too long, and of
   * connections above a limit. Accepting goes on by itself: when descriptors run out, connections that come are closed
   * at once until some are free again.
   */
  onAcceptError?: (error: SkynetError) => void;
  /**
   * Connections at the same time, each counted from the moment it was accepted, whatever handshake it is in, until it is
   * closed. What comes above it is closed at once, unless another has been in its handshake for more than a second: that
   * one is closed then. 0, the default: as many as there are descriptors for.
   */
  maxConnections?: number;
  /**
   * The same for each address: an IPv4 address, or an IPv6 network of 64 bits. What comes above it is closed at once.
   * All peers of a unix socket are one address, and all of `memory://`. 0, the default, does not limit.
   */
  maxPerAddress?: number;
  /**
   * Milliseconds from the moment a connection was accepted until it can be handed out, for whatever comes before its
   * bytes: TLS, the upgrade of WebSocket, the header of a proxy. Default: the transport's, 10 000. 0 does not limit.
   */
  handshakeTimeout?: number;
}

/** A place where a server listens, until it is closed. */
export interface Listener {
  /** `ip:port`, or the path or name. */
  readonly address: string;
  /** The same as an address to connect to from this machine: `tcp://127.0.0.1:41644` when it listens on all of them. */
  readonly url: string;
  /** The bound port, 0 for transports without ports. */
  readonly port: number;
  /** Hands out no more until {@link resume}. As many connections as the backlog holds wait, unread; more are closed. */
  pause(): void;
  /** Hands out what waits, and goes on. */
  resume(): void;
  /** Stops listening; connections live on. */
  close(): Promise<void>;
}

/** Who gets what a connection delivers. Calls come from the event loop, never from inside another call. */
export interface Receiver {
  /** Bytes. The chunk is valid only during the call: its memory is used again for the next read. */
  data(chunk: Uint8Array): void;
  /**
   * Memory that the next bytes are to be read into, so that they need not be copied. Asked after much came, by transports
   * that can do it: the next chunk then is a part of this memory, from its beginning, unless another receiver was started
   * meanwhile. Until then nobody else may use it.
   */
  room?(): Uint8Array | undefined;
  /** The peer sends no more; writing may still work. */
  end(): void;
  /** {@link Connection.pendingBytes} has come back to 0 after having stood above {@link BACKLOG_MARK}. */
  drained(): void;
  /** The connection broke; {@link closed} follows. */
  error(error: SkynetError): void;
  /** The connection is over. Called once, last. */
  closed(): void;
}

/** Unsent bytes above which a connection counts as backed up: 1 MiB, as the original's warning. */
export const BACKLOG_MARK: number = 1 << 20;

/** A stream of bytes both ways. */
export interface Connection {
  /** `ip:port` of the peer. */
  readonly remoteAddress: string;
  /** `ip:port` of this end. */
  readonly localAddress: string;
  /** Bytes taken by {@link write} that have not left the process. */
  readonly pendingBytes: number;
  /** Whether it is over. */
  readonly closed: boolean;
  /**
   * Starts reading, or goes on for another receiver. Before the first call nothing is read; to hand a connection over
   * without losing a byte, pause it, and let the other start it. A receiver that comes late still hears of the end.
   */
  start(receiver: Receiver): void;
  /** Stops reading; a chunk under way may still come. */
  pause(): void;
  /** Goes on reading, for the same receiver. */
  resume(): void;
  /**
   * Takes bytes to send; never waits. Writes of one turn of the event loop leave together, those of one callback where
   * more than 128 connections are written to in it. The bytes must not be changed afterwards. Does nothing once the connection is over.
   * @throws ERR_ARGUMENT.
   */
  write(bytes: Uint8Array): void;
  /**
   * As {@link write} for a frame: a big endian length of `header` bytes, then the payload.
   * @throws ERR_ARGUMENT, ERR_FRAME_TOO_LARGE when its length does not fit two bytes.
   */
  writeFrame(payload: Uint8Array, header: 2 | 4): void;
  /** Sends what is pending, then tells the peer that no more comes. Closed by itself when both sides have ended. */
  end(): void;
  /**
   * Sends what is pending and closes; what still comes is thrown away. `timeout` milliseconds (default 10 000) later it
   * is cut off anyway. When it was over already `closed` has been called, otherwise it will be.
   */
  close(timeout?: number): void;
  /** Closes at once; unsent bytes are lost. */
  destroy(): void;
  /** Whether small writes leave at once (default true). */
  setNoDelay(on: boolean): void;
  /** Probes idle connections after so many milliseconds; 0 turns it off. */
  setKeepAlive(milliseconds: number): void;
}

/** The transports of a node, picked by scheme. Text without a scheme means tcp. */
export interface Transports {
  /**
   * Connects by the transport of the address's scheme.
   * @throws ERR_CONNECT, ERR_ADDRESS_INVALID, ERR_TIMEOUT, ERR_ABORTED.
   */
  connect(address: string, options?: ConnectOptions): Promise<Connection>;
  /** Listens by the transport of the address's scheme. @throws ERR_LISTEN, ERR_ADDRESS_INVALID. */
  listen(
    address: string,
    options: ListenOptions,
    accept: (connection: Connection) => void,
  ): Promise<Listener>;
}

/** What `netstat` tells of one socket. */
export interface ConnectionStat {
  /** Its number: what the book calls fd. */
  readonly id: number;
  /** What it is; CLOSING while it only sends what is left. */
  readonly type: 'TCP' | 'UDP' | 'LISTEN' | 'CLOSING';
  /** Handle of the service it belongs to, 0 if none. */
  readonly address: Handle;
  /** Bytes received; of a listener, connections. */
  readonly read: number;
  /** Bytes taken for sending. */
  readonly write: number;
  /** Bytes received that the service has not seen yet. */
  readonly rbuffer: number;
  /** Bytes that have not left the process. */
  readonly wbuffer: number;
  /** Own address. */
  readonly sock: string | undefined;
  /** The other side's address. */
  readonly peer: string | undefined;
}
