// Installs the workspace where only Node and npm are present. Does nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { locked } from './lock.mjs';

/** The top folder of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const stamp = path.join(root, 'node_modules', '.skynet-install');
const pnpmFolder = path.join(root, 'tools', 'pnpm');
const pnpm = path.join(pnpmFolder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
const pnpmStamp = path.join(pnpmFolder, 'node_modules', '.skynet-install');
const lock = path.join(root, '.bootstrap.lock');

// Without a network the first answer comes in seconds instead of minutes.
const PATIENCE = {
  npm_config_fetch_retries: '2',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '5000',
};

/** What an installation depends on, as one hash. Nothing in it is compiled, so it serves every version of Node. */
function fingerprint() {
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tools/pnpm/package-lock.json'];
  for (const folder of ['packages', 'apps']) {
    for (const name of readdirSync(path.join(root, folder)).sort())
      files.push(path.join(folder, name, 'package.json'));
  }
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of files) {
    if (existsSync(path.join(root, file)))
      hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

/** Runs a program; the lock is its, too, should this process be killed. */
function run(lockFile, command, args, cwd) {
  // pnpm refuses to replace node_modules without a terminal unless told that this is CI.
  const env = { ...process.env, ...PATIENCE, CI: 'true' };
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2, lockFile], env });
  if (result.error?.code === 'ENOENT')
    stop(`${command} was not found. It comes with Node.js: install it and try again.`);
  if (result.status === 0) return;
  const how = result.error?.message ?? result.signal ?? `exit code ${result.status}`;
  stop(
    `could not fetch packages; connect once, afterwards everything works offline.\n` +
      `(${path.basename(command)} ${args.map((arg) => path.basename(arg)).join(' ')}: ${how}; the reason stands above.)`,
  );
}

function stop(why) {
  rmSync(lock, { recursive: true, force: true });
  console.error(`\nskynet: ${why}`);
  process.exit(1);
}

/** Whether this Node can run the project; ends the process with a clear word if not. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`skynet: Node.js 20.19 or newer is needed, this is ${process.versions.node}.`);
  process.exit(1);
}

/** Installs what is missing. */
export function bootstrap() {
  checkNode();
  const wanted = fingerprint();
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isDone()) return;
  locked(lock, (lockFile) => {
    if (isDone()) return;
    console.error('skynet: installing packages …');
    fetchPackages(lockFile, '--frozen-lockfile');
    writeFileSync(stamp, wanted);
  });
}

/** Installs after a package.json of the workspace has changed, and writes down what that means. */
export function renewLock() {
  checkNode();
  locked(lock, (lockFile) => {
    fetchPackages(lockFile, '--no-frozen-lockfile');
    writeFileSync(stamp, fingerprint());
  });
}

function fetchPackages(lockFile, strictness) {
  if (!existsSync(pnpmStamp) || readFileSync(pnpmStamp, 'utf8') !== pnpmVersion()) {
    run(
      lockFile,
      'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
      pnpmFolder,
    );
    // Not what npm itself leaves: it may have been killed halfway.
    writeFileSync(pnpmStamp, pnpmVersion());
  }
  const quiet = ['--reporter=append-only', '--loglevel=error'];
  run(lockFile, process.execPath, [pnpm, 'install', strictness, '--prefer-offline', ...quiet], root);
}

function pnpmVersion() {
  return JSON.parse(readFileSync(path.join(pnpmFolder, 'package.json'), 'utf8')).dependencies.pnpm;
}

/** The environment in which the workspace's own binaries are found, and this Node before any other. */
export function environment() {
  const folders = ['node_modules/.bin', 'tools/pnpm/node_modules/.bin'].map((folder) =>
    path.join(root, folder),
  );
  const PATH = [...folders, path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
  return { ...process.env, PATH, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) bootstrap();
