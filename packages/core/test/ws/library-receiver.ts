import * as library from 'ws';

/** The library's receiver, as far as it is needed here: its types leave it out. */
interface Receiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): void;
  on(event: 'conclude', listener: (code: number, reason: Buffer) => void): void;
  _write(chunk: Buffer, encoding: string, done: (error?: Error & { code?: string }) => void): void;
}

type ReceiverClass = new (options: {
  isServer: boolean;
  maxPayload: number;
  maxFragments: number;
}) => Receiver;

const { Receiver } = library as unknown as { Receiver: ReceiverClass };

/** What came out of frames: kinds with their payloads, and why it failed. */
export interface Outcome {
  readonly events: readonly (readonly [kind: string, payload: string])[];
  /** Close code and name of the violation. */
  readonly failure: string | undefined;
}

/** What the library `ws` makes of chunks, each of which it may write to. */
export function byLibrary(chunks: readonly Buffer[], isServer: boolean, limit: number): Outcome {
  const receiver = new Receiver({ isServer, maxPayload: limit, maxFragments: 16_384 });
  const events: [string, string][] = [];
  let failure: string | undefined;
  receiver.on('message', (data, isBinary) =>
    events.push([isBinary ? 'binary' : 'text', data.toString('hex')]),
  );
  receiver.on('ping', (data) => events.push(['ping', data.toString('hex')]));
  receiver.on('pong', (data) => events.push(['pong', data.toString('hex')]));
  receiver.on('conclude', (code, reason) => events.push([`close ${code}`, reason.toString('hex')]));
  for (const chunk of chunks) {
    if (failure !== undefined) break;
    // Its streams tell of errors in another turn; this is what they call.
    receiver._write(chunk, 'buffer', (error) => {
      if (error) failure = `${closeCodeOf(error)} ${error.code}`;
    });
  }
  return { events, failure };
}

function closeCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  return symbol === undefined ? 0 : ((error as unknown as Record<symbol, number>)[symbol] ?? 0);
}
