import type { Dial, Stream, StreamReceiver } from '@skynet/msgserver/client';

/** The other end of a stream that a client has dialed. */
export interface ServerEnd {
  /** All that the client wrote, as text, one character a byte. */
  written: string;
  closed: boolean;
  send(bytes: string | Uint8Array): void;
  /** The server is gone. */
  hangUp(error?: Error): void;
  /** Resolves when the client has written this much. */
  until(holds: (written: string) => boolean): Promise<void>;
}

/** A dialer without a network: each connection is handed to the script. */
export function scripted(
  script: (server: ServerEnd, number: number) => unknown,
): Dial & { readonly count: number } {
  let count = 0;
  const dial = (signal: AbortSignal): Promise<Stream> => {
    signal.throwIfAborted();
    let receiver: StreamReceiver | undefined;
    const waiting: { holds: (written: string) => boolean; resolve: () => void }[] = [];
    const early: (() => void)[] = [];
    const tell = (happening: (to: StreamReceiver) => void): void => {
      queueMicrotask(() => {
        if (receiver === undefined) early.push(() => receiver !== undefined && happening(receiver));
        else happening(receiver);
      });
    };
    const server: ServerEnd = {
      written: '',
      closed: false,
      send: (bytes) =>
        tell((to) => to.data(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)),
      hangUp(error) {
        if (error !== undefined) tell((to) => to.error(error));
        tell((to) => to.closed());
      },
      until: (holds) =>
        new Promise((resolve) => {
          if (holds(server.written)) resolve();
          else waiting.push({ holds, resolve });
        }),
    };
    const over = (): void => {
      server.closed = true;
    };
    const stream: Stream = {
      start(given) {
        receiver = given;
        for (const happening of early.splice(0)) queueMicrotask(happening);
      },
      write(bytes) {
        server.written += Buffer.from(bytes).toString('latin1');
        for (const { holds, resolve } of waiting) if (holds(server.written)) resolve();
      },
      close: over,
      destroy: over,
    };
    queueMicrotask(() => script(server, count));
    count++;
    return Promise.resolve(stream);
  };
  return Object.defineProperty(dial, 'count', { get: () => count }) as Dial & { readonly count: number };
}
