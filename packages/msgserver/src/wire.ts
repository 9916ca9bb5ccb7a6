// What goes over the wire between a message server and its clients. Runs in a browser too.
import { base64encode, hmacHash } from '@skynet/core/crypt';

/** What a server answers to a handshake (book §15.3). */
export const STATUS = {
  ok: '200 OK',
  badRequest: '400 Bad Request',
  unauthorized: '401 Unauthorized',
  expired: '403 Index Expired',
  notFound: '404 User Not Found',
} as const;

/** One of the texts a server answers a handshake with, but for what the extension adds to `200 OK`. */
export type HandshakeStatus = (typeof STATUS)[keyof typeof STATUS];

/** Bytes of the session behind a request's content. */
export const SESSION_SIZE = 4;
/** Bytes of result and session behind an answer's content. */
export const ANSWER_TAIL = 5;
/** Largest content of an answer or push, so that its frame has a length of 2 bytes. */
export const MAX_CONTENT: number = 0xffff - ANSWER_TAIL;
/** Result byte of an answer: the request failed, it succeeded, or this is a push. */
export const RESULT = { failed: 0, ok: 1, push: 2 } as const;
/** With the extension this session stands for an acknowledgement and no request may have it. */
export const ACK_SESSION = 0xffff_ffff;
/** Name and version of the extension in the fourth field of a handshake and behind `200 OK`. */
export const PUSH_EXTENSION = 'push/1';

const encoder = new TextEncoder();

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x100_0000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  );
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Bytes of content: text as UTF-8, a number as decimal text, nothing as nothing. */
export function contentBytes(content: string | number | bigint | Uint8Array | null | undefined): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return encoder.encode(content === undefined || content === null ? '' : String(content));
}

// --- handshake

/** The parts of a handshake as a client wrote them. */
export interface Handshake {
  readonly username: string;
  readonly index: string;
  readonly hmac: string;
  /** What stands behind a third colon, '' if there is none. */
  readonly extension: string;
}

/**
 * The first packet of a connection. `index` has to be larger than in all handshakes before, `received` turns the
 * extension on: the number of the last push that has come, 0 for none yet.
 */
export function handshakeText(
  username: string,
  index: number | bigint,
  secret: Uint8Array,
  received?: number,
): string {
  const text = `${username}:${index}`;
  const line = `${text}:${base64encode(hmacHash(secret, text))}`;
  return received === undefined ? line : `${line}:${PUSH_EXTENSION}/${received}`;
}

/** Takes a handshake apart, undefined if it has no two colons. */
export function parseHandshake(text: string): Handshake | undefined {
  const [username, index, hmac, ...more] = text.split(':');
  if (username === undefined || index === undefined || hmac === undefined) return undefined;
  return { username, index, hmac, extension: more.join(':') };
}

/** The number in an extension field or behind a status, undefined if it is none of ours. */
export function pushNumber(text: string): number | undefined {
  const match = /^push\/1\/(\d{1,10})$/.exec(text);
  const number = Number(match?.[1] ?? Number.NaN);
  return number <= 0xffff_ffff ? number : undefined;
}

/** What a status text says. */
export interface ParsedStatus {
  /** 200, 400, …; 0 if it is no status. */
  readonly code: number;
  /** With the extension: the number of the next push to come. */
  readonly firstPush: number | undefined;
}

/** Takes the answer to a handshake apart. */
export function parseStatus(text: string): ParsedStatus {
  const code = Number(/^\d{3}(?= |$)/.exec(text)?.[0] ?? 0);
  return {
    code,
    firstPush: text.startsWith(`${STATUS.ok} `) ? pushNumber(text.slice(STATUS.ok.length + 1)) : undefined,
  };
}

// --- requests, answers, pushes: payloads of frames, without the length in front

/** The payload of a request. */
export function encodeRequest(content: string | Uint8Array, session: number): Uint8Array {
  const bytes = contentBytes(content);
  const payload = new Uint8Array(bytes.length + SESSION_SIZE);
  payload.set(bytes);
  writeU32(payload, bytes.length, session);
  return payload;
}

/** Session of a request; the payload has at least 4 bytes. */
export function sessionOf(payload: Uint8Array): number {
  return readU32(payload, payload.length - SESSION_SIZE);
}

/** An answer or a push. */
export interface AnswerFrame {
  /** A view of the frame. */
  readonly content: Uint8Array;
  /** One of {@link RESULT}, or whatever the server sent. */
  readonly result: number;
  /** Session of the request, or sequence number of the push. */
  readonly session: number;
}

/** Takes an answer or a push apart, undefined if it is too short. */
export function decodeAnswer(payload: Uint8Array): AnswerFrame | undefined {
  const end = payload.length - ANSWER_TAIL;
  if (end < 0) return undefined;
  return {
    content: payload.subarray(0, end),
    result: payload[end] as number,
    session: readU32(payload, end + 1),
  };
}

/** The payload that acknowledges all pushes up to a number. */
export function encodeAck(sequence: number): Uint8Array {
  const payload = new Uint8Array(4 + SESSION_SIZE);
  writeU32(payload, 0, sequence);
  writeU32(payload, 4, ACK_SESSION);
  return payload;
}

/** The number in the content of an acknowledgement, undefined if it is none. */
export function decodeAck(content: Uint8Array): number | undefined {
  return content.length === 4 ? readU32(content, 0) : undefined;
}
