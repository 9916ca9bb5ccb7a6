// Tools of a release, installed when they are needed: they are no part of the everyday installation.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './bootstrap.mjs';
import { locked } from './lock.mjs';

const folder = path.join(root, 'tools/release');

/** Installs changesets, publint and arethetypeswrong, if they are not there. Returns the folder of their packages. */
export function releaseTools() {
  const wanted = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  const stamp = path.join(folder, 'node_modules/.skynet-install');
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (!isDone())
    locked(path.join(root, '.release-tools.lock'), (lockFile) => {
      if (isDone()) return;
      console.error('skynet: installing the tools of a release …');
      const args = [
        'ci',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
        '--loglevel=error',
      ];
      const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2, lockFile] });
      if (status !== 0) {
        console.error('skynet: could not fetch the tools of a release; connect once');
        process.exit(1);
      }
      writeFileSync(stamp, wanted);
    });
  return path.join(folder, 'node_modules');
}

/** Imports one of these tools by the path of a file in its package. */
export function importTool(file) {
  return import(pathToFileURL(path.join(releaseTools(), file)).href);
}
