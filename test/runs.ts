/**
 * How often a property is tried: `number` times with all the other tests, `SKYNET_FUZZ` times as often when that is set,
 * as `npm run fuzz` does.
 */
export function runs(number: number): number {
  return Math.ceil(number * Number(process.env['SKYNET_FUZZ'] ?? 1));
}

/** A seed for tests that draw by themselves: the same each time, but for `npm run fuzz`, which tries new ones. */
export function seedOfRun(): number {
  return process.env['SKYNET_FUZZ'] === undefined ? 20_261_129 : Date.now() % 2 ** 31;
}
