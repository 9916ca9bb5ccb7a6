import type { Duration } from '../duration.ts';
import type { SkynetError } from '../errors.ts';
import type { Address, Handle } from '../handle.ts';
import type { ProtocolName } from '../protocol.ts';
import type { Sendable } from './sendable.ts';

/** Where a call goes, with what limits it. */
export interface CallTarget {
  /** The service. */
  to: Address;
  /**
   * How long to wait for the answer; `0` waits for ever, whatever else limits it; below 0 no time is left. Default: the
   * node's `callTimeout`.
   */
  timeout?: Duration | undefined;
  /** Gives the call up when aborted. */
  signal?: AbortSignal;
  /**
   * Whether a call that is made while a request is worked on ends with that: when its caller's deadline passes, or its
   * signal is aborted. Default true.
   */
  inherit?: boolean;
}

/** A handle that remembers, for the compiler only, which commands the service understands. */
export type ServiceHandle<Commands = unknown> = Handle & { readonly __commands?: Commands };

type SendableArgs<Args extends unknown[]> = { [Place in keyof Args]: Sendable<Args[Place]> };

/** Calls a service by its commands: every method sends one and resolves to the answer. */
export type Proxy<Commands> = {
  readonly [Name in keyof Commands as Commands[Name] extends (...args: never[]) => unknown
    ? Name
    : never]: Commands[Name] extends (this: never, ...args: infer Args) => infer Result
    ? (...args: SendableArgs<Args>) => Promise<Awaited<Result>>
    : never;
};

/** Sends to a service by its commands: every method sends one and waits for nothing. */
export type Sender<Commands> = {
  readonly [Name in keyof Commands as Commands[Name] extends (...args: never[]) => unknown
    ? Name
    : never]: Commands[Name] extends (this: never, ...args: infer Args) => unknown
    ? (...args: SendableArgs<Args>) => void
    : never;
};

/** Several calls at once (`skynet.request`). Iterate to get `[request, values or error]` in the order of completion. */
export interface CallGroup extends AsyncIterable<CallOutcome> {
  /**
   * Adds a call, to be made when the iteration begins; returns the number that its outcome carries.
   * @throws ERR_PROTOCOL, ERR_UNSERIALIZABLE.
   */
  add(target: Address | CallTarget, type: ProtocolName, ...values: unknown[]): number;
  /** Whether the time limit ended the iteration. */
  readonly timedOut: boolean;
}

/** How one call of a {@link CallGroup} ended. */
export type CallOutcome =
  | { readonly request: number; readonly ok: true; readonly values: readonly unknown[] }
  | { readonly request: number; readonly ok: false; readonly error: SkynetError };
