import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** What a scripted server does with a connection, one after another; then it reads until the other side closes. */
export interface Action {
  /** Reads so many lines. */
  readonly line?: number;
  readonly write?: string;
  /** Writes so many bytes `x`. */
  readonly fill?: number;
  /** Waits. */
  readonly ms?: number;
  readonly close?: boolean;
  readonly reset?: boolean;
}

/** Servers that behave as rows say: each connection takes the next list of actions, the last one again and again. */
export class ScriptedServers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** @throws when a port is taken. */
  async listen(port: number, script: readonly (readonly Action[])[]): Promise<void> {
    let connections = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      void play(socket, script[Math.min(connections++, script.length - 1)] ?? []);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => once(server.close(), 'close')));
  }
}

async function play(socket: Socket, actions: readonly Action[]): Promise<void> {
  const lines = new Lines(socket);
  for (const action of actions) {
    if (action.line !== undefined) {
      if (!(await lines.read(action.line))) break;
    } else if (action.write !== undefined) socket.write(Buffer.from(action.write, 'latin1'));
    else if (action.fill !== undefined) socket.write(Buffer.alloc(action.fill, 'x'));
    else if (action.ms !== undefined) await new Promise((resolve) => setTimeout(resolve, action.ms));
    else if (action.reset === true) {
      socket.resetAndDestroy();
      return;
    } else if (action.close === true) {
      socket.destroySoon();
      return;
    }
  }
  await lines.read(Number.POSITIVE_INFINITY);
  socket.destroySoon();
}

/** Counts lines that come. */
class Lines {
  #count = 0;
  #ended = false;
  #look = (): void => {};

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) this.#count++;
      this.#look();
    });
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#ended = true;
        this.#look();
      });
  }

  /** Waits for so many more; false when the other side closes first. */
  read(wanted: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (this.#count < wanted && !this.#ended) return;
        this.#look = () => {};
        resolve(this.#count >= wanted);
        this.#count -= Math.min(wanted, this.#count);
      };
      this.#look();
    });
  }
}
