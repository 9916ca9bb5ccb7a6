import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'tsup';

interface Manifest {
  exports?: Record<string, string | { '@skynet/source'?: string }>;
  bin?: Record<string, string>;
}

/** Sources a package publishes: its entry points, its commands, and what its worker threads run. */
function entriesOf(folder: string): string[] {
  if (!existsSync(path.join(folder, 'src'))) return [];
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  const sources = Object.values(manifest.exports ?? {}).map((entry) =>
    typeof entry === 'string' ? undefined : entry['@skynet/source'],
  );
  const commands = Object.values(manifest.bin ?? {}).map((file) =>
    file.replace('/dist/', '/src/').replace(/\.js$/, '.ts'),
  );
  const workers = readdirSync(path.join(folder, 'src'), { recursive: true })
    .map((file) => `src/${String(file)}`)
    .filter((file) => file.endsWith('-main.ts'));
  return [...sources, ...commands, ...workers]
    .filter((file) => file !== undefined)
    .map((file) => path.join(folder, file))
    .filter((file) => existsSync(file));
}

// One process builds every package: JavaScript only, declarations come from `tsc -b`.
export default defineConfig(
  readdirSync('packages')
    .map((name) => ({ name, folder: `packages/${name}` }))
    .filter(({ folder }) => existsSync(path.join(folder, 'package.json')) && entriesOf(folder).length > 0)
    .map(({ name, folder }) => ({
      name,
      entry: Object.fromEntries(
        entriesOf(folder).map((file) => [path.relative(`${folder}/src`, file).replace(/\.ts$/, ''), file]),
      ),
      outDir: `${folder}/dist`,
      tsconfig: `${folder}/tsconfig.build.json`,
      format: ['esm' as const],
      target: 'node20',
      platform: 'node' as const,
      splitting: true,
      dts: false,
      sourcemap: true,
      // The sources are in the archive already, where the maps find them.
      esbuildOptions(options) {
        options.sourcesContent = false;
      },
      clean: false,
      silent: true,
      external: [/^[^./]/],
    })),
);
