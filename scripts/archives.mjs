// What is published: packing it, and what must hold of every archive.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { environment, root } from './bootstrap.mjs';
import { importTool } from './tools.mjs';

/** Kilobytes that an archive may have, packed. Who needs more looks first for what should not be in it. */
const BUDGET = { '@skynet/core': 1200, '@skynet/harbor': 500, default: 250 };
/** What a page loads to log in and play, and the kilobytes it may have: minified and gzipped, without `cbor-x`. */
const PAGE = `
export { connect, login, webSocketDialer } from '@skynet/msgserver/client';
export { connectPlayer } from '@skynet/player/client';`;
const PAGE_BUDGET = 13;

/** Runs a program; ends the process with what it has said when that fails. */
export function run(title, command, args, cwd, env = environment()) {
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 27 });
  if (result.status === 0) return result.stdout;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
  fail(`${title} failed`);
}

export function fail(why) {
  console.error(`skynet: ${why}`);
  process.exit(1);
}

/** A folder that goes when the process ends. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `skynet-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Manifests of all packages that are published, core first; `location` is the package's folder. */
export function publicPackages(top = root) {
  return readdirSync(path.join(top, 'packages'))
    .map((name) => path.join(top, 'packages', name))
    .filter((location) => existsSync(path.join(location, 'src')))
    .map((location) => ({
      location,
      ...JSON.parse(readFileSync(path.join(location, 'package.json'), 'utf8')),
    }))
    .filter((manifest) => !manifest.private)
    .sort((a, b) => Number(b.name === '@skynet/core') - Number(a.name === '@skynet/core'));
}

/** Where the archive of a package is after {@link packAll}. */
export function archiveOf(folder, { name, version }) {
  return path.join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

/** Packs every package that is published. */
export function packAll(folder, top = root) {
  mkdirSync(folder, { recursive: true });
  const packages = publicPackages(top);
  const filters = packages.flatMap(({ name }) => ['--filter', name]);
  run('packing', 'pnpm', [...filters, 'pack', '--pack-destination', folder], top);
  return packages;
}

/** What must hold of the archives themselves: publint, arethetypeswrong, source maps, sizes. */
export async function checkArchives(folder, packages) {
  const { publint } = await importTool('publint/src/index-node.js');
  const { formatMessage } = await importTool('publint/src/utils.js');
  const core = '@arethetypeswrong/core/dist';
  const { checkPackage } = await importTool(`${core}/checkPackage.js`);
  const { createPackageFromTarballData } = await importTool(`${core}/createPackage.js`);
  const objections = [];
  for (const manifest of packages) {
    const { name, exports } = manifest;
    const archive = archiveOf(folder, manifest);
    const size = statSync(archive).size / 1024;
    const budget = BUDGET[name] ?? BUDGET.default;
    if (size > budget) objections.push(`${name} has ${Math.ceil(size)} kB, more than its ${budget}`);
    const data = readFileSync(archive);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    const { messages, pkg } = await publint({ pack: { tarball: bytes.slice().buffer }, strict: true });
    for (const message of messages) objections.push(`${name}: publint: ${formatMessage(message, pkg)}`);
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    if (entries.length === 0) continue;
    const { types, problems = [] } = await checkPackage(createPackageFromTarballData(bytes));
    if (types === false) objections.push(`${name}: arethetypeswrong: there are no types`);
    for (const problem of problems) {
      // All of ours are ES modules; `require` of them works from Node 20.19 on.
      if (problem.kind === 'CJSResolvesToESM' || problem.resolutionKind === 'node10') continue;
      objections.push(`${name}: arethetypeswrong: ${problem.kind} ${problem.entrypoint ?? ''}`);
    }
  }
  if (objections.length > 0) fail(`archives that are not to be published:\n  ${objections.join('\n  ')}`);
}

/** Uses installed packages as a stranger does: every entry point by `import` and `require`, types, maps, commands. */
export async function useInstalled(folder, packages) {
  const entriesOf = ({ name, exports }) =>
    Object.keys(exports)
      .filter((key) => key !== './package.json')
      .map((key) => path.posix.join(name, key));
  const entries = packages.flatMap(entriesOf);
  const load = `
    const empty = [];
    for (const entry of ${JSON.stringify(entries)}) {
      if (Object.keys(await import(entry)).length === 0) empty.push('import ' + entry);
      if (Object.keys(require(entry)).length === 0) empty.push('require ' + entry);
    }
    if (empty.length > 0) throw new Error('exports nothing: ' + empty);`;
  run(
    'loading the entry points',
    process.execPath,
    ['-e', `(async () => {${load}})().catch((e) => { console.error(e); process.exit(1); })`],
    folder,
  );
  const program = entries.map((entry, i) => `import * as m${i} from '${entry}';\nvoid m${i};\n`).join('');
  writeFileSync(path.join(folder, 'entries.ts'), program);
  const types = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const typeRoots = ['--typeRoots', path.join(root, 'node_modules/@types')];
  run('types of the entry points', 'tsc', [...types, ...typeRoots, 'entries.ts'], folder);
  for (const { name, bin } of packages) {
    checkMaps(name, path.join(folder, 'node_modules', name));
    for (const command of Object.keys(bin ?? {}))
      run(command, path.join(folder, 'node_modules/.bin', command), ['--help'], folder);
  }
  await checkPage(folder);
}

/** Source maps point at sources in the archive, and do not hold them a second time. */
function checkMaps(name, installed) {
  for (const map of readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!map.endsWith('.map')) continue;
    const location = path.join(installed, 'dist', map);
    const { sources, sourcesContent } = JSON.parse(readFileSync(location, 'utf8'));
    if (sourcesContent !== undefined) fail(`${name}: ${map} holds the sources, which are packed already`);
    for (const source of sources)
      if (!existsSync(path.resolve(path.dirname(location), source)))
        fail(`${name}: ${map} points at ${source}, which is not packed`);
  }
}

/** What pages load stays small. */
async function checkPage(folder) {
  // Not at the top: it is installed by then.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: folder },
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
    external: ['cbor-x'],
    logLevel: 'error',
  });
  const size = gzipSync(outputFiles[0].contents).length / 1000;
  console.log(`the clients in a page: ${size.toFixed(1)} kB gzipped, of ${PAGE_BUDGET}`);
  if (size > PAGE_BUDGET) fail('what a page loads is larger than its budget');
}
