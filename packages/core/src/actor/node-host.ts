import type { ThreadKernel } from '../contracts/kernel.ts';
import type { Placement, ServiceDefinition } from '../contracts/skynet.ts';
import type { Environment } from '../env.ts';
import type { Handle } from '../handle.ts';
import type { Message } from '../message.ts';
import type { NameTable } from '../route/name-table.ts';
import type { Transports } from '../transport/contract.ts';
import type { Host } from './host.ts';
import type { Service } from './service.ts';

/** What is to be started: a name on the search path, or a definition. */
export interface LaunchRequest {
  readonly service: string | ServiceDefinition;
  readonly args: readonly string[];
  readonly placement: Placement;
}

/** Told once what became of a start: an error, or the handle, and what the service has started meanwhile, if anything. */
export type Started = (error: unknown, handle: Handle, withIt?: readonly Handle[]) => void;

/** What lives in a node. */
export interface NodeList {
  /** Handle and title of every service, lowest handle first. */
  readonly services: readonly (readonly [Handle, string])[];
  /** Threads that did not answer. */
  readonly silent: readonly number[];
}

/** What the context of a service asks of its node, beyond what the service itself does. */
export interface NodeHost extends Host {
  readonly harbor: number;
  readonly names: NameTable;
  readonly environment: Environment;
  readonly transports: Transports;
  readonly threadKernel: ThreadKernel;
  /** Milliseconds that calls wait by default, 0 for ever. */
  readonly callTimeout: number;
  /** Wall clock at the start: seconds, and the hundredths that `now` begins with. */
  readonly startTime: number;
  readonly startFraction: number;
  /** Starts a service; resolves to its handle when its start function has returned. */
  launch(request: LaunchRequest): Promise<Handle>;
  /** As {@link launch} for callers that count every promise. */
  launchThen(request: LaunchRequest, done: Started): void;
  /** A request of `source` has gone on from one service to another, which answers it. */
  redirected(source: Handle, session: number, from: Handle, to: Handle): void;
  /** Ends a service in the name of another. */
  kill(handle: Handle, by: Handle): void;
  /** Ends several, those that live. */
  killAll(handles: readonly Handle[], by: Handle): void;
  /** Services that live in this thread. */
  services(): Service[];
  /** What lives in all threads. One that does not answer within a second is named instead. */
  listAll(): Promise<NodeList>;
  find(handle: Handle): Service | undefined;
  /** Makes a service the one that is told of every end, in all threads. */
  setMonitor(handle: Handle): void;
  /** Gives an alias. Returns whether it was free. */
  giveName(name: string, handle: Handle): boolean;
  /** Somebody waits for a global name: other nodes may have it. */
  wantName(name: string): void;
  /**
   * Sends to a global name that nobody here is known to have, if there is a network: the handle that stands for its owner.
   * @throws ERR_UNSERIALIZABLE, ERR_FRAME_TOO_LARGE.
   */
  deliverToName(name: string, message: Message): Handle | undefined;
  /** Lets later starts see changed files. */
  clearCache(): void;
  /** Ends the node. */
  stop(): Promise<void>;
}
