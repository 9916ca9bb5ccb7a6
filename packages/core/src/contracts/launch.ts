/** Where a new service runs. */
export interface Placement {
  /**
   * `"same"` as its creator, `"spread"` over all threads, or a thread's number. Default `"same"`; where the configuration
   * says `placement: 'auto'`, near those that its kind talks to, as far as that is known.
   */
  thread?: 'same' | 'spread' | number;
  /**
   * Whether it stays in its thread where the configuration says `placement: 'auto'`: only {@link Skynet.move} and
   * {@link Skynet.drain} move it then. Default: true where `thread` is a number, else false.
   */
  pinned?: boolean;
  /** Bounds what waits before the service, in the place of what its definition says. Default: the definition's. */
  mailbox?: MailboxOptions;
}

/** A service to be started by its name, and where. */
export interface PlacedService extends Placement {
  /** Name on the search path. */
  name: string;
}

/**
 * A bound for the messages that wait in a service's mailbox. Answers, errors, messages of the system and of the debug
 * protocol, timers and events of drivers do not count and always get in.
 */
export interface MailboxOptions {
  /** Most messages that wait, at least 1. */
  limit: number;
  /**
   * What happens to the one that is too many: `"reject"` refuses it (a send from the same thread gives undefined),
   * `"drop-newest"` drops it, `"drop-oldest"` drops the one that has waited for longest and takes it. Callers of a request
   * that is refused or dropped get ERR_OVERLOADED, whichever it is. Default `"reject"`.
   */
  policy?: 'reject' | 'drop-oldest' | 'drop-newest';
}

/** What a service can be started with as in the book: one word of text each. */
export type LaunchArgument = string | number;

/** What a service can be started with where the compiler does not know which: words, or values. */
export type LaunchValue = string | number | boolean | bigint | object | null | undefined;
