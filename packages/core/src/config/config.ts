import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { textOf } from '../codec/error.ts';
import type { PlacementMode } from '../contracts/placement.ts';
import type { Network } from '../contracts/remote.ts';
import type { Duration } from '../duration.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import type { LogWords } from '../log/plain-words.ts';
import { printable } from '../log/printable.ts';
import { OptionReader } from '../options.ts';
import { isSecret } from '../secret.ts';
import type { Transport } from '../transport/contract.ts';
import { parseAddress } from '../transport/transports.ts';
import { importModule } from '../typescript.ts';
import { type LuaValue, readLuaConfig } from './lua.ts';
import { doubtsAbout } from './spelling.ts';

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

/** A configuration with every default filled in. */
export interface ResolvedConfig {
  readonly thread: number;
  /** Megabytes. */
  readonly threadHeap: number | undefined;
  /** Messages; undefined for no limit. */
  readonly threadBacklog: number | undefined;
  readonly placement: PlacementMode;
  readonly harbor: number;
  /** Joined while the node starts. */
  readonly network: Network | undefined;
  /** What the keys of the original say of a network, when they name one. */
  readonly harborNetwork: HarborKeys | undefined;
  readonly start: string;
  readonly startArgs: readonly string[];
  readonly services: readonly string[];
  /** Without its ending, perhaps. */
  readonly preload: string | undefined;
  readonly logger: string | undefined;
  readonly logService: string | undefined;
  readonly logPath: string | undefined;
  readonly daemon: string | undefined;
  readonly profile: boolean;
  /** Milliseconds. */
  readonly callTimeout: number;
  /** Milliseconds. */
  readonly shutdownTimeout: number;
  readonly timeScale: number;
  readonly transports: readonly Transport[];
  /** Milliseconds. */
  readonly endlessAfter: number;
  /** Milliseconds, 0 never. */
  readonly endEndlessAfter: number;
  readonly watchdog: boolean;
  readonly watch: boolean;
  readonly logWords: LogWords;
  /** Folder that relative paths start from. */
  readonly base: string;
  /** How another thread gets the same configuration: the file again, or everything but functions. */
  readonly origin:
    | { readonly file: string }
    | { readonly plain: Readonly<Record<string, unknown>>; readonly base: string };
  /** Every plain value, defaults too, as text. Lists of texts are joined by `;`. */
  readonly environment: ReadonlyMap<string, string>;
  /** Keys that are legal and look misspelt, a sentence each. The command `skynet` shows them. */
  readonly doubts: readonly string[];
}

/** The original's keys of a network. */
export interface HarborKeys {
  readonly id: number;
  readonly address: string;
  readonly master: string;
  /** Where this node's master listens, if it is the one that has it. */
  readonly standalone?: string;
}

const DEFAULTS = {
  thread: 1,
  placement: 'same',
  harbor: 0,
  start: 'main',
  startArgs: [],
  services: ['./services/?'],
  profile: false,
  callTimeout: 0,
  shutdownTimeout: '5s',
  timeScale: 1,
  transports: [],
  endlessAfter: '5s',
  endEndlessAfter: 0,
  watchdog: true,
  watch: false,
  logWords: 'skynet',
} as const satisfies SkynetConfig;

/** Keys whose values hold functions: other threads and the environment do without them. */
const FUNCTIONS: ReadonlySet<string> = new Set(['transports', 'network']);

/**
 * The default export of `skynet.config.ts`; checks nothing when it runs, completes in the editor. The compiler refuses
 * keys that it does not know, so it is told of those that are your own: `defineConfig<{ gatePort: number }>({ … })`.
 */
export function defineConfig<Own extends OwnKeys<Own> = object>(
  config: SkynetConfig & NoInfer<Own>,
): SkynetConfig & Own {
  return config;
}

/** Most characters of a value that an error shows. */
const MAX_SHOWN = 200;

/** A value as an error shows it; what it is, where it is a secret or cannot be shown. */
function shown(key: string, value: unknown): string {
  if (isSecret(key) && value !== '') return `such a ${typeof value}`;
  try {
    const isQuoted = typeof value === 'string' || (typeof value === 'object' && value !== null);
    return onOneLine(isQuoted ? JSON.stringify(value) : String(value));
  } catch {
    return 'such an object';
  }
}

/** Text as an error shows it. Its backslashes are clear already. */
function onOneLine(text: string): string {
  return printable(text, MAX_SHOWN).replaceAll('\\\\', '\\');
}

/** Reads keys, each as what it must be. */
class Keys extends OptionReader<Record<string, unknown>> {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #from: string;

  constructor(config: Readonly<Record<string, unknown>>, from: string) {
    super('configuration key', config);
    this.#config = config;
    this.#from = from;
  }

  /** As it was given: null is none of the values that keys can have. */
  override value(key: string): unknown {
    return this.#config[key];
  }

