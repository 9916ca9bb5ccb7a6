import { createServer, type Socket } from 'node:net';
import { FrameReader } from '../src/netpack/index.ts';
import type { Connection } from '../src/transport/contract.ts';
import { createTransports, type TcpOptions, tcp } from '../src/transport/index.ts';

/** Starts an echo server for frames on a free port. */
export type EchoServer = () => Promise<{
  port: number;
  stop: () => void;
  /** Processor time it has used, in microseconds; that of this process unless given. */
  usage?: () => number;
}>;

/** One connection of ours: frames are cut out of the shared read buffer and written again. */
class Echo {
  readonly #connection: Connection;
  readonly #frames = new FrameReader();
  readonly #onFrame = (buffer: Uint8Array, start: number, end: number): void => {
    this.#connection.writeFrame(buffer.subarray(start, end), 2);
  };

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  data(chunk: Uint8Array): void {
    this.#frames.push(chunk, this.#onFrame);
  }

  end(): void {
    this.#connection.close();
  }

  drained(): void {}

  error(): void {}

  closed(): void {}
}

/** Ours. */
export function transportEcho(options?: TcpOptions): EchoServer {
  return async () => {
    const transports = createTransports([tcp(options)]);
    const listener = await transports.listen('127.0.0.1:0', {}, (connection) =>
      connection.start(new Echo(connection)),
    );
    return { port: listener.port, stop: () => void listener.close() };
  };
}

/** A bare socket: what is read is written again as it came, whatever frames there are in it. */
export const rawEcho: EchoServer = () => {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(chunk));
  });
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      resolve({ port: (server.address() as { port: number }).port, stop: () => void server.close() });
    });
  });
};

const NOTHING = Buffer.alloc(0);

/** The same by hand on plain node:net: frames are copied into a buffer that leaves once in a turn. */
export const netEcho: EchoServer = () => {
  const dirty: (() => void)[] = [];
  const flushAll = (): void => {
    for (const flush of dirty.splice(0)) flush();
  };
  const serve = (socket: Socket): void => {
    let out = NOTHING;
    let used = 0;
    const flush = (): void => {
      socket.write(out.subarray(0, used));
      out = NOTHING;
      used = 0;
    };
    const frames = new FrameReader();
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      frames.push(chunk, (buffer, start, end) => {
        const size = end - start;
        if (used + 2 + size > out.length) {
          const bigger = Buffer.allocUnsafe(Math.max(4096, out.length * 2, used + 2 + size));
          out.copy(bigger, 0, 0, used);
          out = bigger;
        }
        if (used === 0) {
          if (dirty.length === 0) setImmediate(flushAll);
          dirty.push(flush);
        }
        used = out.writeUInt16BE(size, used);
        out.set(buffer.subarray(start, end), used);
        used += size;
      });
    });
  };
  const server = createServer(serve);
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      resolve({ port: (server.address() as { port: number }).port, stop: () => void server.close() });
    });
  });
};
