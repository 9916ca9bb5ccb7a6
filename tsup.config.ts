import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  exports?: Record<string, string | { '@skynet/source'?: string }>;
  bin?: Record<string, string>;
}

/** What a thread runs that shares nothing with others: one file without the loader of ES modules starts soonest. */
const ALONE = ['packages/core/src/node/watchdog-main.ts'];

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

/** How these files of a package are built. */
function built(folder: string, files: string[], format: 'esm' | 'cjs'): Options {
  return {
    name: folder,
    entry: Object.fromEntries(
      files.map((file) => [path.relative(`${folder}/src`, file).replace(/\.ts$/, ''), file]),
    ),
    outDir: `${folder}/dist`,
    tsconfig: `${folder}/tsconfig.build.json`,
    format: [format],
    target: 'node20',
    platform: 'node',
    splitting: format === 'esm',
    dts: false,
    sourcemap: true,
    // The sources are in the archive already, where the maps find them.
    esbuildOptions(options) {
      options.sourcesContent = false;
    },
    clean: false,
    silent: true,
    external: [/^[^./]/],
  };
}

const packages = readdirSync('packages')
  .map((name) => `packages/${name}`)
  .filter((folder) => existsSync(path.join(folder, 'package.json')) && entriesOf(folder).length > 0);

// One process builds every package: JavaScript only, declarations come from `tsc -b`.
export default defineConfig([
  ...packages.map((folder) =>
    built(
      folder,
      entriesOf(folder).filter((file) => !ALONE.includes(file)),
      'esm',
    ),
  ),
  ...ALONE.map((file) => built(file.replace(/\/src\/.*/, ''), [file], 'cjs')),
]);
