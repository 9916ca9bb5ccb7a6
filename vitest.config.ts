import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const conditions = ['@skynet/source'];

// Tests run from the sources, so no build is needed but for those that start threads or the command line.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/demo/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: './scripts/debian-packages.mjs',
    reporters: ['default', './scripts/vitest-tally.mjs'],
    // Many tests wait for programs they started: two at a time are quicker on two processors, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
