import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { printable, type SkynetError } from '@skynet/core';
import { reasonOf } from '@skynet/core/transport';
import { type HostPort, hostPort, invalidAddress, isV6, joinHostPort } from './address.ts';
import { decode, type Encoding } from './data.ts';
import type { Entry, EntryOwner, SocketStat } from './entry.ts';
import { socketError } from './errors.ts';
import { lookup } from './lookup.ts';
import type { SocketTable } from './socket-table.ts';

/** Called for every packet; `from` is who sent it, for `sendTo` and `udpAddress`. */
export type DatagramCallback = (data: string | Buffer, from: string) => unknown;

/** Received bytes whose callbacks have not run yet: above this, packets are dropped, as the network may do too. */
const RECEIVE_LIMIT = 4 * 1024 * 1024;
/** Bytes that wait to be sent: above this, packets are refused. */
const SEND_LIMIT = 4 * 1024 * 1024;
/** Failures to send are told no closer together, in milliseconds. */
const TELL_EVERY = 1000;

/** The version 4 address of one that is dressed as version 6, as a socket for both shows them. */
function plain(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

/** A bound socket. @throws ERR_LISTEN. */
function bound(address: string, port: number, name: string): Promise<Socket> {
  const socket = createSocket({ type: isV6(address) ? 'udp6' : 'udp4' });
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      socket.close();
      const text = `Listen error: ${joinHostPort(name, port)}: ${reasonOf(cause)}`;
      reject(socketError('ERR_LISTEN', text, { cause, details: { host: name, port } }));
    });
    socket.bind({ address, port }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

/** A UDP socket. */
export class Datagram implements Entry {
  readonly kind = 'udp';
  readonly id: number;
  owner: EntryOwner | undefined = undefined;
  failure: SkynetError | undefined = undefined;
  ended = false;
  readonly #table: SocketTable;
  #socket!: Socket;
  #v6 = false;
  /** Nobody has asked for an address of ours, and no packet has come or gone: it may become a socket of the other family. */
  #free: boolean;
  readonly #encoding: Encoding;
  #callback: DatagramCallback;
  #peer: HostPort | undefined = undefined;
  #read = 0;
  #written = 0;
  #waiting = 0;
  #dropping = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;
  readonly #deliver = (data: Buffer, from: string): unknown => {
    this.#waiting -= data.length;
    if (this.ended) return undefined;
    return this.#callback(decode(data, this.#encoding), from);
  };

  /** Use {@link openDatagram}. */
  constructor(
    table: SocketTable,
    socket: Socket,
    free: boolean,
    encoding: Encoding,
    callback: DatagramCallback,
  ) {
    this.id = table.thread.nextId();
    this.#table = table;
    this.#free = free;
    this.#encoding = encoding;
    this.#callback = callback;
    this.#use(socket);
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    this.#v6 = isV6(socket.address().address);
    socket.on('message', (data, { address, port }) =>
      this.#received(data, joinHostPort(plain(address), port)),
    );
    socket.on('error', (error) => this.#trouble(error));
  }

  /**
   * Sets where `write` sends to.
   * @throws ERR_SOCKET_LOOKUP, ERR_ADDRESS_INVALID for an address of the family that this socket is not for.
   */
  async connect(host: string, port: number, callback: DatagramCallback | undefined): Promise<void> {
    const addresses = await lookup(host, undefined);
    let address = addresses.find((each) => this.#reaches(each));
    if (address === undefined) {
      address = addresses[0] as string;
      await this.#changeFamily(address);
    }
    this.#peer = { host: address, port };
    if (callback !== undefined) this.#callback = callback;
  }

  /** Whether an address is of the family of this socket; one that is bound to all of version 6 is for both. */
  #reaches(address: string): boolean {
    return isV6(address) === this.#v6 || (this.#v6 && this.#socket.address().address === '::');
  }

  async #changeFamily(address: string): Promise<void> {
    if (!this.#free || this.ended) throw this.#unreachable(address);
    const any = isV6(address) ? '::' : '0.0.0.0';
    const socket = await bound(any, 0, any);
    if (!this.#free || this.ended) {
      socket.close();
      throw this.#unreachable(address);
    }
    this.#socket.removeAllListeners();
    this.#socket.close();
    this.#use(socket);
  }

  #unreachable(address: string): SkynetError {
    const { host, port } = this.sock;
    const text = `Invalid address ${address}. The socket is bound to ${joinHostPort(host, port)}`;
    return socketError('ERR_ADDRESS_INVALID', text, { details: { address } });
  }

  /** Sends to the connected address. False if there is none, or it can't be sent. */
  write(bytes: Uint8Array): boolean {
    return this.#peer !== undefined && this.#send(bytes, this.#peer);
  }

  /** Sends to an address that came with a packet, or `ip:port`. @throws ERR_ADDRESS_INVALID. */
  sendTo(to: string, bytes: Uint8Array): boolean {
    const peer = hostPort(to, undefined, 'open');
    if (isIP(peer.host) === 0) throw invalidAddress(to);
    if (!this.ended && !this.#reaches(peer.host)) throw this.#unreachable(peer.host);
    return this.#send(bytes, peer);
  }

  #send(bytes: Uint8Array, { host, port }: HostPort): boolean {
    if (this.ended || this.#socket.getSendQueueSize() > SEND_LIMIT) return false;
    this.#free = false;
    this.#written += bytes.length;
    const address = this.#v6 && !isV6(host) ? `::ffff:${host}` : host;
    this.#socket.send(bytes, port, address, (error) => {
      if (error !== null) this.#trouble(error);
    });
    return true;
  }

  #received(data: Buffer, from: string): void {
    const { owner } = this;
    this.#free = false;
    this.#read += data.length;
    if (owner === undefined) return;
    if (this.#waiting + data.length > RECEIVE_LIMIT) {
      if (!this.#dropping)
        this.#table.log(
          owner,
          `socket: udp packets come faster than they are handled, dropping (fd = ${this.id})`,
        );
      this.#dropping = true;
      return;
    }
    this.#dropping = false;
    this.#waiting += data.length;
    owner.kernel.enqueue(this.#deliver, data, from);
  }

  /** A packet could not be sent. Many must not become as many log lines. */
  #trouble(error: Error): void {
    if (this.ended) return;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY) {
      this.#untold++;
      return;
    }
    const more = this.#untold > 0 ? `, and ${this.#untold} more` : '';
    this.#toldAt = now;
    this.#untold = 0;
    this.#table.log(this.owner, `socket: error on ${this.id} ${printable(reasonOf(error))}${more}`);
  }

  close(): void {
    this.destroy();
  }

  destroy(failure?: SkynetError): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.owner?.drop(this);
    this.#table.remove(this, false);
    this.#socket.close();
  }

  /** Own address. */
  get sock(): HostPort {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  stat(): SocketStat {
    const { host, port } = this.sock;
    return {
      id: this.id,
      type: 'UDP',
      address: this.owner?.handle ?? 0,
      read: this.#read,
      write: this.#written,
      rbuffer: this.#waiting,
      wbuffer: this.#socket.getSendQueueSize(),
      sock: joinHostPort(host, port),
      peer: this.#peer === undefined ? undefined : joinHostPort(this.#peer.host, this.#peer.port),
    };
  }
}

/**
 * Opens a UDP socket, on any port of all addresses unless told otherwise.
 * @throws ERR_LISTEN, ERR_SOCKET_LOOKUP.
 */
export async function openDatagram(
  table: SocketTable,
  encoding: Encoding,
  callback: DatagramCallback,
  bind: HostPort | undefined,
): Promise<Datagram> {
  const { host, port } = bind ?? { host: '0.0.0.0', port: 0 };
  const [address] = await lookup(host, undefined);
  const socket = await bound(address as string, port, host);
  return new Datagram(table, socket, bind === undefined, encoding, callback);
}
