import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Bytes that a page loads for the client, without cbor-x. */
const BUDGET = 12 * 1024;

test('the client of a page, login and connection included, stays below 12 kB of gzip', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { connect, login, webSocketDialer } from '@skynet/msgserver/client';
        export { connectPlayer } from '@skynet/player/client';`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['@skynet/source'],
    external: ['cbor-x'],
  });
  const bundle = Buffer.from(outputFiles[0]?.contents ?? '');
  expect(bundle.length).toBeGreaterThan(20_000);
  expect(bundle.toString()).not.toMatch(/\bfrom\s*["']node:/);
  expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
});
