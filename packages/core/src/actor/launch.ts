import type { Placement } from '../contracts/launch.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';
import type { MailboxLimit } from '../mailbox-limit.ts';

/** What is to be started: a name on the search path, or a definition. */
export interface LaunchRequest {
  readonly service: string | ServiceDefinition;
  /** Words, or values. */
  readonly args: readonly unknown[];
  readonly placement: Placement;
}

/** What a service is started with besides its code. */
export interface LaunchSettings {
  /** Words, or values. */
  readonly args: readonly unknown[];
  readonly mailbox?: MailboxLimit | undefined;
  /** Whether learning does not move it. */
  readonly pinned?: boolean;
}

/** Told once what became of a start: an error, or the handle, and what the service has started meanwhile, if anything. */
export type Started = (error: unknown, handle: Handle, withIt?: readonly Handle[]) => void;

/** Starts a service; `done` is told when its start function has returned. */
export type Launch = (request: LaunchRequest, done: Started) => void;
