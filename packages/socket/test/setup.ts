import { connect, type Socket } from 'node:net';
import type { Node, Skynet, SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { afterEach } from 'vitest';

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A node that is stopped after the test. */
export function testNode(config: SkynetConfig = {}): Promise<TestNode> {
  return startTestNode(config, { after: (stop) => void open.push(stop) });
}

/** A service that lives until the test ends: gives its context and ends only with the node. */
export function livingService(node: Node): Promise<Skynet> {
  return new Promise((resolve, reject) => {
    node.newService({ kind: 'skynet.service', start: (skynet) => resolve(skynet) }).catch(reject);
  });
}

/** A client outside the node. */
export class Client {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;
  closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    const look = (): void => {
      for (const check of [...this.#waiting]) check();
    };
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      look();
    });
    socket.on('end', () => {
      this.ended = true;
      look();
    });
    socket.on('close', () => {
      this.closed = true;
      look();
    });
    socket.on('error', () => {});
    open.push(() => socket.destroy());
  }

  /** Resolves when the condition holds; looked at after every event. */
  until(condition: (client: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves to everything received once it contains the text. */
  async receives(text: string): Promise<string> {
    await this.until(({ received }) => received.includes(text));
    return this.received.toString();
  }

  end(data?: string | Uint8Array): void {
    if (data === undefined) this.socket.end();
    else this.socket.end(data);
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }
}

export function client(port: number): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new Client(socket));
    });
  });
}

/** A promise with its ends. */
export class Signal<Value = void> {
  readonly promise: Promise<Value>;
  resolve!: (value: Value) => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}
