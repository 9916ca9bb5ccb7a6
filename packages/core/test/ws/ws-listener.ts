import { once } from 'node:events';
import { Happenings, RecordingReceiver } from '@skynet/core/testing';
import { type Connection, createTransports } from '@skynet/core/transport';
import { type WsOptions, ws } from '@skynet/core/ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

/** A connection that a listener has accepted, with what it hears. */
export interface Accepted {
  connection: Connection;
  heard: RecordingReceiver;
}

/** A listener for one test, and what it accepts, started. */
export interface WsListener {
  url: string;
  port: number;
  accepted: Happenings<Accepted>;
  /** The next one that nobody has asked for yet. */
  next(): Promise<Accepted>;
}

export async function listen(options: WsOptions = {}, address = 'ws://127.0.0.1:0'): Promise<WsListener> {
  const accepted = new Happenings<Accepted>('connections');
  let asked = 0;
  const listener = await createTransports([ws(options)]).listen(address, {}, (connection) => {
    const heard = new RecordingReceiver();
    connection.start(heard);
    onTestFinished(() => connection.destroy());
    accepted.add({ connection, heard });
  });
  onTestFinished(() => listener.close());
  const next = async (): Promise<Accepted> => {
    const at = asked++;
    return (await accepted.count(at + 1))[at] as Accepted;
  };
  return { url: listener.url, port: listener.port, accepted, next };
}

/** A client that knows nothing of us, as a browser. */
export async function stranger(
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}
