import type { BenchCase } from '../case.ts';
import { inNode } from '../node.ts';

const move: BenchCase = {
  lines: [{ name: 'move', unit: 'moves/s' }],
  floors: {
    'a start there and a kill': (effort) =>
      inNode(
        async (skynet) => [
          await effort.rate(async (count) => {
            for (let i = 0; i < count; i++)
              skynet.kill(await skynet.newService({ name: 'mover', thread: i % 2 }));
          }, 50),
        ],
        2,
      ),
  },
  run: (effort) =>
    inNode(async (skynet) => {
      const mover = await skynet.newService('mover');
      let thread = 0;
      return [
        await effort.rate(async (count) => {
          for (let i = 0; i < count; i++) {
            thread = 1 - thread;
            await skynet.move(mover, { thread });
          }
        }, 50),
      ];
    }, 2),
};
export default move;
