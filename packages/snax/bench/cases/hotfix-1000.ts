import { createSnax } from '@skynet/snax';
import type { BenchCase } from '../../../core/bench/case.ts';
import { inSnaxNode } from '../node.ts';

const INSTANCES = 1000;

/** How long `give` takes with a thousand instances over two threads, in milliseconds. */
const timed =
  (
    give: (snax: ReturnType<typeof createSnax>, handles: readonly number[]) => Promise<unknown>,
  ): BenchCase['run'] =>
  () =>
    inSnaxNode(async (skynet) => {
      const snax = createSnax(skynet);
      const handles: number[] = [];
      for (let i = 0; i < INSTANCES; i++)
        handles.push(await snax.rawNewService({ name: 'echo', thread: i % 2 }));
      const before = performance.now();
      await give(snax, handles);
      return [performance.now() - before];
    }, 2);

const hotfix1000: BenchCase = {
  lines: [{ name: 'hotfix-1000', unit: 'ms' }],
  floors: {
    'a profile request to each': timed(async (snax, handles) => {
      for (const handle of handles) await snax.profileInfo({ handle, type: 'echo' });
    }),
  },
  run: timed((snax) => snax.rollout('echo', 'response.echo = (value) => value;')),
};
export default hotfix1000;
