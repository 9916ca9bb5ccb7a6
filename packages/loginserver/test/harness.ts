import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Handle, SkynetConfig } from '@skynet/core';
import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';
import { startTestNode as start, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import type { LoginServerOptions } from '../src/index.ts';

/** Starts a node with the services of the fixtures; it stops with the test. */
export function startTestNode(config: SkynetConfig = {}): Promise<TestNode> {
  return start(
    { services: ['./services/?'], ...config },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
}

/** A login server and how to ask it. */
export interface TestLogin {
  readonly node: TestNode;
  readonly handle: Handle;
  readonly port: number;
  ask<Result>(command: string): Promise<Result>;
}

/** Starts a node with the login server of the fixtures. */
export async function startTestLogin(
  options: Partial<LoginServerOptions> = {},
  config: SkynetConfig = {},
): Promise<TestLogin> {
  const node = await startTestNode(config);
  const handle = await node.newService('login', Buffer.from(JSON.stringify(options)).toString('hex'));
  const ask = <Result>(command: string): Promise<Result> =>
    node.run((skynet) => skynet.call<Result>(handle, 'lua', command));
  return { node, handle, port: await ask<number>('port'), ask };
}

/** A client that reads lines. */
export class LineSocket {
  readonly socket: Socket;
  #text = '';
  #over = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const wake = (): void => this.#wake?.();
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      wake();
    });
    socket.on('error', () => {});
    const end = (): void => {
      this.#over = true;
      wake();
    };
    socket.on('end', end);
    socket.on('close', end);
  }

  /** The next line, undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const at = this.#text.indexOf('\n');
      if (at >= 0) {
        const line = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + 1);
        return line;
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All lines until the end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  send(...lines: string[]): void {
    this.socket.write(lines.map((line) => `${line}\n`).join(''), 'latin1');
  }
}

/** Connects to a port of this machine, from another of its addresses on request. */
export async function connectLine(port: number, localAddress = '127.0.0.1'): Promise<LineSocket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return new LineSocket(socket);
}

/** The token of the book. */
export function tokenOf(user: string, password = 'password', server = 'sample'): string {
  return `${base64encode(user)}@${base64encode(server)}:${base64encode(password)}`;
}

/** Logs in as the original's clients do; the status line, the secret, and whatever the caller does otherwise. */
export async function logIn(
  port: number,
  token: string,
  otherwise: { hmac?: (challenge: Uint8Array, secret: Uint8Array) => string } = {},
): Promise<{ status: string | undefined; secret: Uint8Array }> {
  const client = await connectLine(port);
  const challenge = base64decode((await client.line()) ?? '');
  const key = randomkey();
  client.send(base64encode(dhexchange(key)));
  const secret = dhsecret(base64decode((await client.line()) ?? ''), key);
  client.send(otherwise.hmac?.(challenge, secret) ?? base64encode(hmac64(challenge, secret)));
  client.send(base64encode(desencode(secret, token)));
  const [status, ...more] = await client.rest();
  if (more.length > 0) throw new Error(`more than a status line: ${more.join()}`);
  client.socket.destroy();
  return { status, secret };
}
