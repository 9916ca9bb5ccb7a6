import type { Environment } from '../env.ts';
import type { Handle } from '../handle.ts';
import type { NameTable } from '../route/name-table.ts';
import type { Launch } from './launch.ts';
import type { KernelHost } from './service-kernel.ts';

/** What the context of a service asks of the thread, beyond what the service itself does. */
export interface ContextHost extends KernelHost {
  readonly names: NameTable;
  readonly environment: Environment;
  readonly starter: { readonly launchThen: Launch };
  /** Is told of requests that have gone on from one service to another. */
  readonly redirections: { add(source: Handle, session: number, from: Handle, to: Handle): void };
  /** Milliseconds that calls wait by default, 0 for ever. */
  readonly callTimeout: number;
  /** Wall clock at the start: seconds, and the hundredths that `now` begins with. */
  readonly startTime: number;
  readonly startFraction: number;
  /** Milliseconds since the node started. */
  clock(): number;
  /** Moments of deadlines; see `Host`. */
  deadlineAfter(milliseconds: number): number;
  leftUntil(deadline: number): number;
  log(source: Handle, text: string): void;
  /** Gives an alias. Returns whether it was free. */
  giveName(name: string, handle: Handle): boolean;
  /** Takes a name from whoever has it, also for the other nodes. Whether anybody had it. */
  giveUpName(name: string): boolean;
  /** Makes a service the one that is told of every end, in all threads. */
  setMonitor(handle: Handle): void;
  /** Ends the node. */
  stop(): Promise<void>;
}
