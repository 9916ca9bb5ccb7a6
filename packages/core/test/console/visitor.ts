import { connect, type Socket } from 'node:net';
import type { SkynetConfig } from '@skynet/core';
import { expect, onTestFinished } from 'vitest';
import { startTestNode, type TestNode } from '../test-node.ts';

/** Somebody at the debug console. */
export interface Console {
  /** Sends a line; resolves to what was printed for it, its last line being `<CMD OK>` or `<CMD Error>`. */
  type(line: string): Promise<string[]>;
  /** Sends bytes as they are. */
  send(bytes: string | Uint8Array): void;
  /** Everything printed until the console closes the connection. */
  rest(): Promise<string>;
  readonly socket: Socket;
}

/** Starts a debug console and visits it. */
export async function open(node: TestNode, ...args: string[]): Promise<Console> {
  await node.newService('debug_console', ...(args.length === 0 ? ['0'] : args));
  return visit(node);
}

/** Port of the node's debug console. */
export async function consolePort(node: TestNode): Promise<number> {
  return Number(/:(\d+)$/.exec(await node.logged(/Start debug console at/))?.[1]);
}

/** Visits the node's debug console, from and at an address of the loopback. */
export async function visit(
  node: TestNode,
  localAddress = '127.0.0.1',
  host = '127.0.0.1',
): Promise<Console> {
  const socket = connect({ port: await consolePort(node), host, localAddress });
  onTestFinished(() => void socket.destroy());
  let text = '';
  let changed = (): void => {};
  let over = false;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    changed();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    over = true;
    changed();
  });
  const until = async (enough: () => boolean): Promise<void> => {
    while (!enough() && !over) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  const take = (length: number): string => {
    const taken = text.slice(0, length);
    text = text.slice(length);
    return taken;
  };
  await until(() => text.includes('\n'));
  expect(take(text.indexOf('\n') + 1)).toBe('Welcome to skynet console\n');
  const END = /(^|\n)<CMD (OK|Error)>\n/;
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    async type(command) {
      socket.write(`${command}\n`);
      await until(() => END.test(text));
      const match = END.exec(text);
      if (match === null) throw new Error(`closed after ${JSON.stringify(text)}`);
      return take(match.index + match[0].length)
        .trimEnd()
        .split('\n');
    },
    async rest() {
      await until(() => over);
      return take(text.length);
    },
  };
}

/** A node with a debug console, and a visitor there. */
export async function openedNode(
  config: SkynetConfig | Readonly<Record<string, unknown>> = {},
): Promise<{ node: TestNode; console: Console }> {
  const node = await startTestNode(config);
  return { node, console: await open(node) };
}
