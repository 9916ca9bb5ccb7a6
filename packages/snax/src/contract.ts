import type { Handle, Placement, Request, Skynet } from '@skynet/core';
import type { ClusterPort } from './ports.ts';

/** A function of a service. As a `function` it has the request as `this`, whose `ret` answers with several values. */
export type SnaxMethod = (this: Request, ...args: never[]) => unknown;

/** Functions of a service by their names. */
export type SnaxMethods = Readonly<Record<string, SnaxMethod>>;

/** What a snax service is made of; what `defineSnax` gets from its setup function. */
export interface SnaxTable {
  /** One-way: called by `obj.post.name(…)`, nobody gets what they return. */
  readonly accept?: SnaxMethods;
  /** Answered: called by `obj.req.name(…)`. */
  readonly response?: SnaxMethods;
  /** Called first, with the arguments of the start. What it throws ends the service. */
  readonly init?: (...args: never[]) => unknown;
  /** Called last, with the arguments of `kill` or `exit`. */
  readonly exit?: (...args: never[]) => unknown;
  /**
   * Accessors of the locals that patches may join: `{ get i() { return i; }, set i(value) { i = value; } }`. Where Node loads
   * the script, the loader finds them by itself; given here they are known to the compiler, too.
   */
  readonly locals?: object;
  /** What passes to new code, or to another thread. Default: all variables of the setup function that are data. */
  readonly handover?: { take(): unknown; give(state: never): unknown };
}

/** A script of a snax service: the default export of its module. */
export interface SnaxDefinition<Table extends SnaxTable = SnaxTable> {
  readonly kind: 'skynet.snax';
  readonly setup: (skynet: Skynet, snax: SnaxInside) => Table | Promise<Table>;
  /** Names of all methods in the order of their numbers, where that was given. */
  readonly order: readonly string[] | undefined;
}

/** The functions of a script, from its type: `typeof import('./simplesnax.ts').default`, or of the whole module. */
export type TableOf<Script> =
  Script extends SnaxDefinition<infer Table>
    ? Table
    : Script extends { readonly default: SnaxDefinition<infer Table> }
      ? Table
      : never;

type Arguments<Method> = Method extends (...args: infer Args) => unknown ? Args : never;
type Result<Method> = Method extends (...args: never[]) => infer Returned ? Awaited<Returned> : never;
type Methods<Table, Group extends 'accept' | 'response'> = [Table] extends [never]
  ? Record<string, (...args: unknown[]) => unknown>
  : Table extends { readonly [Name in Group]: infer Given }
    ? Given
    : Record<never, never>;

/** What one works with a service by (book §12.1); made by `newService`, `uniqueService`, `queryService`, `bind` … */
export interface SnaxObject<Script = never> {
  /** Its `accept` functions: called without waiting, nothing comes back. An unknown name throws ERR_SNAX_METHOD. */
  readonly post: {
    readonly [Name in keyof Methods<TableOf<Script>, 'accept'>]: (
      ...args: Arguments<Methods<TableOf<Script>, 'accept'>[Name]>
    ) => void;
  };
  /** Its `response` functions; resolve to what they return. An unknown name throws ERR_SNAX_METHOD. */
  readonly req: {
    readonly [Name in keyof Methods<TableOf<Script>, 'response'>]: (
      ...args: Arguments<Methods<TableOf<Script>, 'response'>[Name]>
    ) => Promise<Result<Methods<TableOf<Script>, 'response'>[Name]>>;
  };
  /** The service's handle. */
  readonly handle: Handle;
  /** Name of its script. */
  readonly type: string;
  /** `[simplesnax:100000b]`. */
  toString(): string;
}

/** Any such object. */
export interface AnySnaxObject {
  readonly handle: Handle;
  /** Name of its script. */
  readonly type: string;
}

/** Numbers of the methods of a script. */
export interface SnaxInterface {
  /** Of functions that answer nothing, by name. */
  readonly accept: Readonly<Record<string, number>>;
  /** Of functions that answer, by name. */
  readonly response: Readonly<Record<string, number>>;
  /** Of `init`, `exit` and `hotfix`. */
  readonly system: Readonly<Record<string, number>>;
}

/** Which script, and in which thread its service is to run. */
export type SnaxPlace = { readonly name: string } & Placement;

/** A patch: its text, or where its module is, from the folder of the configuration. */
export type PatchSource = string | { readonly file: string } | { readonly text: string };

/** One version of the functions of a service. */
export interface PatchVersion {
  /** 0 is the file's code. */
  readonly n: number;
  /** SHA-1 of the source, its first ten digits. */
  readonly hash: string;
  /** When it came into force, as `Date.now()`. */
  readonly time: number;
  /** Where it is from: `file`, `text`, or the path of a module. */
  readonly origin: string;
  /** Who asked for it, such as `:0100000a`. */
  readonly by: string;
  /** Functions it replaced: `accept.hello`. */
  readonly functions: readonly string[];
  /** Whether it is the one in force. */
  readonly current: boolean;
}

/** Another node: its harbor id in the network, or its name in a cluster. */
export type NodeName = number | string;

