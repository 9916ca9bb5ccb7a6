import { SkynetError } from './errors.ts';

/**
 * A length of time: a number means hundredths of a second, as in the original (`500` is five seconds);
 * text carries its unit: `"250ms"`, `"5s"`, `"2m"`, `"1h"`.
 */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest time a timer can wait, in hundredths of a second (as the original: 2^31 - 1). */
export const MAX_TICKS = 0x7fffffff;

/**
 * A duration in milliseconds.
 * @throws ERR_DURATION_INVALID for anything that is not a duration, not finite, or longer than {@link MAX_TICKS}.
 */
export function toMilliseconds(duration: Duration): number {
  let ms = Number.NaN;
  if (typeof duration === 'number') ms = duration * 10;
  else if (typeof duration === 'string') {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(duration);
    if (match) ms = Number(match[1]) * (UNITS[match[2] as string] as number);
  }
  if (!(ms <= MAX_TICKS * 10)) {
    const shown = ['string', 'number'].includes(typeof duration) ? duration : typeof duration;
    throw new SkynetError('ERR_DURATION_INVALID', `not a duration: ${shown}`, {
      details: { duration },
    });
  }
  return ms;
}
