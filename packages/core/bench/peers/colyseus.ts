import type { AddressInfo } from 'node:net';
import { loadPeer } from './peer.ts';

interface ColyseusClient {
  sendBytes(type: string, bytes: Uint8Array): void;
}

/** What is used of a room. */
export interface ColyseusRoom {
  patchRate: number | null;
  autoDispose: boolean;
  readonly clock: { setInterval(work: () => void, milliseconds: number): unknown };
  broadcast(type: string, value: unknown): void;
  onMessageBytes(type: string, take: (client: ColyseusClient, bytes: Uint8Array) => void): void;
}

interface Colyseus {
  readonly Room: new () => ColyseusRoom;
  readonly Server: new (
    options: object,
  ) => {
    define(name: string, room: unknown): void;
    listen(port: number, host: string): Promise<unknown>;
    gracefullyShutdown(exits: boolean): Promise<void>;
  };
}

interface Transport {
  readonly server: { address(): AddressInfo };
}

/** Name of the room that loads join. */
export const ROOM = 'bench';

/** A server of Colyseus with one kind of room, which keeps no state to be sent. */
export async function startColyseus(
  prepare: (room: ColyseusRoom) => void,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const { Room, Server } = loadPeer<Colyseus>('@colyseus/core');
  const { WebSocketTransport } = loadPeer<{ WebSocketTransport: new (options: object) => Transport }>(
    '@colyseus/ws-transport',
  );
  const transport = new WebSocketTransport({ pingInterval: 0 });
  const server = new Server({ greet: false, transport, gracefullyShutdown: false });
  server.define(
    ROOM,
    class extends Room {
      onCreate(): void {
        this.patchRate = null;
        this.autoDispose = false;
        prepare(this);
      }
    },
  );
  await server.listen(0, '127.0.0.1');
  return { port: transport.server.address().port, stop: () => server.gracefullyShutdown(false) };
}
