import { defineSnax } from '@skynet/snax';

/** Takes steps, each of them one write to a variable of its own. */
export default defineSnax(() => {
  let count = 0;
  return {
    response: {
      walk(steps: number) {
        for (let i = 0; i < steps; i++) count = (count + i) & 0xffff;
        return count;
      },
    },
  };
});
