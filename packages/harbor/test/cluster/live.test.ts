import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { unpackSeri } from '@skynet/core';
import { Happenings } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { bytesOf, expectBytes, rowsOf, type Written } from '../vectors/rows.ts';
import { startMember } from './nodes.ts';

type Piece = Written | { fill: number; off: number; len: number };
type Data = Piece | { cat: Piece[] };
interface Step {
  op: 'connect' | 'send' | 'recv' | 'recv_like' | 'sleep' | 'close';
  data: Data;
  session: number;
  type: number;
  int?: boolean;
  ends?: string;
}
interface Row {
  name: string;
  steps: Step[];
}

function pieceBytes(piece: Piece): Uint8Array {
  if (typeof piece === 'string' || !('off' in piece)) return bytesOf(piece);
  const all = bytesOf({ fill: piece.fill, len: piece.off + piece.len });
  return all.subarray(piece.off);
}

function dataBytes(data: Data): Uint8Array {
  if (typeof data !== 'string' && 'cat' in data) return Buffer.concat(data.cat.map(pieceBytes));
  return pieceBytes(data);
}

/** A connection whose frames, size included, can be waited for. */
class Client {
  readonly socket: Socket;
  readonly #frames = new Happenings<Buffer>('frames');
  #taken = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#bytes.length >= 2 && this.#bytes.length >= 2 + this.#bytes.readUInt16BE(0)) {
        const end = 2 + this.#bytes.readUInt16BE(0);
        this.#frames.add(Buffer.from(this.#bytes.subarray(0, end)));
        this.#bytes = this.#bytes.subarray(end);
      }
    });
    onTestFinished(() => void this.socket.destroy());
  }

  next(): Promise<Buffer> {
    const from = this.#taken++;
    return this.#frames.find(() => true, 'the next frame', from);
  }
}

test.each(rowsOf<Row>('cluster-live.json').map((row) => [row.name, row] as const))(
  'a conversation recorded from the original: %s',
  async (_name, { steps }) => {
    const { port } = await startMember();
    let client: Client | undefined;
    for (const step of steps) {
      switch (step.op) {
        case 'connect':
          client = new Client(port);
          await once(client.socket, 'connect');
          break;
        case 'send':
          client?.socket.write(dataBytes(step.data));
          break;
        case 'recv':
          expectBytes((await client?.next()) as Buffer, step.data as Written);
          break;
        case 'recv_like': {
          const frame = (await client?.next()) as Buffer;
          expect([frame.readUInt32LE(2), frame[6]]).toEqual([step.session, step.type]);
          if (step.ends !== undefined) expect(frame.toString('latin1').endsWith(step.ends)).toBe(true);
          if (step.int === true) expect(unpackSeri(frame.subarray(7))).toEqual([expect.any(Number)]);
          break;
        }
        case 'close':
          client?.socket.end();
          break;
        default:
        // What the original needed time for is in order here.
      }
    }
  },
);
