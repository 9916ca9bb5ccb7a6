import type { Handle } from '../handle.ts';
import type { Message } from '../message.ts';
import type { EndReason } from './ending.ts';
import type { ServiceDefinition } from './skynet.ts';

/** Makes a node part of a network: `network` in the configuration, such as `harbor()` of `@skynet/harbor`. */
export interface Network {
  /** Id of the node, 1 to 255: the first byte of its handles. */
  readonly harbor: number;
  /** Whether this node keeps what the network has once: unique services are started here. */
  readonly isMaster: boolean;
  /** Largest body that a message to another node can have, in bytes. */
  readonly maxBody: number;
  /**
   * Whether bodies stay values, and errors stay errors, until {@link Remote} has them. Without it, the default, they are
   * packed as the original does before they are handed over.
   */
  readonly hasValues?: boolean;
  /**
   * Gives names of the whole network by one decision. With it there is no master: unique services of the network are started
   * where they are asked for first, under names that begin with `@`.
   */
  readonly names?: NetworkNames;
  /**
   * Joins the network, in the main thread and while the node boots: the launcher runs, the service manager does not yet.
   * Installs what takes messages, see {@link NetworkPlace.install}, as soon as it can.
   * @throws why the node cannot be part of it; it does not start then.
   */
  join(place: NetworkPlace): Promise<void>;
}

/** Names of a network that has no master. */
export interface NetworkNames {
  /**
   * Gives a name to a service of this node if `expected` has it; undefined: nobody, or a service of a node that is gone.
   * @returns who has it then: `handle`, or whoever kept it.
   * @throws when nothing can be decided now.
   */
  claim(name: string, handle: Handle, expected?: Handle): Promise<Handle>;
  /** Frees a name, if this service has it. */
  release(name: string, handle: Handle): Promise<void>;
  /** Resolves to whoever has a name, as soon as somebody has it. */
  owner(name: string): Promise<Handle>;
}

/** The node, as its network deals with it. All of it in the main thread. */
export interface NetworkPlace {
  /** Starts a service of the network's own. `kind` is the word in front of its name in the log, `snlua ` unless given. */
  start(definition: ServiceDefinition, name: string, args: readonly string[], kind?: string): Promise<Handle>;
  /** From now on messages to other nodes go there. */
  install(remote: Remote): void;
  /** Hands a message of another node to its receiver, in whichever thread that lives. False if it does not live. */
  deliver(to: Handle, message: Message): boolean;
  /** Milliseconds for which whoever has sent a request still waits: infinite without a limit, 0 or below when nobody does. */
  leftFor(message: Message): number;
  /** A request of another node that is waited for so many milliseconds more. */
  limited(message: Message, left: number): Message;
  /** Tells a service of this node, behind the request, that nobody waits for the answer any more. */
  cancelled(to: Handle, source: Handle, session: number): void;
  /** Thread of a service of this node, below 0 if it does not live. */
  threadOf(handle: Handle): number;
  /** A node is lost: calls to it fail in all threads, behind what came from there before. */
  lost(harbor: number): void;
  /** A service of another node that was watched is gone. */
  gone(handle: Handle, reason: EndReason): void;
  /** A global name belongs to this service from now on, whoever had it. */
  named(name: string, handle: Handle): void;
  /** A global name belongs to nobody any more, if this service had it. */
  unnamed(name: string, handle: Handle): void;
  /** A message that was sent to a name goes to this service now. */
  resolved(message: Message, handle: Handle): void;
}

/** What takes messages to other nodes, in the main thread. */
export interface Remote {
  /**
   * Sends to a service of another node; the body is bytes, none for an error, unless {@link Network.hasValues}. A call that
   * cannot reach its node is answered with ERR_NODE_LOST. False when a send goes nowhere.
   */
  deliver(to: Handle, message: Message): boolean;
  /** Sends to a global name that nobody has as far as this node knows, once it is known whose it is. */
  deliverToName(name: string, message: Message): void;
  /** Nobody waits any more for the answer to a request that was delivered: whoever works on it may be told. */
  cancel?(to: Handle, source: Handle, session: number): void;
  /** Whether the node of a service can be reached, or may yet be. */
  isReachable(handle: Handle): boolean;
  /** Tells of the end of a service once, through {@link NetworkPlace.gone}. */
  watch(handle: Handle): void;
  /** A service of this node, or of another, was given a global name here. */
  named(name: string, handle: Handle): void;
  /** A service of this node has given up a global name. */
  unnamed?(name: string): void;
  /** Somebody waits for a global name to be given. */
  wanted(name: string): void;
}
