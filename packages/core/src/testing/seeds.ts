import { messageOf } from '../codec/error.ts';
import { randomFrom } from './random.ts';

/** Environment variable that names the one seed to be run: what a failure tells. */
const VARIABLE = 'SKYNET_SEED';

/** One run under a seed. */
export interface SeededRun {
  /** What a failure names. */
  readonly seed: number;
  /** Numbers of this seed: give it to `startTestNode({}, { random })`, and draw from it whatever else is to be random. */
  readonly random: () => number;
}

/**
 * Runs a test under many seeds, one after another. When one fails the error names the seed; with that number in
 * `SKYNET_SEED` only that run is made, the same again.
 * @param count - how many seeds.
 * @param first - the first of them. Default 1.
 */
export async function forSeeds(
  count: number,
  run: (run: SeededRun) => void | Promise<void>,
  first = 1,
): Promise<void> {
  const only = process.env[VARIABLE];
  const seeds = only === undefined ? Array.from({ length: count }, (_, i) => first + i) : [Number(only)];
  for (const seed of seeds) {
    try {
      await run({ seed, random: randomFrom(seed) });
    } catch (error) {
      const text = messageOf(error);
      throw new Error(`seed ${seed} fails (again with ${VARIABLE}=${seed}): ${text}`, { cause: error });
    }
  }
}
