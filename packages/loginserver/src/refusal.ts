import type { FailureStatus } from './status.ts';

/** Why a client is turned away, for the log; never holds anything secret. */
export class Refusal extends Error {
  /** What the client is told; undefined: nothing. */
  readonly status: FailureStatus | undefined;
  /** Whether it counts against the client's address. */
  readonly counts: boolean;
  /** Whether the slave has to seal the status line. */
  readonly sealed: boolean;

  constructor(reason: string, status: FailureStatus | undefined, counts: boolean, sealed = false) {
    super(reason);
    this.sealed = sealed;
    this.status = status;
    this.counts = counts;
  }
}
