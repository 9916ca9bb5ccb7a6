import type { FailureStatus } from './status.ts';

/** Why a client is turned away, for the log; never holds anything secret. */
export class Refusal extends Error {
  /** What the client is told; undefined: nothing. */
  readonly status: FailureStatus | undefined;
  /** Whether it counts against the client's address. */
  readonly counts: boolean;
  /** Whether the slave has to seal the status line. */
  readonly sealed: boolean;
  /** Where a handler threw, as further lines. */
  readonly trace: string;

  constructor(
    reason: string,
    status: FailureStatus | undefined,
    counts: boolean,
    { sealed = false, trace = '' }: { readonly sealed?: boolean; readonly trace?: string } = {},
  ) {
    super(reason);
    this.sealed = sealed;
    this.trace = trace;
    this.status = status;
    this.counts = counts;
  }
}
