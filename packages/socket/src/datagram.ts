import { createSocket, type Socket } from 'node:dgram';
import { printable, type SkynetError } from '@skynet/core';
import { reasonOf } from '@skynet/core/transport';
import { type HostPort, hostPort, isV6, joinHostPort } from './address.ts';
import { decode, type Encoding } from './data.ts';
import type { Entry, SocketStat } from './entry.ts';
import { socketError } from './errors.ts';
import { lookup } from './lookup.ts';
import type { Owner } from './owner.ts';
import type { SocketTable } from './socket-table.ts';

/** Called for every packet; `from` is who sent it, for `sendTo` and `udpAddress`. */
export type DatagramCallback = (data: string | Buffer, from: string) => unknown;

/** Received bytes whose callbacks have not run yet: above this, packets are dropped, as the network may do too. */
const RECEIVE_LIMIT = 4 * 1024 * 1024;
/** Bytes that wait to be sent: above this, packets are refused. */
const SEND_LIMIT = 4 * 1024 * 1024;

/** A UDP socket. */
export class Datagram implements Entry {
  readonly kind = 'udp';
  readonly id: number;
  owner: Owner | undefined = undefined;
  failure: SkynetError | undefined = undefined;
  ended = false;
  readonly #table: SocketTable;
  readonly #socket: Socket;
  readonly #v6: boolean;
  readonly #encoding: Encoding;
  #callback: DatagramCallback;
  #peer: HostPort | undefined = undefined;
  #read = 0;
  #written = 0;
  #waiting = 0;
  #dropping = false;
  readonly #deliver = (data: Buffer, from: string): unknown => {
    this.#waiting -= data.length;
    if (this.ended) return undefined;
    return this.#callback(decode(data, this.#encoding), from);
  };

  /** Use {@link openDatagram}. */
  constructor(
    table: SocketTable,
    socket: Socket,
    v6: boolean,
    encoding: Encoding,
    callback: DatagramCallback,
  ) {
    this.id = table.thread.nextId();
    this.#table = table;
    this.#socket = socket;
    this.#v6 = v6;
    this.#encoding = encoding;
    this.#callback = callback;
    socket.on('message', (data, { address, port }) => this.#received(data, joinHostPort(address, port)));
    socket.on('error', (error) => this.#trouble(error));
  }

  /** Sets where `write` sends to. */
  async connect(host: string, port: number, callback: DatagramCallback | undefined): Promise<void> {
    const [address] = await lookup(host, this.#v6 ? 6 : 4);
    this.#peer = { host: address as string, port };
    if (callback !== undefined) this.#callback = callback;
  }

  /** Sends to the connected address. False if there is none, or it can't be sent. */
  write(bytes: Uint8Array): boolean {
    return this.#peer !== undefined && this.#send(bytes, this.#peer);
  }

  /** Sends to an address that came with a packet, or `ip:port`. */
  sendTo(to: string, bytes: Uint8Array): boolean {
    return this.#send(bytes, hostPort(to, undefined, 'open'));
  }

  #send(bytes: Uint8Array, { host, port }: HostPort): boolean {
    if (this.ended || this.#socket.getSendQueueSize() > SEND_LIMIT) return false;
    this.#written += bytes.length;
    this.#socket.send(bytes, port, host, (error) => {
      if (error !== null) this.#trouble(error);
    });
    return true;
  }

  #received(data: Buffer, from: string): void {
    const { owner } = this;
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

  #trouble(error: Error): void {
    if (!this.ended) this.#table.log(this.owner, `socket: error on ${this.id} ${printable(reasonOf(error))}`);
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
 * @throws ERR_LISTEN.
 */
export async function openDatagram(
  table: SocketTable,
  encoding: Encoding,
  callback: DatagramCallback,
  bind: HostPort,
): Promise<Datagram> {
  const [address] = await lookup(bind.host, undefined);
  const v6 = isV6(address as string);
  const socket = createSocket({ type: v6 ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause) => {
      socket.close();
      reject(
        socketError('ERR_LISTEN', `Listen error: ${joinHostPort(bind.host, bind.port)}: ${reasonOf(cause)}`, {
          cause,
          details: { ...bind },
        }),
      );
    });
    socket.bind({ address: address as string, port: bind.port }, resolve);
  });
  socket.removeAllListeners('error');
  return new Datagram(table, socket, v6, encoding, callback);
}
