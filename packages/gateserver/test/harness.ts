import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { defineService, type Handle, type Node, type Skynet, type SkynetConfig } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { Happenings, startTestNode as start, type TestNode } from '@skynet/core/testing';
import type { Connection } from '@skynet/core/transport';
import { onTestFinished } from 'vitest';
import { type GateHandler, type GateOptions, type Gateserver, startGateserver } from '../src/index.ts';

/** Starts a node; it stops with the test. */
export function startTestNode(config: SkynetConfig = {}): Promise<TestNode> {
  return start(config, { after: onTestFinished });
}

/** A client that speaks packets. */
export class PacketClient {
  readonly socket: Socket;
  /** Packets it got, as text. */
  readonly packets: Happenings<string> = new Happenings('packets');
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
  const events = new Happenings<Event>('callbacks');
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
  const where =
    options.url === undefined && options.listen === undefined ? { address: '127.0.0.1', port: 0 } : {};
  const port = await node.run((skynet) =>
    skynet.call<number>(handle, 'lua', 'open', { ...where, ...options }),
  );
  return { handle, port, events, ...(started as NonNullable<typeof started>) };
}

/** A client of the `memory` transport, for tests that need no sockets. */
export class MemoryClient {
  readonly connection: Connection;
  readonly packets: Happenings<string> = new Happenings('packets');
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
