import { isSkynetError } from '../errors.ts';

/**
 * What chose the port that a start failed for: keys of the configuration and variables of the environment, as the end of
 * a sentence. Empty for other failures, and where nothing has that port.
 */
export function choosersOf(
  failure: unknown,
  file: string,
  keys: ReadonlyMap<string, string>,
  variables: Readonly<Record<string, string | undefined>>,
): string {
  const port = portOf(failure);
  if (port === undefined) return '';
  // Also within an address or a URL.
  const has = new RegExp(`(?:^|:)${port}(?!\\d)`);
  const chosen = [...keys].filter(([, value]) => has.test(value)).map(([key]) => `${key} in ${file}`);
  for (const [name, value] of Object.entries(variables))
    if (/port/i.test(name) && value === port) chosen.push(`$${name}`);
  return chosen.length === 0 ? '' : `; set by ${chosen.join(', ')}`;
}

/** The port that could not be listened on, if that is what led to a failure. */
function portOf(failure: unknown): string | undefined {
  const seen = new Set<unknown>();
  for (let at = failure; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    if (isSkynetError(at, 'ERR_LISTEN'))
      return /:([1-9]\d*)(?:\/.*)?$/.exec(String(at.details?.address ?? ''))?.[1];
  }
  return undefined;
}
