import { connect, type Socket } from 'node:net';
import type { Skynet } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { type HttpServer, type ServeOptions, serve } from '@skynet/http';
import { onTestFinished } from 'vitest';

/** A node for one test. */
export function testNode(): Promise<TestNode> {
  return startTestNode({}, { after: onTestFinished });
}

/** A service that lives as long as the node. */
export function service(node: TestNode): Promise<Skynet> {
  return new Promise((resolve, reject) => {
    node.newService({ kind: 'skynet.service', start: (skynet) => resolve(skynet) }).catch(reject);
  });
}

export interface Served {
  readonly node: TestNode;
  readonly skynet: Skynet;
  readonly server: HttpServer;
  readonly port: number;
}

/** A server on a free port, in a service of its own. */
export async function served(
  options: ServeOptions | ((skynet: Skynet) => ServeOptions),
  node?: TestNode,
): Promise<Served> {
  const at = node ?? (await testNode());
  const skynet = await service(at);
  const given = typeof options === 'function' ? options(skynet) : options;
  const address = given.address === undefined ? { port: 0 } : {};
  const server = await inTurn(skynet, () => serve(skynet, { ...address, ...given }));
  return { node: at, skynet, server, port: server.port };
}

/** Runs something as a task of a service. */
export function inTurn<Result>(skynet: Skynet, work: () => Result | Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    skynet.timeout(0, async () => {
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** How long a test waits for bytes, in milliseconds. */
const PATIENCE = 30_000;

/** A connection whose bytes a test writes and reads itself. Text is one character a byte. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
      this.#wake?.();
    });
    const over = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('end', over).on('close', over).on('error', over);
    onTestFinished(() => {
      socket.destroy();
    });
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
        resolve(new RawClient(socket)),
      );
      socket.on('error', reject);
    });
  }

  get received(): string {
    return this.#received;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(text: string | Uint8Array): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    return this;
  }

  /** Everything that has come once that is enough. */
  async until(enough: (received: string) => boolean, what: string): Promise<string> {
    const end = Date.now() + PATIENCE;
    while (!enough(this.#received)) {
      if (this.#ended) throw new Error(`closed before ${what}; received ${JSON.stringify(this.#received)}`);
      await this.#more(end, what);
    }
    return this.#received;
  }

  /** Everything, once the server has closed. */
  async closed(): Promise<string> {
    const end = Date.now() + PATIENCE;
    while (!this.#ended) await this.#more(end, 'the end');
    return this.#received;
  }

  /** Takes what has come so far. */
  take(): string {
    const received = this.#received;
    this.#received = '';
    return received;
  }

  #more(end: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${what} came; received ${JSON.stringify(this.#received)}`)),
        Math.max(0, end - Date.now()),
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What a server answers to these bytes, and whether it closes. */
export async function answerTo(port: number, bytes: string): Promise<string> {
  return (await RawClient.open(port)).write(bytes).closed();
}

/** Statuses of answers, in order. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
