// Bodies of requests, answers and pushes: CBOR (RFC 8949). Runs in a browser too, also in pages that forbid `eval`.
import { Encoder } from 'cbor-x/index-no-eval';

const codec = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
});

/** Bytes of the largest answer or push: what a frame of the message server holds. */
export const MAX_BODY = 65_530;
/** Bytes of the largest request. */
export const MAX_REQUEST = 65_531;
/** Name of the request that asks what requests there are; answered while developing only. */
export const DESCRIBE = '?';
/** Pushes of this name are the framework's: `kicked` and `closing`. */
export const SYSTEM = '';

/** Why a client's login is over: in a push of the framework, `["", "kicked", reason, text]`. */
export type KickReason =
  /** The user has logged in somewhere else. */
  | 'elsewhere'
  /** Somebody has thrown the player out: an operator, or the game. */
  | 'kicked'
  /** The player has logged out. */
  | 'logout'
  /** Far more requests than allowed. */
  | 'flood'
  /** No connection for too long. */
  | 'away'
  /** The player's service has failed. */
  | 'failed';

/** @throws what cbor-x throws for functions, symbols and values without an end. */
export function encodeRequest(name: string, input: unknown): Uint8Array {
  return codec.encode(input === undefined ? [name] : [name, input]);
}

/** `[value]`, or `[]` for nothing. */
export function encodeAnswer(value: unknown): Uint8Array {
  return codec.encode(value === undefined ? [] : [value]);
}

/** `[code, message]` or `[code, message, details]`: at least two, so it is no answer. */
export function encodeRefusal(code: string, message: string, details?: unknown): Uint8Array {
  return codec.encode(details === undefined ? [code, message] : [code, message, details]);
}

/** `[name, value]`, or `[name]` for nothing. */
export function encodePush(name: string, value: unknown): Uint8Array {
  return codec.encode(value === undefined ? [name] : [name, value]);
}

/** The login is over. */
export function encodeKick(reason: KickReason, text: string): Uint8Array {
  return codec.encode([SYSTEM, 'kicked', reason, text]);
}

/** The server closes, come back after so many milliseconds. */
export function encodeClosing(after: number, text: string): Uint8Array {
  return codec.encode([SYSTEM, 'closing', after, text]);
}

/** A body as a list; undefined if it is none. For bytes of strangers see `objection` first. */
export function decodeBody(bytes: Uint8Array): unknown[] | undefined {
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch {
    return undefined;
  }
  return Array.isArray(value) ? value : undefined;
}
