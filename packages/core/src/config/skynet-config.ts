import type { PlacementMode } from '../contracts/placement.ts';
import type { Network } from '../contracts/remote.ts';
import type { Duration } from '../duration.ts';
import type { LogWords } from '../log/plain-words.ts';
import type { Transport } from '../transport/contract.ts';

/**
 * Configuration of a node. Keys that the book knows mean the same here. Keys of your own become environment values: the
 * type of them goes to {@link defineConfig}.
 */
export interface SkynetConfig {
  /** Threads, 1 to 64. Default 1. */
  thread?: number;
  /**
   * Heap of each further thread in megabytes, 32 to 65536: one that needs more ends alone. Buffers do not count, nor do
   * messages that wait in them. Default: what Node gives.
   */
  threadHeap?: number;
  /**
   * Most messages that wait in one thread for another one that does not take them: more requests fail with ERR_OVERLOADED,
   * more sends are dropped; the log tells of it. Answers and what threads tell each other always wait. Default: no limit.
   */
  threadBacklog?: number;
  /**
   * Where services start that nobody has given a thread: `"same"`, beside their creator, or `"auto"`: the node learns who
   * talks with whom, starts services near those that their kind talks to, and moves those that hand over (`handover`) to the
   * thread they talk to, as far as the load of the threads allows. Default `"same"`.
   */
  placement?: PlacementMode;
  /** Id of the node, 1 to 255; 0, the default, for a node on its own. It is the first byte of every handle. */
  harbor?: number;
  /** Where this node listens for other nodes, `"ip:port"`. */
  address?: string;
  /** Where the master of the network listens, `"ip:port"`. */
  master?: string;
  /** Makes this node the master: where it listens, `"ip:port"`. */
  standalone?: string;
  /**
   * The network that this node is part of, such as `harbor({ id: 1, … })` of `@skynet/harbor`. With `master` or
   * `standalone` the node joins the original's network without it.
   */
  network?: Network;
  /** File with the nodes of a cluster, `db = "ip:port"`; read by `@skynet/harbor/cluster`. */
  cluster?: string;
  /** Name of the first service of yours. Default `main`. */
  start?: string;
  /** Start arguments of it. */
  startArgs?: readonly string[];
  /** Where services are found: paths with `?` for the name, from the folder of the configuration. Default `./services/?`. */
  services?: readonly string[];
  /** Where the scripts of `@skynet/snax` are found, as `services`, which is the default. */
  snax?: readonly string[];
  /**
   * Module that is run in every service before its own start function: its default export is called with the context,
   * and waited for. A path from the folder of the configuration; the ending may be left out.
   */
  preload?: string;
  /** Log file, from the folder of the configuration; without it the log goes to standard output. */
  logger?: string;
  /** Name of a service that takes the log in place of the built-in one. */
  logService?: string;
  /** Folder for message dumps, heap snapshots and CPU profiles of the debug console. Default: the working directory. */
  logPath?: string;
  /** Makes the command `skynet` run in the background and write its process id to this file. Needs a log file. */
  daemon?: string;
  /** Whether `stat` tells how long each service has run. Costs two looks at the clock for each message. Default false. */
  profile?: boolean;
  /** How long a call waits for its answer; 0, the default, for ever. */
  callTimeout?: Duration;
  /** How long exit hooks may take when the node stops. Default `"5s"`. */
  shutdownTimeout?: Duration;
  /** Factor on all sleeps and timeouts, for tests and demonstrations. Default 1. */
  timeScale?: number;
  /** Ways to connect and listen besides tcp, unix, tls and memory. */
  transports?: readonly Transport[];
  /** Reports services that hold their thread for longer than this, while they do. Default `"5s"`. */
  endlessAfter?: Duration;
  /**
   * Ends the thread of a service that holds it for longer than this: its services are gone, and it is started again.
   * Thread 0 cannot be started again: where it is held, the command `skynet` ends the node. 0, the default, never.
   */
  endEndlessAfter?: Duration;
  /**
   * Whether a thread of its own watches for that, and sees to it that SIGTERM and SIGINT end the command `skynet`
   * whatever services do. Default true.
   */
  watchdog?: boolean;
  /**
   * Reloads services whose files change, or those of modules that they import, as `skynet --watch` does: for developing.
   * Default false.
   */
  watch?: boolean;
  /**
   * Words for what the node says of its services in the log: those of the original (`LAUNCH snlua agent`, `KILL self`), or
   * plain ones (`started agent`, `ended`). Default `"skynet"`.
   */
  logWords?: LogWords;
  /** Asked for as `token <text>` by debug consoles before anything else. Without it they take commands from anybody who reaches their port. */
  consoleToken?: string;
}

/** What keys of your own may have: services read it as text with `getenv`. */
type ConfigValue = string | number | boolean | readonly string[] | undefined;

/** Types of keys of your own. */
export type OwnKeys<Own> = { readonly [Key in keyof Own]: ConfigValue };

/**
 * The default export of `skynet.config.ts`; checks nothing when it runs, completes in the editor. The compiler refuses
 * keys that it does not know, so it is told of those that are your own: `defineConfig<{ gatePort: number }>({ … })`.
 */
export function defineConfig<Own extends OwnKeys<Own> = object>(
  config: SkynetConfig & NoInfer<Own>,
): SkynetConfig & Own {
  return config;
}
