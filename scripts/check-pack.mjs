// npm run check:pack: packs every package that can be published, checks the archives, installs them in an empty folder and
// uses them as a stranger would. With a folder (npm run check:pack -- FOLDER) it leaves the archives there.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { archiveOf, checkArchives, packAll, run, temporaryFolder, useInstalled } from './archives.mjs';
import { bootstrap } from './bootstrap.mjs';
import { build } from './build.mjs';

bootstrap();
build();
const folder = temporaryFolder('pack');
const packages = packAll(folder);
const archives = packages.map((manifest) => archiveOf(folder, manifest));
await checkArchives(folder, packages);
writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
run('installing', 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...archives], folder);
await useInstalled(folder, packages);
for (const { name, version } of packages) console.log(`${name} ${version}`);

const [wanted] = process.argv.slice(2);
if (wanted !== undefined) {
  mkdirSync(wanted, { recursive: true });
  for (const archive of archives) copyFileSync(archive, path.join(wanted, path.basename(archive)));
  console.log(`${archives.length} archives in ${path.resolve(wanted)}`);
}
