import type { BenchCase, Measure } from './case.ts';

/** A batch of calls of one function, its result used so that it cannot be left out. */
function many(work: () => { readonly length: number }): Measure {
  return async (effort) => {
    let used = 0;
    const rate = await effort.rate(async (count) => {
      for (let i = 0; i < count; i++) used += work().length;
    }, 1000);
    if (used === 0) throw new Error('nothing was computed');
    return [rate];
  };
}

/** One of our crypt functions beside what the host has for the same. */
export function cryptCase(
  name: string,
  ours: () => { readonly length: number },
  host: Readonly<Record<string, () => { readonly length: number }>>,
): BenchCase {
  return {
    lines: [{ name: `crypt-${name}`, unit: 'calls/s' }],
    floors: Object.fromEntries(Object.entries(host).map(([floor, work]) => [floor, many(work)])),
    run: many(ours),
  };
}

/** A key, and a text of 32 bytes: about what a login token has. */
export const KEY: Buffer = Buffer.from('87654321');
export const TEXT: Buffer = Buffer.from('aGVsbG8=@c2FtcGxl:cGFzc3dvcmQ=..');