/** How a patch reaches all instances of a script. */
export interface RolloutOptions {
  /** Arguments of the patch's `hotfix` function. */
  readonly args?: readonly unknown[];
  /**
   * Patches one instance first. After `watch` hundredths of a second (or text such as `"5s"`, default `"5s"`), or when
   * {@link Snax.decide} says so, which alone counts with `"told"`, the others follow, unless that one has failed in a larger
   * share of its requests than before by more than `tolerance` (default 0).
   */
  readonly canary?: { readonly watch?: number | string; readonly tolerance?: number };
  /**
   * Other nodes whose instances get it, too, node by node, behind those of this one: harbor ids, or names of a `cluster`.
   * Where one refuses, all go back. A patch that is a file must be there as the same file. Default: none.
   */
  readonly nodes?: readonly NodeName[];
  /** Reaches nodes by their names: `createCluster(skynet)` of `@skynet/harbor/cluster`. */
  readonly cluster?: ClusterPort;
  /** Copies the registered locals before, and puts them back when `hotfix` throws. Default false. */
  readonly snapshot?: boolean;
}

/** What became of a rollout. */
export interface Rollout {
  /** Handles of the instances that have it, in the order in which they got it. */
  readonly instances: readonly Handle[];
  /** What `hotfix` returned in each. */
  readonly results: readonly unknown[];
}

/** Count of calls, and seconds, by method. */
export type SnaxProfile = Record<string, { count: number; time: number }>;

/** The snax API of one service (book §12.1). */
export interface Snax {
  /** Starts a service and waits for its `init`; arguments may be any values that can be sent. */
  newService<Script = never>(script: string | SnaxPlace, ...args: unknown[]): Promise<SnaxObject<Script>>;
  /** As {@link newService}, without an object: resolves to the handle. */
  rawNewService(script: string | SnaxPlace, ...args: unknown[]): Promise<Handle>;
  /** The service of that script that the node has once; started by whoever asks first. */
  uniqueService<Script = never>(script: string, ...args: unknown[]): Promise<SnaxObject<Script>>;
  /** The one that the network has once. */
  globalService<Script = never>(script: string, ...args: unknown[]): Promise<SnaxObject<Script>>;
  /** The node's one, waiting until somebody starts it. */
  queryService<Script = never>(script: string): Promise<SnaxObject<Script>>;
  /** The network's one, waiting until somebody starts it. */
  queryGlobal<Script = never>(script: string): Promise<SnaxObject<Script>>;
  /**
   * An object for a handle; the same one for the same handle and script.
   * @throws ERR_SNAX_TYPE when the handle is known under another script.
   */
  bind<Script = never>(handle: Handle, script: string): Promise<SnaxObject<Script>>;
  /** The object of the service this is called in. @throws ERR_SNAX_TYPE in a service that is no snax service. */
  self<Script = never>(): SnaxObject<Script>;
  /** Ends a service: its `exit` gets the arguments and is waited for. */
  kill(object: AnySnaxObject, ...args: unknown[]): Promise<void>;
  /** Ends the service this is called in, as `kill(self(), …)`. */
  exit(...args: unknown[]): Promise<void>;
  /** Numbers of the methods of a script. */
  interface(script: string): Promise<SnaxInterface>;
  /** All values of an answer, where a response gives several by `this.ret(…)`. */
  request(object: AnySnaxObject, method: string, ...args: unknown[]): Promise<unknown[]>;
  /** How often each method of a service was called, and how long it ran. */
  profileInfo(object: AnySnaxObject): Promise<SnaxProfile>;
  /** A log line, in the format of `util.format`. */
  printf(format: string, ...values: unknown[]): void;
  /**
   * Replaces functions of a running service, or of all services of a script by its name (book §12.5): whole or not at
   * all. Resolves to what the patch's `hotfix` returned; of a script, a list with one for each instance.
   * @throws ERR_PATCH_SYNTAX, ERR_PATCH_MISMATCH, ERR_PATCH_LOCAL, ERR_PATCH_LOAD, ERR_PATCH_HOTFIX, ERR_PATCH_ROLLOUT.
   */
  hotfix<Result = unknown>(
    target: AnySnaxObject | string,
    source: PatchSource,
    ...args: unknown[]
  ): Promise<Result>;
  /** As {@link hotfix} for all instances of a script, one after another, also for those that start later. */
  rollout(script: string, source: PatchSource, options?: RolloutOptions): Promise<Rollout>;
  /**
   * Says how a canary of a script goes on that is being watched: `go`, to the other instances, or `back`.
   * @throws ERR_PATCH_ROLLOUT when none is watched, ERR_ARGUMENT.
   */
  decide(script: string, word: 'go' | 'back'): Promise<void>;
  /** Canaries that are being watched in this node, by script. */
  canaries(): Promise<Record<string, { canary: string; origin: string }>>;
  /** Versions of a service, oldest first. */
  versions(object: AnySnaxObject): Promise<PatchVersion[]>;
  /** Puts a version in force again, of a service or of all of a script; the one before the current by default. State stays. */
  rollback(target: AnySnaxObject | string, version?: number): Promise<void>;
}

/** What a snax service has besides. */
export interface SnaxInside extends Snax {
  /** The original's global variables of a script: what patches reach without declaring it. */
  readonly globals: Record<string, unknown>;
  /** Registers locals for patches, as the key `locals` of the table does. Returns what it was given. */
  locals<Locals extends object>(locals: Locals): Locals;
  /** Lets other nodes call this service through the cluster: its requests are taken as `lua` messages, too. */
  enableCluster(): void;
}
