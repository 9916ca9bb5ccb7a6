import type { ResolvedConfig } from '../config/config.ts';
import { createActivity } from '../threads/activity.ts';
import { ThreadPool } from './thread-pool.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** What a node begins with: the threads beside thread 0, which load their code while it loads its own. */
export interface Outset {
  /** What each thread works on, for the watchdog. */
  readonly activity: SharedArrayBuffer;
  /** The other threads that run services; undefined if there are none. */
  readonly pool: ThreadPool | undefined;
  /** Undefined where it is not started yet, or not wanted. */
  readonly watchdog: Watchdog | undefined;
}

/** The outset of a node none of whose threads has started. @throws ERR_CONFIG. */
export function createOutset(config: ResolvedConfig): Outset {
  const activity = createActivity(config.thread);
  return {
    activity,
    pool: config.thread > 1 ? new ThreadPool(config, activity) : undefined,
    watchdog: undefined,
  };
}

/**
 * Begins a node whose process is there for nothing else: its threads start, and the watchdog sees to it that the process
 * ends when told to, whatever services do.
 * @throws ERR_CONFIG.
 */
export function beginNode(config: ResolvedConfig): Outset {
  const outset = createOutset(config);
  const watchdog = config.watchdog
    ? startWatchdog(config, outset.activity, config.logger ?? 1, {
        channel: outset.pool?.stopChannel,
        shutdownTimeout: config.shutdownTimeout,
      })
    : undefined;
  outset.pool?.begin();
  return { ...outset, watchdog };
}
