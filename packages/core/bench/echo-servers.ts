import { createServer, type Socket } from 'node:net';
import { FrameReader } from '../src/netpack/index.ts';
import type { Connection } from '../src/transport/contract.ts';
import { createTransports, type TcpOptions, tcp } from '../src/transport/index.ts';
import {
  handleOf,
  type NativeHandle,
  type NativeServer,
  type NativeStreams,
  nativeStreams,
} from '../src/transport/native-stream.ts';

/** Starts an echo server for frames on a free port. */
export type EchoServer = () => Promise<{
  port: number;
  stop: () => void;
  /** Processor time it has used, in microseconds; that of this process unless given. */
  usage?: () => number;
}>;

/** Payloads below that are copied by the connection. */
const LENT = 1 << 14;

/** One connection of ours: frames are cut out of the shared read buffer and written again. */
class Echo {
  readonly #connection: Connection;
  readonly #frames = new FrameReader();
  readonly #onFrame = (buffer: Uint8Array, start: number, end: number): void => {
    // Large payloads are sent from where they lie, and the next read goes there.
    const frame = buffer.subarray(start, end);
    this.#connection.writeFrame(frame.length < LENT ? frame : frame.slice(), 2);
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

/**
 * The least that Node can do: its bare handles, a buffer for each, which is read into and written from in turn. What the
 * system does not take at once is waited for.
 * @param size Bytes of a buffer.
 */
export function handleEcho(size: number = 1 << 16): EchoServer {
  return async () => {
    const streams = nativeStreams();
    if (streams === undefined) throw new Error('this Node has no handles that we know');
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => resolve()),
    );
    (handleOf(server) as NativeServer).onconnection = (status, handle) => {
      if (status === 0 && handle !== undefined) echoOnHandle(handle, streams, new Uint8Array(size));
    };
    return { port: (server.address() as { port: number }).port, stop: () => void server.close() };
  };
}

function echoOnHandle(handle: NativeHandle, streams: NativeStreams, buffer: Uint8Array): void {
  const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync, WriteWrap } = streams;
  let request = new WriteWrap();
  handle.onread = () => {
    const size = streamBaseState[kReadBytesOrError] as number;
    if (size <= 0) {
      handle.close();
      return undefined;
    }
    handle.writeBuffer(request, buffer.subarray(0, size));
    if (streamBaseState[kLastWriteWasAsync] === 0) return undefined;
    handle.readStop();
    request.oncomplete = () => void handle.readStart();
    request = new WriteWrap();
    return undefined;
  };
  handle.useUserBuffer(buffer);
  handle.setNoDelay?.(true);
  handle.readStart();
}

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
