import type { LaunchValue, Placement } from '../contracts/launch.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import type { Duration } from '../duration.ts';
import { SkynetError } from '../errors.ts';
import { readOptions } from '../options.ts';

/** Which children are restarted with one that has failed: itself, all, or itself and those after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** A child of a supervisor. */
export interface ChildOptions {
  /** What the supervisor calls it; unique among its children. */
  name: string;
  /** What is started: a name on the search path, or a definition. */
  service: string | ServiceDefinition;
  /** Words, or values; see `newService`. */
  args?: readonly LaunchValue[];
  /** Where it runs. Default `"same"`. */
  thread?: Placement['thread'];
  /** Aliases that every new instance gets. Those it takes for itself while starting need not be here. */
  register?: string | readonly string[];
  /**
   * When it is started again: after a failure (default: it was killed, or lost with its thread; not when it ended
   * itself), always, or never.
   */
  restart?: 'failure' | 'always' | 'never';
  /** How long it may take to end, exit hooks included, before it is killed. Default 5 s. */
  shutdown?: Duration;
}

/** How a supervisor works. */
export interface SupervisorOptions {
  /** Default `one-for-one`. */
  strategy?: Strategy;
  /** Restarts within {@link period} that are not too many. Default 5. */
  intensity?: number;
  /** Default 10 s. */
  period?: Duration;
  /** Waits before restarts: none before the first within {@link period}, `first` before the second, twice as long each time. */
  backoff?: {
    /** Default 50 ms. */
    first?: Duration;
    /** Default 5 s. */
    longest?: Duration;
  };
}

/** Options with every default filled in, times in milliseconds. */
export interface ResolvedSupervisor {
  readonly strategy: Strategy;
  readonly limits: {
    readonly intensity: number;
    readonly period: number;
    readonly first: number;
    readonly longest: number;
  };
}

/** A child with every default filled in, times in milliseconds. */
export interface ResolvedChild {
  readonly name: string;
  readonly service: string | ServiceDefinition;
  readonly args: readonly LaunchValue[];
  readonly thread: NonNullable<Placement['thread']>;
  readonly register: readonly string[];
  readonly restart: 'failure' | 'always' | 'never';
  readonly shutdown: number;
}

/** @throws ERR_ARGUMENT, naming the option. */
export function resolveSupervisor(options: SupervisorOptions): ResolvedSupervisor {
  return readOptions<SupervisorOptions, ResolvedSupervisor>('supervisor option', options, (read) => {
    const backoff = read.group('backoff');
    return {
      strategy: read.oneOf('strategy', ['one-for-one', 'one-for-all', 'rest-for-one'], 'one-for-one'),
      limits: {
        intensity: read.whole('intensity', 0, 0x7fff_ffff, 5),
        period: read.duration('period', 10_000),
        first: backoff.duration('first', 50),
        longest: backoff.duration('longest', 5000),
      },
    };
  });
}

/** @throws ERR_ARGUMENT, naming the option. */
export function resolveChild(options: ChildOptions): ResolvedChild {
  return readOptions<ChildOptions, ResolvedChild>('child option', options, (read) => {
    const service = read.value('service');
    const isDefinition =
      typeof service === 'object' && (service as { kind?: unknown }).kind === 'skynet.service';
    if (!isDefinition && (typeof service !== 'string' || service === ''))
      read.wrong('service', 'the name of a service, or a definition');
    const args = read.value('args') ?? [];
    if (!Array.isArray(args)) read.wrong('args', 'a list');
    const thread = (read.value('thread') ?? 'same') as ResolvedChild['thread'];
    const register = read.value('register') ?? [];
    const names = typeof register === 'string' ? [register] : register;
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
      read.wrong('register', 'a name or a list of names');
    return {
      name: read.text('name', undefined) ?? read.wrong('name', 'given'),
      service: service as string | ServiceDefinition,
      args: args as readonly LaunchValue[],
      thread,
      register: names as readonly string[],
      restart: read.oneOf('restart', ['failure', 'always', 'never'], 'failure'),
      shutdown: read.duration('shutdown', 5000),
    };
  });
}

/** What is said of a supervisor that has started too many children again. */
export function tooMany(name: string, { intensity, period }: ResolvedSupervisor['limits']): SkynetError {
  return new SkynetError(
    'ERR_RESTARTS',
    `${name} failed more than ${intensity} times within ${period / 1000} s, its supervisor gives up`,
    { details: { child: name, intensity, period } },
  );
}
