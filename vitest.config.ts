import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { joinLocals } from './packages/snax/src/join.ts';

const conditions = ['@skynet/source'];

/** Applications that bring a test runner of their own, as those of `npm run new` do: `npm test` runs that. */
const selfTested = readdirSync('apps').filter((app) => {
  const { scripts } = JSON.parse(readFileSync(`apps/${app}/package.json`, 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return scripts?.test !== undefined;
});

/** Properties are tried with the same values each time, so that a test run tells of the change; `npm run fuzz` draws new ones. */
const seed = process.env['SKYNET_FUZZ'] === undefined ? 20_261_129 : undefined;
const FAST_CHECK = "import fc from 'fast-check';";

function withSeed(code: string, seed: number): string | undefined {
  if (!code.includes(FAST_CHECK)) return undefined;
  return code.replace(FAST_CHECK, `${FAST_CHECK} fc.configureGlobal({ seed: ${seed} });`);
}

// Tests run from the sources, so no build is needed but for those that start threads or the command line.
export default defineConfig({
  // What the hooks of `@skynet/snax` do where Node loads scripts.
  plugins: [
    {
      name: 'snax-join',
      enforce: 'post',
      transform: (code, id) =>
        code.includes('defineSnax')
          ? joinLocals(code, readFileSync(id.split('?')[0] ?? id, 'utf8'))
          : undefined,
    },
    {
      name: 'one-seed',
      enforce: 'pre',
      transform: (code) => (seed === undefined ? undefined : withSeed(code, seed)),
    },
  ],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...selfTested.map((app) => `apps/${app}/**`)],
    globalSetup: './scripts/debian-packages.mjs',
    reporters: ['default', './scripts/vitest-tally.mjs'],
    // Many tests wait for programs they started: two at a time are quicker on two processors, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Generous: what hangs is told of by its own waits, and a busy machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
