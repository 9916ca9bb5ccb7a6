import { once } from 'node:events';
import { connect } from 'node:net';
import * as netpack from '@skynet/core/netpack';

/** A connection to the gate: lines out, lines in. */
export interface Client {
  send(line: string): void;
  /** Ends when the server closes the connection. */
  readonly lines: AsyncIterable<string>;
  close(): void;
}

/** Connects to the gate. */
export async function connectToGate(port: number, host = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host });
  await once(socket, 'connect');
  const reader = new netpack.FrameReader();
  async function* read(): AsyncIterable<string> {
    for await (const chunk of socket) {
      const lines: string[] = [];
      reader.push(chunk as Uint8Array, (bytes, start, end) =>
        lines.push(netpack.toString(bytes.subarray(start, end))),
      );
      yield* lines;
    }
  }
  return {
    send: (line) => void socket.write(netpack.pack(line)),
    lines: read(),
    close: () => void socket.end(),
  };
}
