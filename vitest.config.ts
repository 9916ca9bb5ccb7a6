import { defineConfig } from 'vitest/config';

const conditions = ['@skynet/source'];

// Tests run from the sources, so no build is needed but for those that start the command line.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', './scripts/vitest-tally.mjs'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
