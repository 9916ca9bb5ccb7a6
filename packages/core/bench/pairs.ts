import type { Handle, PlacementMode, Skynet } from '@skynet/core';
import type { Measure } from './case.ts';
import { inNode } from './node.ts';

/** Calls of each pair in a batch, of a pair alone so many that it does not matter whether its first one has to go to another thread. */
const EACH = 200;
const ALONE = 4000;
/** Milliseconds that learning may take. */
const LEARNING = 60_000;

type Pair = readonly [Handle, Handle];

/** How pairs of services begin. */
export interface PairOptions {
  /** How many there are. */
  pairs: number;
  /** Whether the two of a pair are put into different threads. */
  apart: boolean;
  /** With `auto` it is measured when the node has put them together. */
  placement?: PlacementMode;
}

/** Calls a second in pairs of services over two threads, each of which calls its partner, one call after another. */
export function pairCalls({ pairs, apart, placement = 'same' }: PairOptions): Measure {
  return (effort) =>
    inNode(
      async (skynet) => {
        const all: Pair[] = [];
        for (let i = 0; i < effort.count(pairs); i++) {
          const thread = i % 2;
          const start = (place: number): Promise<Handle> =>
            skynet.newService({ name: 'pair', thread: place, pinned: false });
          all.push([await start(thread), await start(apart ? 1 - thread : thread)]);
        }
        const batch = async (count: number): Promise<void> => {
          const each = Math.ceil(count / all.length);
          await Promise.all(all.map(([one, other]) => skynet.call(one, 'lua', 'run', other, each)));
        };
        const size = all.length === 1 && !effort.tiny ? ALONE : EACH * all.length;
        if (placement === 'auto' && !effort.tiny) await untilTogether(skynet, all, () => batch(size));
        return [await effort.rate(batch, size)];
      },
      2,
      placement,
    );
}

/** Has them talk until each pair is in one thread. */
async function untilTogether(
  skynet: Skynet,
  pairs: readonly Pair[],
  talk: () => Promise<void>,
): Promise<void> {
  let apart = pairs.length;
  for (const end = Date.now() + LEARNING; apart > 0 && Date.now() < end; ) {
    await talk();
    apart = 0;
    for (const pair of pairs) {
      const [one, other] = await Promise.all(pair.map((each) => skynet.call<number>(each, 'lua', 'where')));
      if (one !== other) apart++;
    }
  }
  if (apart > 0) throw new Error(`${apart} of ${pairs.length} pairs are apart after ${LEARNING} ms`);
}
