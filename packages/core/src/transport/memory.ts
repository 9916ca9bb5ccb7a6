import { SkynetError } from '../errors.ts';
import { BACKLOG_MARK, type Connection, type Listener, type ListenOptions, type Receiver, type Transport, type TransportAddress } from './contract.ts';
import { frameHeader } from './frame-header.ts';

/** One end of an in-process connection. */
class MemoryConnection implements Connection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  peer!: MemoryConnection;
  closed = false;
  #receiver: Receiver | undefined;
  #inbox: Uint8Array[] = [];
  #paused = false;
  #scheduled = false;
  #peerEnded = false;
  #endTold = false;
  #ended = false;
  #pending = 0;
  #backedUp = false;
  #closing = false;

  constructor(localAddress: string, remoteAddress: string) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  get pendingBytes(): number {
    return this.#pending;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  write(bytes: Uint8Array): void {
    if (this.closed || this.#ended || bytes.length === 0) return;
    this.#pending += bytes.length;
    if (this.#pending > BACKLOG_MARK) this.#backedUp = true;
    this.peer.#inbox.push(bytes.slice());
    this.peer.#schedule();
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    this.write(Buffer.concat([frameHeader(payload.length, header), payload]));
  }

  end(): void {
    if (this.closed || this.#ended) return;
    this.#ended = true;
    this.peer.#peerEnded = true;
    this.peer.#schedule();
  }

  close(timeout = 10_000): void {
    if (this.closed || this.#closing) return;
    this.#closing = true;
    this.end();
    if (this.#pending === 0) this.destroy();
    else setTimeout(() => this.destroy(), timeout).unref();
  }

  destroy(): void {
    if (this.closed) return;
    this.#ended = true;
    this.closed = true;
    this.#inbox = [];
    queueMicrotask(() => this.#receiver?.closed());
    const { peer } = this;
    if (!peer.closed) {
      peer.#peerEnded = true;
      peer.#pending = 0;
      peer.#schedule();
    }
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #schedule(): void {
    if (this.#scheduled || this.closed) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    while (this.#receiver !== undefined && !this.#paused && !this.closed) {
      const chunk = this.#inbox.shift();
      if (chunk === undefined) break;
      this.#receiver.data(chunk);
      this.peer.#taken(chunk.length);
    }
    if (this.closed || this.#receiver === undefined || this.#inbox.length > 0 || this.#paused) return;
    if (this.#peerEnded && !this.#endTold) {
      this.#endTold = true;
      this.#receiver.end();
      if (this.peer.closed) this.destroy();
    }
  }

  #taken(bytes: number): void {
    if (this.closed) return;
    this.#pending -= bytes;
    if (this.#pending > 0) return;
    if (this.#backedUp) {
      this.#backedUp = false;
      this.#receiver?.drained();
    }
    if (this.#closing) this.destroy();
  }
}

/** Connections inside the process (`memory://name`), for tests and for services that speak a protocol to each other. */
export function memory(): Transport {
  const listeners = new Map<string, { accept: (connection: Connection) => void; waiting: Connection[]; paused: boolean }>();
  let clients = 0;
  return {
    schemes: ['memory'],
    async connect({ path }: TransportAddress): Promise<Connection> {
      const listener = listeners.get(path);
      if (listener === undefined) throw new SkynetError('ERR_CONNECT', 'Connection refused', { details: { address: `memory://${path}` } });
      const name = `memory:${++clients}`;
      const client = new MemoryConnection(name, path);
      const server = new MemoryConnection(path, name);
      client.peer = server;
      server.peer = client;
      if (listener.paused) listener.waiting.push(server);
      else setImmediate(() => listener.accept(server));
      return client;
    },
    async listen({ path }: TransportAddress, _options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
      if (listeners.has(path)) throw new SkynetError('ERR_LISTEN', `Listen error: memory://${path} is in use`);
      const state = { accept, waiting: [] as Connection[], paused: false };
      listeners.set(path, state);
      return {
        address: path,
        port: 0,
        pause: () => {
          state.paused = true;
        },
        resume: () => {
          state.paused = false;
          for (const connection of state.waiting.splice(0)) setImmediate(accept, connection);
        },
        close: async () => {
          listeners.delete(path);
          for (const connection of state.waiting.splice(0)) connection.destroy();
        },
      };
    },
  };
}
