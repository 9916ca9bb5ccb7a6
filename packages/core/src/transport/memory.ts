import { SkynetError } from '../errors.ts';
import { readOptions } from '../options.ts';
import { AcceptGate } from './accept-gate.ts';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportAddress,
} from './contract.ts';
import { Entrance } from './entrance.ts';
import { Flusher } from './flusher.ts';
import { GatheredConnection } from './gathered-connection.ts';
import type { OutBuffer } from './out-buffer.ts';

/**
 * One end of an in-process connection. What is sent lies with the peer until it reads, and counts as pending here: so
 * a slow reader is felt as on a network.
 */
class MemoryConnection extends GatheredConnection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  protected readonly flusher: Flusher;
  peer!: MemoryConnection;
  /** Chunks sent by the peer and not read yet; those up to `#next` have been. */
  #inbox: Uint8Array[] = [];
  #next = 0;
  #noMoreComes = false;
  #reading = false;
  #scheduled = false;

  constructor(flusher: Flusher, localAddress: string, remoteAddress: string) {
    super();
    this.flusher = flusher;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  protected override read(on: boolean): void {
    this.#reading = on;
    if (on) this.#deliverLater();
  }

  protected override send(buffer: OutBuffer): boolean {
    const { peer } = this;
    if (peer.closed) {
      this.fail(this.#broken());
      return false;
    }
    const pieces = buffer.pieces();
    for (const piece of Array.isArray(pieces) ? pieces : [pieces]) peer.#inbox.push(piece.slice());
    peer.#deliverLater();
    return false;
  }

  protected override shut(): void {
    this.peer.#noMore();
    setImmediate(() => this.shutDone());
  }

  protected override release(): void {
    setImmediate(() => {
      const { peer } = this;
      const unread = this.#next < this.#inbox.length;
      this.#inbox = [];
      this.over();
      if (unread) {
        peer.fail(this.#broken());
        return;
      }
      peer.sent();
      peer.#noMore();
    });
  }

  override setNoDelay(): void {}

  override setKeepAlive(): void {}

  #broken(): SkynetError {
    const details = { address: this.remoteAddress, reason: 'ECONNRESET' };
    return new SkynetError('ERR_CONNECTION_RESET', 'Connection reset by peer', { details });
  }

  #noMore(): void {
    this.#noMoreComes = true;
    this.#deliverLater();
  }

  #deliverLater(): void {
    if (this.#scheduled || !this.#reading) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    // What the receiver causes the peer to send waits for the next turn.
    const { length } = this.#inbox;
    try {
      while (this.#reading && !this.closed && this.#next < length) {
        const chunk = this.#inbox[this.#next++] as Uint8Array;
        this.received(chunk);
      }
    } catch (error) {
      // The receiver threw; what is behind still has to come.
      this.#deliverLater();
      throw error;
    }
    if (this.closed || this.#next < this.#inbox.length) return;
    this.#inbox = [];
    this.#next = 0;
    this.peer.sent();
    if (this.#noMoreComes && this.#reading) this.peerEnded();
  }
}

/** Connections inside the process (`memory://name`), for tests and for services that speak a protocol to each other. */
export function memory(options: Record<never, never> = {}): Transport {
  readOptions('memory option', options, () => {});
  const listeners = new Map<string, { gate: AcceptGate; entrance: Entrance }>();
  const flusher = new Flusher();
  let clients = 0;
  return {
    schemes: ['memory'],
    async connect({ path }: TransportAddress, { signal }: ConnectOptions): Promise<Connection> {
      const address = `memory://${path}`;
      const details = { address };
      if (signal?.aborted) {
        throw new SkynetError('ERR_ABORTED', `connecting to ${address} was given up`, {
          cause: signal.reason,
          details,
        });
      }
      const listening = listeners.get(path);
      if (listening === undefined) throw new SkynetError('ERR_CONNECT', 'Connection refused', { details });
      clients += 1;
      const client = new MemoryConnection(flusher, `memory:${clients}`, path);
      const server = new MemoryConnection(flusher, path, `memory:${clients}`);
      client.peer = server;
      server.peer = client;
      const { gate, entrance } = listening;
      setImmediate(() => {
        const visit = entrance.enter(server.remoteAddress, () => server.destroy());
        if (visit === undefined || !entrance.through(visit, gate)) {
          server.destroy();
          return;
        }
        server.onOver = entrance.settle(visit);
        gate.pass(server);
      });
      return client;
    },
    async listen(
      { path }: TransportAddress,
      options: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const url = `memory://${path}`;
      if (listeners.has(path)) {
        throw new SkynetError('ERR_LISTEN', `Listen error: ${url} is already in use`, {
          details: { address: url, reason: 'EADDRINUSE' },
        });
      }
      const gate = new AcceptGate(options, accept);
      const entrance = new Entrance(() => [gate]);
      listeners.set(path, { gate, entrance });
      return {
        address: path,
        url,
        port: 0,
        pause: () => gate.pause(),
        resume: () => gate.resume(),
        close: async () => {
          gate.close();
          if (listeners.get(path)?.gate === gate) listeners.delete(path);
        },
      };
    },
  };
}
