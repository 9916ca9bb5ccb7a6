import { packSeri, printable, unpackSeri } from '@skynet/core';
import { harborError } from './errors.ts';

// What a node and the master tell each other: one byte with the size of what follows, then lua-seri of a letter and its
// arguments.

/** A message of a node to the master. */
export type ToMaster =
  /** First: its id, and where it listens for other nodes. */
  | readonly ['H', id: number, address: string]
  /** A name it gives. */
  | readonly ['R', name: string, handle: number]
  /** A name it wants to know; answered once somebody has it. */
  | readonly ['Q', name: string]
  /** The answer to `V`. */
  | readonly ['V'];

/** A message of the master to a node. */
export type ToSlave =
  /** How many nodes will connect to it. */
  | readonly ['W', count: number]
  /** A node that has come: it is to be connected to. */
  | readonly ['C', id: number, address: string]
  /** A name and whose it is. */
  | readonly ['N', name: string, handle: number]
  /** A node that the master has lost. */
  | readonly ['D', id: number]
  /**
   * Whether it connects again to a node that comes back. The original has neither question nor answer, and passes over
   * letters that it does not know.
   */
  | readonly ['V'];

/** In place of a message whose letter means nothing here. */
export type Unknown = readonly [typeof UNKNOWN, letter: unknown];

/** Marks {@link Unknown}. */
export const UNKNOWN = '?';

/** Largest size of a message. */
const MAX_SIZE = 255;

/** @throws ERR_HARBOR_PROTOCOL when the message is longer than 255 bytes. */
export function encodeControl(message: ToMaster | ToSlave): Uint8Array {
  const body = packSeri(message);
  if (body.length > MAX_SIZE)
    throw harborError(
      'ERR_HARBOR_PROTOCOL',
      `too long for a message to or from the master: ${printable(message[1])}`,
    );
  const bytes = Buffer.allocUnsafe(1 + body.length);
  bytes[0] = body.length;
  bytes.set(body, 1);
  return bytes;
}

/** What each argument must be. */
type Check = (value: unknown) => boolean;

const isId: Check = (value) => isWhole(value) && value >= 1 && value <= 255;
const isHandle: Check = (value) => isWhole(value) && value >= 1 && value <= 0xffffffff;
const isCount: Check = (value) => isWhole(value) && value >= 0 && value <= 255;
const isText: Check = (value) => typeof value === 'string' && value !== '';
/** The id of a node that comes is judged by the master, which says why it refuses one. */
const isAnyId: Check = isWhole;

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

const TO_MASTER: Readonly<Record<string, readonly Check[]>> = {
  H: [isAnyId, isText],
  R: [isText, isHandle],
  Q: [isText],
  V: [],
};

const TO_SLAVE: Readonly<Record<string, readonly Check[]>> = {
  W: [isCount],
  C: [isId, isText],
  N: [isText, isHandle],
  D: [isId],
  V: [],
};

/** Reads the messages of one control connection. It holds at most one message of 255 bytes. */
class ControlReader {
  readonly #kinds: Readonly<Record<string, readonly Check[]>>;
  readonly #body = Buffer.alloc(MAX_SIZE);
  /** Size of the message under way, -1 between two. */
  #size = -1;
  #filled = 0;

  constructor(kinds: Readonly<Record<string, readonly Check[]>>) {
    this.#kinds = kinds;
  }

  /**
   * Takes a chunk; calls `take` for each message that it completes.
   * @throws ERR_HARBOR_PROTOCOL for arguments that are none, ERR_SERI_MALFORMED. What comes after that means nothing.
   */
  push(chunk: Uint8Array, take: (message: readonly unknown[]) => void): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#size < 0) {
        this.#size = chunk[at++] as number;
        this.#filled = 0;
      }
      const part = chunk.subarray(at, at + this.#size - this.#filled);
      this.#body.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#size) continue;
      const body = this.#body.subarray(0, this.#size);
      this.#size = -1;
      take(this.#read(body));
    }
  }

  #read(body: Uint8Array): readonly unknown[] {
    const message = unpackSeri(body);
    const [letter, ...args] = message;
    const checks =
      typeof letter === 'string' && Object.hasOwn(this.#kinds, letter) ? this.#kinds[letter] : undefined;
    // A later version may have more of them.
    if (checks === undefined) return [UNKNOWN, letter];
    if (args.length < checks.length || !checks.every((check, i) => check(args[i])))
      throw harborError('ERR_HARBOR_PROTOCOL', `Invalid message ${printable(message)}`);
    return message.slice(0, 1 + checks.length);
  }
}

/** How the chunks of a control connection are read; throws as {@link ControlReader.push}. */
export type ReadControl = (chunk: Uint8Array) => void;

/** Reads what nodes tell the master. */
export function createMasterReader(take: (message: ToMaster | Unknown) => void): ReadControl {
  const reader = new ControlReader(TO_MASTER);
  return (chunk) => reader.push(chunk, (message) => take(message as unknown as ToMaster | Unknown));
}

/** Reads what the master tells a node. */
export function createSlaveReader(take: (message: ToSlave | Unknown) => void): ReadControl {
  const reader = new ControlReader(TO_SLAVE);
  return (chunk) => reader.push(chunk, (message) => take(message as unknown as ToSlave | Unknown));
}
