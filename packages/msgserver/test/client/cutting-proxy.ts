import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** After how many bytes a connection is cut: of both directions together, or of one. */
export interface Cut {
  readonly up?: number;
  readonly down?: number;
  readonly both?: number;
}

/**
 * Passes bytes on between clients and a server, and cuts connections in the middle. The first connection is cut as the
 * first entry of `cuts` says, and so on; connections behind those live on.
 */
export class CuttingProxy {
  cuts: Cut[] = [];
  /** Connections that came, and bytes that passed over the last one in each direction. */
  connections = 0;
  up = 0;
  down = 0;
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    onTestFinished(() => {
      proxy.#server.close();
      for (const socket of proxy.#sockets) socket.destroy();
    });
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  #accept(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    client.setNoDelay(true);
    this.connections++;
    this.up = 0;
    this.down = 0;
    const { both = Number.POSITIVE_INFINITY, up = both, down = both } = this.cuts.shift() ?? {};
    const left = { up, down, both };
    let over = false;
    const cut = (): void => {
      over = true;
      // What was passed on arrives; more does not.
      client.end();
      server.end();
      client.resume();
      server.resume();
    };
    const pass = (direction: 'up' | 'down', from: Socket, to: Socket): void => {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!over) cut();
      });
      from.on('data', (chunk: Buffer) => {
        if (over) return;
        const size = Math.min(chunk.length, left[direction], left.both);
        left[direction] -= size;
        left.both -= size;
        this[direction] += size;
        to.write(chunk.subarray(0, size));
        if (left[direction] === 0 || left.both === 0) cut();
      });
    };
    pass('up', client, server);
    pass('down', server, client);
    if (up === 0 || down === 0) cut();
  }
}
