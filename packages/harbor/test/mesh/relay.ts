import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Where a relay leads: a port of this machine, or the path of a socket. */
type Target = { readonly port: number; readonly host: string } | { readonly path: string };

/**
 * Passes bytes on between whoever connects and a server, both ways, until it is told to hold them back, to pass them in small
 * pieces, or to cut them off.
 */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: Target | undefined;
  #isHeld = false;
  /** Bytes of a piece; undefined for as they come. */
  #pieces: number | undefined;

  constructor() {
    this.#server = createServer({ noDelay: true }, (client) => this.#taken(client));
  }

  /** Connections are passed on to there from now on. */
  leadTo(target: Target): void {
    this.#target = target;
  }

  /** Listens on a free port of this machine, or at a path; where that is. */
  async listen(path?: string): Promise<string> {
    if (path === undefined) this.#server.listen(0, '127.0.0.1');
    else this.#server.listen(path);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'string' ? address : `127.0.0.1:${address?.port}`;
  }

  #taken(client: Socket): void {
    this.#sockets.add(client);
    client.on('close', () => this.#sockets.delete(client));
    client.on('error', () => client.destroy());
    if (this.#target === undefined) {
      client.destroy();
      return;
    }
    const server = connect(this.#target as NetConnectOpts);
    server.setNoDelay(true);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk) => void this.#pass(from, to, chunk));
      to.on('drain', () => {
        if (!this.#isHeld && this.#pieces === undefined) from.resume();
      });
      if (this.#isHeld) from.pause();
    }
  }

  async #pass(from: Socket, to: Socket, chunk: Buffer): Promise<void> {
    const size = this.#pieces;
    if (size === undefined) {
      if (!to.write(chunk)) from.pause();
      return;
    }
    from.pause();
    for (let at = 0; at < chunk.length && !to.destroyed; at += size) {
      to.write(chunk.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!this.#isHeld) from.resume();
  }

  /** Nothing passes any more, and nobody is told. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** From now on bytes pass in pieces of this size, each in a turn of the event loop of its own. */
  trickle(size: number): void {
    this.#pieces = size;
  }

  /** Closes all connections without a word. New ones are passed on. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
