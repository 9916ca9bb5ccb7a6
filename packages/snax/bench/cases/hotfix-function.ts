import { createSnax } from '@skynet/snax';
import type { BenchCase } from '../../../core/bench/case.ts';
import type { Effort } from '../../../core/bench/effort.ts';
import { inSnaxNode } from '../node.ts';
import type steps from '../snax/steps.ts';

const STEPS = 1_000_000;

/** The same function with an accessor for the variable in place of the variable. */
const PATCH = `let count; response.walk = (steps) => {
  for (let i = 0; i < steps; i++) count = (count + i) & 0xffff;
  return count;
};`;

const hotfixFunction: BenchCase = {
  lines: [
    { name: 'hotfix-unpatched', unit: 'steps/s' },
    { name: 'hotfix-patched', unit: 'steps/s' },
  ],
  floors: {
    'a plain function': async (effort) => {
      let count = 0;
      const walk = (wanted: number): number => {
        for (let i = 0; i < wanted; i++) count = (count + i) & 0xffff;
        return count;
      };
      const rate = await effort.rate(async (n) => walk(n), STEPS);
      return [rate, rate];
    },
  },
  run: (effort: Effort) =>
    inSnaxNode(async (skynet) => {
      const snax = createSnax(skynet);
      const object = await snax.newService<typeof steps>('steps');
      const rate = (): Promise<number> => effort.rate((n) => object.req.walk(n), STEPS);
      const unpatched = await rate();
      await snax.hotfix(object, PATCH);
      return [unpatched, await rate()];
    }),
};
export default hotfixFunction;
