import type { Duration } from '../duration.ts';
import type { Handle } from '../handle.ts';

/** What {@link Skynet.reload} may be told. */
export interface ReloadOptions {
  /** Name of the service whose code it gets. Default: the one it has, loaded anew. */
  readonly module?: string;
  /** How long requests that run may take to end in the old code before its state is taken. Default `"5s"`. */
  readonly patience?: Duration;
}

/** What {@link Skynet.move} is told. */
export interface MoveOptions {
  /** Number of the thread where the service is to go on. */
  readonly thread: number;
  /** How long requests and other tasks that run may take to end. Default `"5s"`. */
  readonly patience?: Duration;
}

/** What {@link Skynet.drain} may be told. */
export interface DrainOptions {
  /** The same for each service. Default `"5s"`. */
  readonly patience?: Duration;
}

/** What became of the services of a thread that was drained. */
export interface DrainReport {
  /** Those that have moved, each with the thread that has it now. */
  readonly moved: readonly { readonly handle: Handle; readonly title: string; readonly thread: number }[];
  /** Those that are still there: the code and the text of the error, and `reason` of its details. */
  readonly stayed: readonly {
    readonly handle: Handle;
    readonly title: string;
    readonly code: string;
    readonly reason: string;
    readonly text: string;
  }[];
}
