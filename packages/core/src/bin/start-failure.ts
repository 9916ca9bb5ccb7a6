import { toldOf } from '../codec/error.ts';
import { isSkynetError } from '../errors.ts';
import { stackOf, userFrames } from '../stack.ts';

/** What a start was given, to tell what it failed for. */
export interface Given {
  /** The configuration. */
  readonly file: string;
  /** Keys of the configuration and what they say. */
  readonly keys: ReadonlyMap<string, string>;
  /** Variables of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Why the node could not start, for whoever typed the command; where, only if no service has logged that. */
export function startFailure(error: unknown, given: Given): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? ` (${String(error.code)})` : '';
  const reason = `${error.message}${code}${choosersOf(error, given)}`;
  if (toldOf(error) !== undefined || !(error.cause instanceof Error)) return reason;
  return [reason, ...userFrames(stackOf(error.cause).frames)].join('\n');
}

/**
 * What chose the port that a start failed for: keys of the configuration and variables of the environment, as the end of
 * a sentence. Empty for other failures, and where nothing has that port.
 */
function choosersOf(failure: Error, { file, keys, variables }: Given): string {
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
