import mysql2, { type Connection } from 'mysql2';
import type { ServerSettings } from './options.ts';

/** A packet of the library: what is used of it. */
export interface Packet {
  readonly sequenceId: number;
  peekByte(): number;
  isError(): boolean;
  asError(encoding: string): Error;
  readInt8(): number;
  readInt16(): number;
  readLengthCodedNumber(): number | string;
}

/** A connection of the library, with what its types leave out. */
export interface Wire extends Connection {
  readonly stream: NodeJS.ReadableStream & { destroy(): void; destroyed: boolean };
  /** Number of the packet that must come next. */
  sequenceId: number;
  readonly clientEncoding: string;
  readonly _paused: boolean;
  handlePacket(packet?: Packet): void;
  addCommand(command: BareCommand): void;
  write(bytes: Buffer): void;
}

/** What the server says of a statement without rows. */
export interface Header {
  readonly affectedRows: number;
  /** Above 2^53 as text. */
  readonly insertId: number | string;
  readonly serverStatus: number;
  readonly warningStatus: number;
  readonly info: string;
  readonly changedRows: number;
}

/** Begins to connect. @throws what the library throws for options that it does not know. */
export function openWire(settings: ServerSettings, multipleStatements: boolean): Wire {
  const { host, port, socketPath, database, user, password, tls } = settings;
  const wire = mysql2.createConnection({
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    ...(database === undefined ? {} : { database }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { ssl: { ...tls } as mysql2.SslOptions }),
    user,
    charset: settings.charset,
    connectTimeout: settings.connectTimeout,
    maxPreparedStatements: settings.maxStatements,
    multipleStatements,
    supportBigNumbers: true,
    dateStrings: true,
    decimalNumbers: settings.decimals === 'number',
    jsonStrings: settings.json === 'text',
    // A server must not read files of its clients.
    flags: ['-LOCAL_FILES'],
  }) as unknown as Wire;
  inOrder(wire);
  return wire;
}

/**
 * Looks at the numbers of packets before the library does, which writes to standard error and goes on. An error of the
 * server is heard whatever its number: it is the last one.
 */
function inOrder(wire: Wire): void {
  const handle = wire.handlePacket.bind(wire);
  wire.handlePacket = (packet) => {
    // While it is paused the library only puts packets aside; they come here again.
    if (packet !== undefined && !wire._paused && packet.sequenceId !== wire.sequenceId) {
      if (packet.peekByte() !== 0xff) {
        wire.emit('error', new Error('packets came out of order'));
        return;
      }
      wire.sequenceId = packet.sequenceId;
    }
    handle(packet);
  };
}

/** A command that the library has none for: some bytes, answered with what stands in {@link Header}. */
export class BareCommand {
  readonly onResult: (error: Error | undefined, header?: Header) => void;
  readonly #payload: Buffer;

  constructor(payload: Buffer, onResult: (error: Error | undefined, header?: Header) => void) {
    this.#payload = payload;
    this.onResult = onResult;
  }

  /** Called by the library: without a packet when it is this command's turn. Returns whether it is done. */
  execute(packet: Packet | undefined, wire: Wire): boolean {
    if (packet === undefined) {
      const bytes = Buffer.alloc(4 + this.#payload.length);
      bytes.writeUIntLE(this.#payload.length, 0, 3);
      this.#payload.copy(bytes, 4);
      wire.write(bytes);
      wire.sequenceId = 1;
      return false;
    }
    if (packet.isError()) this.onResult(packet.asError(wire.clientEncoding));
    else {
      packet.readInt8();
      this.onResult(undefined, {
        affectedRows: Number(packet.readLengthCodedNumber()),
        insertId: packet.readLengthCodedNumber(),
        serverStatus: packet.readInt16(),
        warningStatus: packet.readInt16(),
        info: '',
        changedRows: 0,
      });
    }
    return true;
  }
}
