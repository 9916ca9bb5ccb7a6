/**
 * How often a property is tried: `number` times with all the other tests, `SKYNET_FUZZ` times as often when that is set,
 * as `npm run fuzz` does.
 */
export function runs(number: number): number {
  return Math.ceil(number * Number(process.env['SKYNET_FUZZ'] ?? 1));
}
