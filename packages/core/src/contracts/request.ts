import type { Handle } from '../handle.ts';
import type { Body } from '../message.ts';

/**
 * The request a handler works on. Answer it by what the handler returns, or with {@link ret}, or later through
 * {@link response}; an error thrown by the handler is the caller's error.
 */
export interface Request {
  /** Message type number. */
  readonly type: number;
  /** The caller's session, 0 for a send that wants no answer. */
  readonly session: number;
  /** Who asks; answers go there. */
  readonly source: Handle;
  /** The body as it came. */
  readonly body: Body;
  /**
   * Answers with values, packed the way of the request's protocol (`skynet.ret` and `skynet.retpack`, book §7.5).
   * @returns true if the answer left, false if nobody waits for it.
   * @throws ERR_NO_SESSION when the request was answered already.
   */
  ret(...values: unknown[]): boolean;
  /** Answers with a body that is packed already. As {@link ret} otherwise. */
  rawRet(body: Body): boolean;
  /** Makes the caller fail with this error. As {@link ret} otherwise. */
  fail(error: unknown): boolean;
  /**
   * Detaches the answer: it can be given later, from any task, once (`skynet.response`, book §7.8).
   * @throws ERR_NO_SESSION when the request was answered already.
   */
  response(): Response;
  /** Declares that this request is not answered; a caller then waits until its own deadline (`skynet.ignoreret`). */
  noReply(): void;
}

/** An answer to be given later. */
export interface Response {
  /**
   * `true` and values answer, `false` (and perhaps an error) makes the caller fail. Either returns whether the
   * caller was still there. `"TEST"` asks just that.
   * @throws ERR_NO_SESSION (`Can't response more than once`) on a second answer.
   */
  (ok: true, ...values: unknown[]): boolean;
  (ok: false, error?: unknown): boolean;
  (ok: 'TEST'): boolean;
}

/** Handles every message of a type: the request, then the unpacked values. */
export type Dispatcher = (request: Request, ...values: never[]) => unknown;

/** A function of any parameters. Written as a method, of which the compiler does not ask that it takes whatever is given. */
type Command = { run(this: Request, ...args: unknown[]): unknown }['run'];

/** Named commands: the first value of a message picks one, the rest are its arguments; `this` is the request. */
export type CommandTable = { [name: string]: Command };

/** A message as {@link Skynet.filter} sees it. */
export interface FilteredMessage {
  /** Number of its type; see `PTYPE`. */
  type: number;
  /** Session of the sender, 0 if it waits for no answer. */
  session: number;
  source: Handle;
  /** Bytes, or values; `skynet.unpack` reads both. */
  body: Body;
}
