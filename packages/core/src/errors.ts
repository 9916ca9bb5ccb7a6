/**
 * Every failure the kernel reports carries one of these codes; callers branch on codes, never on classes or texts,
 * because an error that has crossed a thread or a node is rebuilt from data.
 */
export type KernelErrorCode =
  /** The address is neither a handle, nor `:hex`, nor `.name`, nor a global name. */
  | 'ERR_ADDRESS_INVALID'
  /** The address is well formed but nobody lives there (`call to invalid address`). */
  | 'ERR_NO_SERVICE'
  /** The service ended, or the thread it lived in was lost, before it answered (`call failed`). */
  | 'ERR_SERVICE_GONE'
  /** The node of the service is lost, or its network, before it answered. */
  | 'ERR_NODE_LOST'
  /** The mailbox of the service, or what waits for its thread, is full, and this request was refused or dropped. */
  | 'ERR_OVERLOADED'
  /** The other side's handler threw; `cause` holds what it threw. */
  | 'ERR_REMOTE'
  /** A command table has no such command. */
  | 'ERR_UNKNOWN_COMMAND'
  /** The service has no dispatcher for this message type. */
  | 'ERR_NO_DISPATCH'
  /** The answer was refused by `response(false)`. */
  | 'ERR_REFUSED'
  /** The deadline of the call passed. */
  | 'ERR_TIMEOUT'
  /** The call was given up through its AbortSignal or by `skynet.term`, or the task that worked on it was killed. */
  | 'ERR_ABORTED'
  /** The request was answered already, or is a send that has nobody to answer to. */
  | 'ERR_NO_SESSION'
  /** A value that cannot be sent; `details.path` says where. */
  | 'ERR_UNSERIALIZABLE'
  /** Malformed bytes of a packed message. */
  | 'ERR_SERI_MALFORMED'
  /** The protocol is unknown, or lacks the `pack` or `unpack` that the call needs. */
  | 'ERR_PROTOCOL'
  /** A protocol name or id is taken. */
  | 'ERR_PROTOCOL_EXISTS'
  /** The service module was not found on the search path. */
  | 'ERR_SERVICE_NOT_FOUND'
  /** The service module could not be loaded or has no service as default export. */
  | 'ERR_SERVICE_MODULE'
  /** A service's state cannot pass to its new code. */
  | 'ERR_HANDOVER'
  /** A service cannot move to another thread; `details.reason` says why in a word. */
  | 'ERR_MOVE'
  /** The service's start function threw. */
  | 'ERR_SERVICE_INIT'
  /** The service ended itself while it started. */
  | 'ERR_SERVICE_EXITED'
  /** A start argument that cannot be carried as one word of text. */
  | 'ERR_LAUNCH_ARGUMENT'
  /** A name that breaks the rules for names. */
  | 'ERR_NAME_INVALID'
  /** A name somebody else holds. */
  | 'ERR_NAME_TAKEN'
  /** Another task waits on this token already (`token duplicative`). */
  | 'ERR_TOKEN_IN_USE'
  /** `setenv` of an existing key. */
  | 'ERR_ENV_EXISTS'
  /** An environment key or value that breaks the rules. */
  | 'ERR_ENV_INVALID'
  /** A duration that is neither a number of hundredths of a second nor text such as `"250ms"`. */
  | 'ERR_DURATION_INVALID'
  /** Something that needs to know the running task was asked for after a plain `await` of a foreign promise; await it with `skynet.await`. */
  | 'ERR_OUTSIDE_TURN'
  /** An argument of the wrong kind. */
  | 'ERR_ARGUMENT'
  /** A configuration that cannot be used; the text names the key. */
  | 'ERR_CONFIG'
  /** A context was used after its service ended. */
  | 'ERR_SERVICE_ENDED'
  /** All 24-bit handle numbers are taken. */
  | 'ERR_HANDLES_EXHAUSTED'
  /** The node is stopping or has stopped. */
  | 'ERR_NODE_STOPPED'
  /** A frame above the limit of its header or of the reader. */
  | 'ERR_FRAME_TOO_LARGE'
  /** A port or path that cannot be listened on. */
  | 'ERR_LISTEN'
  /** A connection that could not be made. */
  | 'ERR_CONNECT'
  /** A connection the peer or the system broke. */
  | 'ERR_CONNECTION_RESET'
  /** A connection that is closed already. */
  | 'ERR_CONNECTION_CLOSED'
  /** Children of a supervisor have failed too often, and it has given up. */
  | 'ERR_RESTARTS'
  /** A library that a service has adopted failed; `cause` is its error, `details.code` its code. */
  | 'ERR_LIBRARY';

/** A code: one of the kernel's, or any other. Packages and applications have their own. */
export type ErrorCode = KernelErrorCode | (string & {});

/** What may accompany an error. */
export interface SkynetErrorOptions {
  /** What led to it. */
  cause?: unknown;
  /** Plain data for programs: everything a caller may want to branch on besides the code. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * An error with a code, which callers look at. The compiler lets nobody misspell one: `new SkynetError(code, text)` takes
 * the kernel's codes, and who has others says which, `new SkynetError<MyCode>(code, text)`.
 */
export class SkynetError<Code extends string = KernelErrorCode> extends Error {
  /** What callers branch on; `isSkynetError(error, code)` asks for it. */
  readonly code: ErrorCode;
  /** Plain data for programs, as the table of errors has them; undefined if there are none. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: NoInfer<Code>, message: string, options?: SkynetErrorOptions) {
    super(message, options !== undefined && 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options?.details;
  }

  override get name(): string {
    return 'SkynetError';
  }
}

/**
 * Whether `error` is an error of the framework, and, when a code is given, that one.
 * Works for errors that came from another thread, node or copy of this package.
 */
export function isSkynetError(error: unknown, code?: ErrorCode): error is SkynetError {
  try {
    if (!(error instanceof Error) || error.name !== 'SkynetError') return false;
    return code === undefined || (error as SkynetError).code === code;
  } catch {
    // It throws when it is looked at.
    return false;
  }
}
