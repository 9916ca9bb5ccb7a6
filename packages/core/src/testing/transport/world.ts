import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { isSkynetError } from '../../errors.ts';
import type { Connection, Listener, ListenOptions, Transports } from '../../transport/contract.ts';
import { RecordingReceiver } from '../recording-receiver.ts';

/** What is tested. Made anew for every test. */
export interface TransportFixture {
  /** With the transport under test. */
  transports: Transports;
  /** An address to listen on, free: port 0, or a new path or name. */
  address: string;
  /** How a handshake begins, for transports over TCP that have one in front of their bytes. */
  handshake?: Uint8Array;
  /** Whether peers are proxies, whose connections count for an address only when they have told it. */
  proxied?: boolean;
  /** Called when a test is over. */
  dispose?(): Promise<void> | void;
}

/** One end, with what it heard. */
export interface End {
  connection: Connection;
  heard: RecordingReceiver;
}

/** A fixture with what a test opened, all of which is closed at its end. */
export class World {
  readonly transports: Transports;
  readonly address: string;
  readonly handshake: Uint8Array | undefined;
  readonly proxied: boolean;
  readonly #dispose: () => Promise<void> | void;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  readonly #strangers: Socket[] = [];

  constructor(fixture: TransportFixture) {
    this.transports = fixture.transports;
    this.address = fixture.address;
    this.handshake = fixture.handshake;
    this.proxied = fixture.proxied ?? false;
    this.#dispose = fixture.dispose?.bind(fixture) ?? ((): void => {});
  }

  async listen(
    accept: (connection: Connection) => void,
    options: ListenOptions = {},
    address: string = this.address,
  ): Promise<Listener> {
    const listener = await this.transports.listen(address, options, (connection) => {
      this.#connections.push(connection);
      accept(connection);
    });
    this.#listeners.push(listener);
    return listener;
  }

  async connect(address: string): Promise<Connection> {
    const connection = await this.transports.connect(address);
    this.#connections.push(connection);
    return connection;
  }

  /** Connects, started; where the listener turns clients away before they are through, undefined. */
  async visit(address: string): Promise<End | undefined> {
    try {
      const connection = await this.connect(address);
      const heard = new RecordingReceiver();
      connection.start(heard);
      return { connection, heard };
    } catch (error) {
      if (isSkynetError(error, 'ERR_CONNECT')) return undefined;
      throw error;
    }
  }

  /** The same, and waits for the first word of a listener that greets; undefined without one. */
  async welcomed(address: string): Promise<End | undefined> {
    const guest = await this.visit(address);
    await guest?.heard.until('a word', () => guest.heard.received > 0 || guest.heard.events.length > 0);
    return (guest?.heard.received ?? 0) > 0 ? guest : undefined;
  }

  /** A TCP connection that says nothing by itself. */
  async stranger({ port }: Listener): Promise<{ socket: Socket; closed: Promise<unknown>[] }> {
    const socket = connectTcp(port, '127.0.0.1');
    this.#strangers.push(socket);
    socket.on('error', () => {}).resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'connect');
    // In a list, so that nobody waits for it here.
    return { socket, closed: [closed] };
  }

  /** Both ends of a connection, started. `late` leaves the accepted one to the test. */
  async pair(late?: 'late'): Promise<[End, End, Listener]> {
    const accepted = withResolvers<Connection>();
    const listener = await this.listen((connection) => accepted.resolve(connection));
    const client = await this.connect(listener.url);
    const server = await accepted.promise;
    const heard: [RecordingReceiver, RecordingReceiver] = [new RecordingReceiver(), new RecordingReceiver()];
    client.start(heard[0]);
    if (late === undefined) server.start(heard[1]);
    return [{ connection: client, heard: heard[0] }, { connection: server, heard: heard[1] }, listener];
  }

  async dispose(): Promise<void> {
    for (const socket of this.#strangers) socket.destroy();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const connection of this.#connections) {
      if (connection.closed) continue;
      const heard = new RecordingReceiver();
      connection.start(heard);
      connection.destroy();
      await heard.event('closed');
    }
    await this.#dispose();
  }
}

/** Declares a test, which gets a world of its own. */
export type Declare = (title: string, body: (world: World) => Promise<void>) => void;

export function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
