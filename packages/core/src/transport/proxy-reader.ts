import type { Socket } from 'node:net';
import type { Receiver } from './contract.ts';
import type { Entrance, Visit } from './entrance.ts';
import type { GatheredConnection } from './gathered-connection.ts';
import type { Proxies } from './proxies.ts';
import { readProxyHeader } from './proxy-header.ts';

/** Reads the PROXY header of a trusted peer, notes its client in the visit, and goes on; or has it closed. */
export class ProxyReader {
  readonly #entrance: Entrance;
  readonly #visit: Visit;
  readonly #proxies: Proxies;
  readonly #goOn: () => void;
  #bytes: Buffer = Buffer.alloc(0);

  /** `goOn` is called when the header has been read; what is behind it is to be read as ever. */
  constructor(entrance: Entrance, visit: Visit, proxies: Proxies, goOn: () => void) {
    this.#entrance = entrance;
    this.#visit = visit;
    this.#proxies = proxies;
    this.#goOn = goOn;
  }

  /** Reads a socket that nobody reads yet. */
  readFrom(socket: Socket): void {
    const onReadable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read()) {
        const rest = this.#take(chunk);
        if (rest === undefined) continue;
        socket.off('readable', onReadable);
        socket.off('end', onEnd);
        if (rest.length > 0) socket.unshift(rest);
        this.#goOn();
        return;
      }
    };
    const onEnd = (): void => this.#ended();
    socket.on('readable', onReadable);
    socket.on('end', onEnd);
    // Its end is all that matters.
    socket.on('error', () => {});
  }

  /** Reads a connection that nobody has started yet. */
  readFromConnection(connection: GatheredConnection): void {
    const receiver: Receiver = {
      data: (chunk) => {
        const rest = this.#take(chunk);
        if (rest === undefined) return;
        connection.pause();
        connection.unread(rest);
        this.#goOn();
      },
      end: () => this.#ended(),
      drained: () => {},
      error: () => {},
      closed: () => {},
    };
    connection.start(receiver);
  }

  /** What is behind the header once it is complete. */
  #take(chunk: Uint8Array): Buffer | undefined {
    const bytes = Buffer.concat([this.#bytes, chunk]);
    const header = readProxyHeader(bytes);
    this.#bytes = bytes;
    if (header === undefined) return undefined;
    const visit = this.#visit;
    if ('flaw' in header) {
      this.#reject(header.flaw);
      return undefined;
    }
    const { source, size } = header;
    if (source !== undefined) {
      visit.client = source;
      visit.hops++;
    }
    const more = this.#proxies.forwarded && this.#proxies.trusts(visit.client, visit.hops);
    if (more || this.#entrance.name(visit)) return bytes.subarray(size);
    visit.cut();
    return undefined;
  }

  /** Those who look whether we live connect and say nothing. */
  #ended(): void {
    if (this.#bytes.length === 0) this.#visit.cut();
    else this.#reject('an end within its PROXY header');
  }

  #reject(flaw: string): void {
    this.#entrance.reject(this.#visit, `sent ${flaw}`, 'proxyProtocol');
  }
}