  override wrong(key: string, wanted: string, value: unknown = this.#config[key]): never {
    const name = /^[\w.-]+$/.test(key) ? key : onOneLine(JSON.stringify(key));
    throw new SkynetError(
      'ERR_CONFIG',
      `${this.#from}: ${name} must be ${wanted}, not ${shown(key, value)}`,
      {
        details: { key },
      },
    );
  }

  positive(key: string): number {
    const value = this.#config[key];
    return Number.isFinite(value) && (value as number) > 0
      ? (value as number)
      : this.wrong(key, 'a number above 0');
  }

  path(key: string, base: string): string | undefined {
    const value = this.text(key, undefined);
    return value === undefined ? undefined : path.resolve(base, value);
  }

  /** A folder that exists. */
  folder(key: string, base: string): string | undefined {
    const location = this.path(key, base);
    return location === undefined || isFolder(location) ? location : this.wrong(key, 'a folder that exists');
  }

  /** An address to connect to or listen on, if it is there. */
  endpoint(key: string): void {
    const value = this.text(key, undefined);
    try {
      if (value !== undefined) parseAddress(value);
    } catch {
      this.wrong(key, 'an address such as "127.0.0.1:2013"');
    }
  }

  /** The network that the original's keys name, if they name one. */
  harborNetwork(): HarborKeys | undefined {
    const { harbor, network, standalone } = this.#config;
    const master = this.#config.master ?? standalone;
    if (network !== undefined || harbor === 0 || master === undefined) return undefined;
    return {
      id: harbor as number,
      address: this.text('address', undefined) ?? this.wrong('address', 'text that is not empty'),
      master: master as string,
      ...(standalone === undefined ? {} : { standalone: standalone as string }),
    };
  }

  network(key: string): Network | undefined {
    const value = this.#config[key];
    if (value === undefined || isNetwork(value)) return value;
    return this.wrong(key, 'a network, such as harbor({ id: 1, … })');
  }

  logWords(key: string, otherwise: LogWords): LogWords {
    const value = this.#config[key] ?? otherwise;
    return value === 'skynet' || value === 'plain' ? value : this.wrong(key, '"skynet" or "plain"');
  }

  placement(key: string): PlacementMode {
    const value = this.#config[key];
    return value === 'same' || value === 'auto' ? value : this.wrong(key, '"same" or "auto"');
  }

  /** Start arguments are single words. */
  words(key: string): readonly string[] {
    const list = this.texts(key, 'a list of texts', 0) ?? [];
    const spaced = list.find((word) => /\s/.test(word));
    return spaced === undefined ? list : this.wrong(key, 'a list of single words', spaced);
  }

  patterns(key: string): readonly string[] {
    const list = this.texts(key, 'a list of texts', 0) ?? [];
    if (list.length === 0) this.wrong(key, 'a list of at least one path');
    const plain = list.find((pattern) => !pattern.includes('?'));
    return plain === undefined
      ? list
      : this.wrong(key, 'a list of paths with ? in the place of the name', plain);
  }

  transports(key: string): readonly Transport[] {
    const value = this.#config[key];
    return Array.isArray(value) && value.every(isTransport)
      ? value
      : this.wrong(key, 'a list of transports, such as [tcp()]');
  }
}

function isNetwork(value: unknown): value is Network {
  if (typeof value !== 'object' || value === null) return false;
  const { join, harbor } = value as Partial<Network>;
  return typeof join === 'function' && typeof harbor === 'number';
}

function isFolder(location: string): boolean {
  try {
    return statSync(location).isDirectory();
  } catch {
    // It is not there, or not for us.
    return false;
  }
}

function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  const { schemes, connect, listen } = value as Partial<Transport>;
  return Array.isArray(schemes) && typeof connect === 'function' && typeof listen === 'function';
}

/**
 * Checks a configuration and fills in the defaults. `base` is the folder that relative paths start from, `from` what
 * errors call the configuration.
 * @throws ERR_CONFIG, naming key, value and what is allowed.
 */
