import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { RecordingReceiver } from '@skynet/core/testing';
import {
  type Connection,
  createTransports,
  type Receiver,
  type TcpOptions,
  tcp,
} from '@skynet/core/transport';
import { describe, expect, it, onTestFinished } from 'vitest';

/** Wants bytes in memory of its own. */
class Roomy extends RecordingReceiver implements Receiver {
  place: Uint8Array | undefined;
  /** Bytes that came there, and how often it was asked for it. */
  inPlace = 0;
  asked = 0;

  override data(chunk: Uint8Array): void {
    if (chunk.buffer === this.place?.buffer) this.inPlace += chunk.length;
    super.data(chunk);
  }

  room(): Uint8Array | undefined {
    this.asked++;
    return this.place;
  }
}

async function pair(options: TcpOptions): Promise<{ client: Connection; server: Connection }> {
  const transports = createTransports([tcp(options)]);
  let accepted: (connection: Connection) => void;
  const accepting = new Promise<Connection>((resolve) => {
    accepted = resolve;
  });
  const listener = await transports.listen('127.0.0.1:0', {}, (connection) => accepted(connection));
  const client = await transports.connect(listener.url);
  client.start(new RecordingReceiver());
  const server = await accepting;
  onTestFinished(async () => {
    client.destroy();
    server.destroy();
    await listener.close();
  });
  return { client, server };
}

const pattern = (size: number, by: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * by);

describe.each<[string, TcpOptions]>([
  ['native handles', {}],
  ['net.Socket', { native: false }],
])('a receiver that has room, over %s', (name, options) => {
  it('gets every byte in order, whatever size its room has from one time to the next', async () => {
    const { client, server } = await pair(options);
    const receiver = new Roomy();
    receiver.onData = () => {
      const size = [1, 5000, 100_000, 0, 4100, 65_536, 0, 0][receiver.chunks % 8] as number;
      receiver.place = size === 0 ? undefined : new Uint8Array(size);
    };
    server.start(receiver);
    const bytes = pattern(3_000_000, 7);
    client.write(bytes);
    expect((await receiver.size(bytes.length)).equals(bytes)).toBe(true);
    if (name === 'native handles') expect(receiver.inPlace).toBeGreaterThan(0);
    else expect(receiver.asked).toBe(0);
  });

  it('gets them also after a pause', async () => {
    const { client, server } = await pair(options);
    const receiver = new Roomy();
    receiver.place = new Uint8Array(50_000);
    receiver.onData = () => {
      server.pause();
      setImmediate(() => server.resume());
    };
    server.start(receiver);
    const bytes = pattern(1_000_000, 3);
    client.write(bytes);
    expect((await receiver.size(bytes.length)).equals(bytes)).toBe(true);
  });

  it('gets none of what comes for the receiver after it, into its memory neither', async () => {
    const { client, server } = await pair(options);
    const first = new Roomy();
    const place = new Uint8Array(50_000);
    first.place = place;
    server.start(first);
    client.write(pattern(200_000, 5));
    await first.size(200_000);
    const second = new RecordingReceiver();
    const before = place.slice();
    server.start(second);
    client.write(pattern(10_000, 11));
    expect((await second.size(10_000)).equals(pattern(10_000, 11))).toBe(true);
    expect(first.received).toBe(200_000);
    expect(Buffer.from(place).equals(before)).toBe(true);
  });

  it('may close, or cut off, where it is asked', async () => {
    for (const end of ['close', 'destroy'] as const) {
      const { client, server } = await pair(options);
      const receiver = new Roomy();
      receiver.place = new Uint8Array(50_000);
      receiver.onData = () => {
        if (receiver.chunks === 2) server[end]();
      };
      server.start(receiver);
      client.write(pattern(1_000_000, 9));
      await receiver.event('closed');
      expect(receiver.chunks).toBe(2);
    }
  });
});

it('bytes do not go any more to where a receiver wanted them that threw', async () => {
  const fixture = new URL('./fixtures/throwing-receiver.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions', '@skynet/source', fixture], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  await once(child, 'close');
  expect(JSON.parse(output)).toEqual(['abc', 'bbbbbbbbbb..']);
});
