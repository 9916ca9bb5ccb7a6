import { nearest } from '../nearest.ts';

/** Keys of a configuration that the node itself reads. */
const KEYS = [
  'thread',
  'threadHeap',
  'threadBacklog',
  'placement',
  'harbor',
  'address',
  'master',
  'standalone',
  'network',
  'cluster',
  'start',
  'startArgs',
  'services',
  'snax',
  'preload',
  'logger',
  'logService',
  'logPath',
  'daemon',
  'profile',
  'callTimeout',
  'shutdownTimeout',
  'timeScale',
  'transports',
  'endlessAfter',
  'endEndlessAfter',
  'watchdog',
  'watch',
  'consoleToken',
];

/**
 * A sentence for each key that is one letter, or upper and lower case, apart from one of the node's that is not given.
 * It is legal, since every key is a value for `getenv`.
 */
export function doubtsAbout(given: readonly string[]): string[] {
  const missing = KEYS.filter((key) => !given.includes(key));
  return given.flatMap((key) => {
    if (KEYS.includes(key)) return [];
    const meant = nearest(key, missing, 1);
    return meant === undefined ? [] : [`${key} is no key of the node's, perhaps ${meant} is meant`];
  });
}
