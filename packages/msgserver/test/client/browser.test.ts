import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const source = path.resolve(import.meta.dirname, '../../src/client');

async function bundle(entry: string): Promise<{ inputs: string[]; text: string }> {
  const { metafile, outputFiles } = await build({
    entryPoints: [path.join(source, entry)],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@skynet/source'],
    platform: 'browser',
    minify: true,
    logLevel: 'silent',
    absWorkingDir: path.resolve(source, '../../../..'),
  });
  return { inputs: Object.keys(metafile.inputs), text: outputFiles[0]?.text ?? '' };
}

describe('the client in a bundle for browsers', () => {
  test('reaches nothing that only Node has, and little else', async () => {
    const { inputs, text } = await bundle('index.ts');
    expect(text).not.toMatch(/node:|\bprocess\.|\bBuffer\b|require\(/);
    const core = inputs.filter(
      (file) => file.startsWith('packages/core/src/') && !/\/(crypt|netpack)\//.test(file),
    );
    expect(core.sort()).toEqual(
      ['duration', 'errors', 'nearest', 'options'].map((name) => `packages/core/src/${name}.ts`),
    );
    expect(inputs.filter((file) => /^packages\/msgserver\/src\/[^/]+$/.test(file)).sort()).toEqual([
      'packages/msgserver/src/username.ts',
      'packages/msgserver/src/wire.ts',
    ]);
    expect(text.length).toBeLessThan(40_000);
  });

  test('the part for Node does not get into one', async () => {
    await expect(bundle('node.ts')).rejects.toThrow(/node:/);
  });
});
