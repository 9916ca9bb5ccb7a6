import type { PlacementMode } from '../contracts/placement.ts';
import type { Network } from '../contracts/remote.ts';
import { SkynetError } from '../errors.ts';
import type { LogWords } from '../log/plain-words.ts';
import type { Transport } from '../transport/contract.ts';
import { type HarborKeys, Keys } from './keys.ts';
import type { SkynetConfig } from './skynet-config.ts';
import { doubtsAbout } from './spelling.ts';

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