export function resolveConfig(
  config: SkynetConfig | Readonly<Record<string, unknown>>,
  base: string,
  from = 'configuration',
): ResolvedConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new SkynetError('ERR_CONFIG', `${from}: the default export must be an object of keys and values`);
  }
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  const all: Record<string, unknown> = { ...DEFAULTS, ...given };
  const network = new Keys(all, from).network('network');
  // Handles begin with the id that the node has in its network.
  if (network !== undefined) all.harbor = network.harbor;
  const keys = new Keys(all, from);
  for (const key of ['address', 'master', 'standalone']) keys.endpoint(key);
  keys.text('consoleToken', undefined);
  keys.text('cluster', undefined);
  const plain = Object.fromEntries(
    Object.entries({ ...given, harbor: all.harbor }).filter(([key]) => !FUNCTIONS.has(key)),
  );
  return {
    thread: keys.whole('thread', 1, 64, DEFAULTS.thread),
    threadHeap: keys.whole('threadHeap', 32, 65_536, undefined),
    threadBacklog: keys.whole('threadBacklog', 1, Number.MAX_SAFE_INTEGER, undefined),
    placement: keys.placement('placement'),
    harbor: keys.whole('harbor', 0, 255, DEFAULTS.harbor),
    network,
    harborNetwork: keys.harborNetwork(),
    start: keys.text('start', DEFAULTS.start),
    startArgs: keys.words('startArgs'),
    services: keys.patterns('services'),
    preload: keys.path('preload', base),
    logger: keys.path('logger', base),
    logService: keys.text('logService', undefined),
    logPath: keys.folder('logPath', base),
    daemon: keys.path('daemon', base),
    profile: keys.flag('profile', DEFAULTS.profile),
    callTimeout: keys.duration('callTimeout', 0),
    shutdownTimeout: keys.duration('shutdownTimeout', 0),
    timeScale: keys.positive('timeScale'),
    transports: keys.transports('transports'),
    endlessAfter: keys.duration('endlessAfter', 0),
    endEndlessAfter: keys.duration('endEndlessAfter', 0),
    watchdog: keys.flag('watchdog', DEFAULTS.watchdog),
    watch: keys.flag('watch', DEFAULTS.watch),
    logWords: keys.logWords('logWords', DEFAULTS.logWords),
    base,
    origin: { plain, base },
    environment: environmentOf(all, keys, base),
    doubts: doubtsAbout(Object.keys(given)),
  };
}

function environmentOf(
  all: Readonly<Record<string, unknown>>,
  keys: Keys,
  base: string,
): Map<string, string> {
  const environment = new Map<string, string>();
  for (const [key, value] of Object.entries(all)) {
    if (FUNCTIONS.has(key)) continue;
    if (key === '' || /\s/.test(key)) keys.wrong(key, 'a key without blanks', key);
    if (Array.isArray(value) && value.every((part) => typeof part === 'string'))
      environment.set(key, value.join(';'));
    else if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
      environment.set(key, String(value));
    else keys.wrong(key, 'text, a number, a boolean or a list of texts');
  }
  // Read by the debug console, in whatever thread it runs.
  const logPath = keys.folder('logPath', base);
  if (logPath !== undefined) environment.set('logPath', logPath);
  return environment;
}

/**
 * Loads and checks a configuration: `skynet.config.ts`, `.mts`, `.js`, `.mjs` (default export) or `.json`; a file of
 * any other name is read as one of the original's, whose relative paths start from the working directory.
 * @throws ERR_CONFIG.
 */
export async function loadConfig(file: string): Promise<ResolvedConfig> {
  if (typeof file !== 'string' || file === '')
    throw new SkynetError('ERR_CONFIG', 'a configuration file is told by its path', {
      details: { type: typeof file },
    });
  const location = path.resolve(file);
  return { ...(await readConfig(location, file)), origin: { file: location } };
}

async function readConfig(location: string, file: string): Promise<ResolvedConfig> {
  if (!existsSync(location)) throw new SkynetError('ERR_CONFIG', `configuration file not found: ${file}`);
  if (!/\.(ts|mts|js|mjs|json)$/.test(location))
    return resolveConfig(fromLua(readLuaConfig(location)), process.cwd(), file);
  let module: { default?: unknown };
  try {
    module = (await (location.endsWith('.json')
      ? import(pathToFileURL(location).href, { with: { type: 'json' } })
      : importModule(location))) as { default?: unknown };
  } catch (error) {
    const reason = isSkynetError(error) ? error.message : textOf(error);
    throw new SkynetError('ERR_CONFIG', `configuration file ${file} cannot be loaded: ${reason}`, {
      cause: error,
    });
  }
  return resolveConfig(module.default as SkynetConfig, path.dirname(location), file);
}

/** The original's keys under our names; scripts lose `.lua` and `/init.lua`. */
function fromLua(values: ReadonlyMap<string, LuaValue>): SkynetConfig {
  const { luaservice, logservice, logger, logpath, preload, ...config } = Object.fromEntries(values);
  // A logger written in Lua: `logservice` is then the launcher, `logger` the name of the service.
  if (logservice === 'snlua') config.logService = logger;
  else {
    if (logger !== undefined) config.logger = logger;
    if (logservice !== undefined && logservice !== 'logger') config.logService = logservice;
  }
  if (logpath !== undefined) Object.assign(config, { logpath, logPath: logpath });
  if (preload !== undefined) config.preload = String(preload).replace(/\.lua$/, '');
  if (luaservice === undefined) return config;
  const patterns = String(luaservice)
    .split(';')
    .filter((pattern) => pattern !== '');
  return {
    ...config,
    ...{ luaservice },
    services: [...new Set(patterns.map((pattern) => pattern.replace(/(\/init)?\.lua$/, '')))],
  };
}
