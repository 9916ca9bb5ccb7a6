import type { FailureStatus } from './status.ts';

/** Why a client is turned away, for the log; never holds anything secret. */
export class Refusal extends Error {
  /** What the client is told; undefined: nothing. */
  readonly status: FailureStatus | undefined;
  /** Whether it counts against the client's address. */
  readonly counts: boolean;

  constructor(reason: string, status: FailureStatus | undefined, counts: boolean) {
    super(reason);
    this.status = status;
    this.counts = counts;
  }
}
