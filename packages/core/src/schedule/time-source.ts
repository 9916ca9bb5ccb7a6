/** Where a node's time comes from. */
export interface TimeSource {
  /** Moment of the wall clock, in milliseconds, at which {@link now} was 0. */
  readonly zero: number;
  /** Milliseconds; they only grow. */
  now(): number;
  /** Calls once after so many milliseconds. Returns a function that prevents it. */
  after(milliseconds: number, call: () => void): () => void;
}

/** The host's time. */
export const HOST_TIME: TimeSource = {
  zero: performance.timeOrigin,
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
