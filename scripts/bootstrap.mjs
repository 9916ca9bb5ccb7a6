// Installs the workspace where only Node and npm are present. Does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const stamp = path.join(root, 'node_modules', '.skynet-install');
const pnpmFolder = path.join(root, 'tools', 'pnpm');
const pnpm = path.join(pnpmFolder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
const lock = path.join(root, '.bootstrap.lock');
const STALE_LOCK = 600_000;

/** What an installation depends on, as one hash. */
function fingerprint() {
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tools/pnpm/package-lock.json'];
  for (const folder of ['packages', 'apps']) {
    for (const name of readdirSync(path.join(root, folder)).sort()) files.push(path.join(folder, name, 'package.json'));
  }
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}-${process.versions.modules}`);
  for (const file of files) {
    if (existsSync(path.join(root, file))) hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function run(command, args, cwd) {
  // pnpm refuses to replace node_modules without a terminal unless told that this is CI.
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], env: { ...process.env, CI: 'true' } });
  if (result.error?.code === 'ENOENT') stop(`${command} was not found. Install it (it comes with Node.js) and try again.`);
  if (result.status !== 0) {
    stop(
      `"${command} ${args.join(' ')}" failed (${result.status ?? result.signal}).\n` +
        'If packages could not be fetched: connect once to your npm registry; afterwards everything works offline.',
    );
  }
}

function stop(why) {
  rmSync(lock, { recursive: true, force: true });
  console.error(`\nskynet: ${why}`);
  process.exit(1);
}

/** Makes sure that one process installs at a time. */
function takeLock() {
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > STALE_LOCK) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(sleep, 0, 0, 200);
    }
  }
}

/** Whether this Node can run the project; ends the process with a clear word if not. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`skynet: Node.js 20.19 or newer is needed, this is ${process.versions.node}.`);
    process.exit(1);
  }
}

export function bootstrap() {
  checkNode();
  const wanted = fingerprint();
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isDone()) return;
  takeLock();
  try {
    if (isDone()) return;
    const version = JSON.parse(readFileSync(path.join(pnpmFolder, 'package.json'), 'utf8')).dependencies.pnpm;
    const manifest = path.join(pnpmFolder, 'node_modules', 'pnpm', 'package.json');
    const installed = existsSync(pnpm) && JSON.parse(readFileSync(manifest, 'utf8')).version;
    console.error('skynet: installing packages …');
    if (installed !== version) {
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], pnpmFolder);
    }
    run(process.execPath, [pnpm, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only', '--loglevel=warn'], root);
    writeFileSync(stamp, wanted);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) bootstrap();
