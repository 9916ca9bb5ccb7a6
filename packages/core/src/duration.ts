import { SkynetError } from './errors.ts';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNITS;

/**
 * A length of time: a number means hundredths of a second, as in the original (`500` is five seconds);
 * text carries its unit: `"250ms"`, `"5s"`, `"2m"`, `"1h"`. The compiler refuses other text; what is not known before it
 * runs (a word of a configuration) is read by {@link readDuration}.
 */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;

/** The longest time a timer can wait, in hundredths of a second (as the original: 2^31 - 1). */
const MAX_TICKS = 0x7fffffff;

/**
 * A duration in milliseconds.
 * @throws ERR_DURATION_INVALID for anything that is not a duration, not finite, or longer than {@link MAX_TICKS}.
 */
export function toMilliseconds(duration: Duration): number {
  let ms = Number.NaN;
  if (typeof duration === 'number') ms = duration * 10;
  else if (typeof duration === 'string') {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(duration);
    if (match) ms = Number(match[1]) * UNITS[match[2] as Unit];
  }
  if (!(ms <= MAX_TICKS * 10)) {
    const shown = ['string', 'number'].includes(typeof duration) ? duration : typeof duration;
    throw new SkynetError('ERR_DURATION_INVALID', `not a duration: ${shown}`, {
      details: { duration },
    });
  }
  return ms;
}

/**
 * Text that may be a duration as one: `readDuration(skynet.getenv('patience') ?? '5s')`.
 * @throws ERR_DURATION_INVALID as {@link toMilliseconds}.
 */
export function readDuration(text: string): Duration {
  toMilliseconds(text as Duration);
  return text as Duration;
}
