import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { enableTypeScript } from './actor/loader.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { SkynetError } from './errors.ts';
import type { Transport } from './transport/contract.ts';

/** Configuration of a node. Keys that the book knows mean the same here; keys of your own become environment values. */
export interface SkynetConfig {
  /** Threads, 1 to 64. Default 1. */
  thread?: number;
  /** Id of the node, 1 to 255; 0, the default, for a node on its own. It is the first byte of every handle. */
  harbor?: number;
  /** Name of the first service of yours. Default `main`. */
  start?: string;
  /** Start arguments of it. */
  startArgs?: readonly string[];
  /** Where services are found: paths with `?` for the name, from the folder of the configuration. Default `./services/?`. */
  services?: readonly string[];
  /** Log file; without it the log goes to standard output. */
  logger?: string;
  /** Name of a service that takes the log in place of the built-in one. */
  logService?: string;
  /** How long a call waits for its answer; 0, the default, for ever. */
  callTimeout?: Duration;
  /** How long exit hooks may take when the node stops. Default `"5s"`. */
  shutdownTimeout?: Duration;
  /** Factor on all sleeps and timeouts, for tests and demonstrations. Default 1. */
  timeScale?: number;
  /** Ways to connect and listen besides tcp, unix, tls and memory. */
  transports?: readonly Transport[];
  /** Reports services that hold their thread for longer. Default `"5s"`. */
  endlessAfter?: Duration;
  /** Anything else: text, numbers and booleans that services read with `getenv`. */
  [key: string]: unknown;
}

/** A configuration with every default filled in. */
export interface ResolvedConfig {
  readonly thread: number;
  readonly harbor: number;
  readonly start: string;
  readonly startArgs: readonly string[];
  readonly services: readonly string[];
  readonly logger: string | undefined;
  readonly logService: string | undefined;
  /** Milliseconds. */
  readonly callTimeout: number;
  /** Milliseconds. */
  readonly shutdownTimeout: number;
  readonly timeScale: number;
  readonly transports: readonly Transport[];
  /** Milliseconds. */
  readonly endlessAfter: number;
  /** Folder that relative paths start from. */
  readonly base: string;
  /** Every plain value, as text. */
  readonly environment: ReadonlyMap<string, string>;
}

/** The default export of `skynet.config.ts`; checks nothing, completes in the editor. */
export function defineConfig(config: SkynetConfig): SkynetConfig {
  return config;
}

function wrong(key: string, value: unknown, wanted: string): never {
  throw new SkynetError('ERR_CONFIG', `configuration: ${key} must be ${wanted}, not ${JSON.stringify(value) ?? String(value)}`, {
    details: { key, value },
  });
}

function integer(key: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) wrong(key, value, `a whole number from ${min} to ${max}`);
  return value as number;
}

function text(key: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') wrong(key, value, 'text');
  return value as string;
}

function texts(key: string, value: unknown, fallback: readonly string[]): readonly string[] {
  if (value === undefined) return fallback;
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string' && part !== '')) wrong(key, value, 'a list of texts');
  return value as string[];
}

function duration(key: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  try {
    return toMilliseconds(value as Duration);
  } catch {
    return wrong(key, value, 'a duration such as "5s", or hundredths of a second');
  }
}

/** Checks a configuration and fills in the defaults. @throws ERR_CONFIG, naming key, value and what is allowed. */
export function resolveConfig(config: SkynetConfig, base: string): ResolvedConfig {
  if (typeof config !== 'object' || config === null) throw new SkynetError('ERR_CONFIG', 'configuration: the default export must be an object');
  const services = texts('services', config.services, ['./services/?']);
  for (const pattern of services) if (!pattern.includes('?')) wrong('services', pattern, 'paths with ? in the place of the name');
  const timeScale = config.timeScale ?? 1;
  if (typeof timeScale !== 'number' || !(timeScale > 0)) wrong('timeScale', timeScale, 'a number above 0');
  const resolved = {
    thread: integer('thread', config.thread, 1, 64, 1),
    harbor: integer('harbor', config.harbor, 0, 255, 0),
    start: text('start', config.start) ?? 'main',
    startArgs: texts('startArgs', config.startArgs, []),
    services,
    logger: text('logger', config.logger),
    logService: text('logService', config.logService),
    callTimeout: duration('callTimeout', config.callTimeout, 0),
    shutdownTimeout: duration('shutdownTimeout', config.shutdownTimeout, 5000),
    timeScale,
    transports: config.transports ?? [],
    endlessAfter: duration('endlessAfter', config.endlessAfter, 5000),
    base,
  };
  const environment = new Map<string, string>();
  for (const [key, value] of Object.entries({ ...resolved, ...config })) {
    if (['string', 'number', 'boolean'].includes(typeof value)) environment.set(key, String(value));
    else if (key === 'services' || key === 'startArgs') environment.set(key, (value as string[]).join(';'));
    else if (!(key in resolved) && value !== undefined) wrong(key, value, 'text, a number or a boolean');
  }
  environment.delete('base');
  return { ...resolved, environment };
}

/** Loads `skynet.config.ts` (or .js, .mjs, .json) and checks it. @throws ERR_CONFIG. */
export async function loadConfig(file: string): Promise<ResolvedConfig> {
  const location = path.resolve(file);
  if (!existsSync(location)) throw new SkynetError('ERR_CONFIG', `configuration file not found: ${file}`);
  let module: { default?: unknown };
  try {
    if (/\.m?ts$/.test(location)) await enableTypeScript();
    const url = pathToFileURL(location).href;
    module = location.endsWith('.json') ? await import(url, { with: { type: 'json' } }) : await import(url);
  } catch (error) {
    throw new SkynetError('ERR_CONFIG', `configuration file ${file} cannot be loaded: ${String(error)}`, { cause: error });
  }
  return resolveConfig(module.default as SkynetConfig, path.dirname(location));
}
