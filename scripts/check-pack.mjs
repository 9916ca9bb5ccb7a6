// npm run check:pack: packs every package that can be published, installs the archives in an empty folder and uses
// them as a stranger would: import and require of every entry point, their types, source maps, the commands. With a
// folder (npm run check:pack -- FOLDER) it leaves the archives there.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bootstrap, environment, root } from './bootstrap.mjs';
import { build } from './build.mjs';

bootstrap();
build();
const folder = mkdtempSync(path.join(os.tmpdir(), 'skynet-pack-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function run(title, command, args, cwd = folder) {
  const result = spawnSync(command, args, { cwd, env: environment(), encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\nskynet: ${title} failed\n`);
  process.exit(1);
}

const manifests = readdirSync(path.join(root, 'packages'))
  .map((name) => path.join(root, 'packages', name))
  .filter((location) => existsSync(path.join(location, 'src')))
  .map((location) => ({ location, ...JSON.parse(readFileSync(path.join(location, 'package.json'), 'utf8')) }))
  .filter((manifest) => !manifest.private);

for (const { name, location } of manifests) {
  run(`packing ${name}`, 'pnpm', ['pack', '--pack-destination', folder], location);
}
writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
const archives = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
run('installing', 'npm', [
  'install',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  ...archives.map((file) => `./${file}`),
]);

for (const { name, exports, bin } of manifests) {
  const entries = Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => path.posix.join(name, key));
  const installed = path.join(folder, 'node_modules', name);
  for (const entry of entries) {
    const isEmpty = 'if (Object.keys(m).length === 0) throw new Error("exports nothing")';
    run(`import ${entry}`, process.execPath, [
      '-e',
      `import(${JSON.stringify(entry)}).then((m) => { ${isEmpty} })`,
    ]);
    run(`require ${entry}`, process.execPath, [
      '-e',
      `const m = require(${JSON.stringify(entry)}); ${isEmpty}`,
    ]);
  }
  const program = entries.map((entry, i) => `import * as m${i} from '${entry}';\nvoid m${i};\n`).join('');
  const file = `${name.replace('@skynet/', '')}.ts`;
  writeFileSync(path.join(folder, file), program);
  const types = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  const typeRoots = ['--typeRoots', path.join(root, 'node_modules/@types')];
  run(`types of ${name}`, 'tsc', [...types, ...typeRoots, file]);
  for (const map of readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!map.endsWith('.map')) continue;
    const location = path.join(installed, 'dist', map);
    const { sources, sourcesContent } = JSON.parse(readFileSync(location, 'utf8'));
    if (sourcesContent !== undefined) {
      console.error(`skynet: ${name}: ${map} holds the sources, which are packed already`);
      process.exit(1);
    }
    for (const source of sources) {
      if (existsSync(path.resolve(path.dirname(location), source))) continue;
      console.error(`skynet: ${name}: ${map} points at ${source}, which is not packed`);
      process.exit(1);
    }
  }
  for (const command of Object.keys(bin ?? {})) {
    run(command, path.join(folder, 'node_modules/.bin', command), ['--help']);
  }
  console.log(`${name}: ${entries.join(', ')}${bin ? `; commands ${Object.keys(bin).join(', ')}` : ''}`);
}

const [wanted] = process.argv.slice(2);
if (wanted !== undefined) {
  mkdirSync(wanted, { recursive: true });
  for (const archive of archives) copyFileSync(path.join(folder, archive), path.join(wanted, archive));
  console.log(`${archives.length} archives in ${path.resolve(wanted)}`);
}
