import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  defineService,
  formatHandle,
  type Handle,
  type Node,
  type Skynet,
  type SkynetConfig,
  startNode,
} from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import type { Connection } from '@skynet/core/transport';
import { onTestFinished } from 'vitest';
import { type GateHandler, type GateOptions, type Gateserver, startGateserver } from '../src/index.ts';

/** A node whose log can be read and waited for; it stops with the test. */
export interface TestNode extends Node {
  readonly log: string[];
  /** Resolves with the first line, past or future, that the pattern matches. */
  logged(pattern: RegExp): Promise<string>;
}

export async function startTestNode(config: SkynetConfig = {}): Promise<TestNode> {
  const log = new Happenings<string>();
  const node = await startNode(
    { harbor: 1, ...config },
    { onLog: (source, text) => log.add(`[${formatHandle(source)}] ${text}`) },
  );
  onTestFinished(() => node.stop());
  return Object.assign(node, {
    log: log.all,
    logged: (pattern: RegExp) => log.find((line) => pattern.test(line)),
  });
}

/** Things that happen, to be waited for one by one or by what they are. */
export class Happenings<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  add(thing: T): void {
    this.all.push(thing);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves with the first thing, past or future, of that kind. */
  async find(matches: (thing: T) => boolean): Promise<T> {
    for (let at = 0; ; at++) {
      while (at >= this.all.length) await new Promise<void>((wake) => void this.#waiting.push(wake));
      if (matches(this.all[at] as T)) return this.all[at] as T;
    }
  }

  /** Resolves when so many things have happened. */
  async count(number: number): Promise<readonly T[]> {
    while (this.all.length < number) await new Promise<void>((wake) => void this.#waiting.push(wake));
    return this.all;
  }
}

/** A client that speaks packets. */
export class PacketClient {
  readonly socket: Socket;
  /** Packets it got, as text. */
  readonly packets: Happenings<string> = new Happenings<string>();
  /** Resolves when the other side has ended or reset the connection. */
  readonly ended: Promise<void>;

  private readonly header: 2 | 4;

  constructor(socket: Socket, header: 2 | 4 = 2) {
    this.socket = socket;
    this.header = header;
    const reader = new FrameReader({ header });
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (bytes, start, end) =>
        this.packets.add(Buffer.from(bytes.subarray(start, end)).toString()),
      ),
    );
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve);
      socket.once('close', () => resolve());
    });
  }

  /** Sends each text as a packet, all in one write. */
  send(...texts: string[]): void {
    this.socket.write(Buffer.concat(texts.map((text) => pack(text, { header: this.header }))));
  }

  /** Sends a packet and resolves to the packet that comes next. */
  async ask(text: string): Promise<string> {
    const number = this.packets.all.length + 1;
    this.send(text);
    return (await this.packets.count(number))[number - 1] as string;
  }
}

/** Connects to a port of this machine, or to a path; the socket is destroyed with the test. */
export async function connectClient(where: number | string, header: 2 | 4 = 2): Promise<PacketClient> {
  const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return new PacketClient(socket, header);
}

export async function turnOfLoop(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Waits through turns of the event loop until something has come true. */
export async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await turnOfLoop();
}

/** A callback of a gate, as a test sees it; packets as text. */
export type Event = readonly [name: string, fd: number, ...values: unknown[]];

/** A gate that writes down what its handler is told, opens every client, and lets a test take part. */
export interface TestGate {
  readonly handle: Handle;
  readonly port: number;
  readonly server: Gateserver;
  readonly events: Happenings<Event>;
  readonly skynet: Skynet;
}

/** Starts a gate service and opens it on a free port. */
export async function startTestGate(
  node: Node,
  options: GateOptions = {},
  parts: (server: Gateserver, skynet: Skynet) => Partial<GateHandler> = () => ({}),
): Promise<TestGate> {
  const events = new Happenings<Event>();
  let started: { server: Gateserver; skynet: Skynet } | undefined;
  const handle = await node.newService(
    defineService((skynet) => {
      const handler: GateHandler = {
        connect(fd, address) {
          events.add(['connect', fd, address]);
          server.openClient(fd);
        },
        message(fd, bytes) {
          events.add(['message', fd, Buffer.from(bytes).toString()]);
        },
        disconnect: (fd) => events.add(['disconnect', fd]),
        error: (fd, message, error) => events.add(['error', fd, message, error.code]),
        warning: (fd, kilobytes) => events.add(['warning', fd, kilobytes]),
        open: (_source, { port }) => port,
      };
      const server = startGateserver(skynet, handler);
      Object.assign(handler, parts(server, skynet));
      started = { server, skynet };
    }),
  );
  const where = options.url === undefined ? { address: '127.0.0.1', port: 0 } : {};
  const port = await node.run((skynet) =>
    skynet.call<number>(handle, 'lua', 'open', { ...where, ...options }),
  );
  return { handle, port, events, ...(started as NonNullable<typeof started>) };
}

/** A client of the `memory` transport, for tests that need no sockets. */
export class MemoryClient {
  readonly connection: Connection;
  readonly packets: Happenings<string> = new Happenings<string>();
  readonly closed: Promise<void>;

  constructor(connection: Connection) {
    this.connection = connection;
    const reader = new FrameReader();
    this.closed = new Promise((resolve) => {
      connection.start({
        data: (chunk) =>
          reader.push(chunk, (bytes, start, end) =>
            this.packets.add(Buffer.from(bytes.subarray(start, end)).toString()),
          ),
        end: () => connection.close(),
        drained: () => {},
        error: () => {},
        closed: resolve,
      });
    });
  }

  send(...texts: string[]): void {
    for (const text of texts) this.connection.writeFrame(Buffer.from(text), 2);
  }
}
