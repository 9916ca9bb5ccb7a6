/** Keys of a configuration that the node itself reads. */
const KEYS = [
  'thread',
  'threadHeap',
  'harbor',
  'address',
  'master',
  'standalone',
  'start',
  'startArgs',
  'services',
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
  'watchdog',
  'consoleToken',
];

/** Whether one letter added, left out, changed, or swapped with its neighbour makes one word of the other. */
function oneLetterApart(a: string, b: string): boolean {
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  const [restA, restB] = [a.slice(head), b.slice(head)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}

/**
 * A sentence for each key that is one letter, or upper and lower case, apart from one of the node's that is not given.
 * It is legal, since every key is a value for `getenv`.
 */
export function doubtsAbout(given: readonly string[]): string[] {
  const missing = KEYS.filter((key) => !given.includes(key));
  return given.flatMap((key) => {
    if (KEYS.includes(key)) return [];
    const meant = missing.find((name) => oneLetterApart(key.toLowerCase(), name.toLowerCase()));
    return meant === undefined ? [] : [`${key} is no key of the node's, perhaps ${meant} is meant`];
  });
}
