// Other libraries that ours are measured beside (npm run bench -- --peers): fetched once, in the versions of tools/peers, into
// a folder outside the workspace.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FILES = ['package.json', 'package-lock.json'];
// Without a network the first answer comes in seconds instead of minutes.
const PATIENCE = {
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '3000',
};

/** The peers cannot be fetched: no network, no registry, no place for them. */
export class PeersError extends Error {
  code = 'ERR_BENCH_PEERS';
}

/** Where caches belong on this system; SKYNET_PEERS_CACHE says otherwise. */
export function cacheFolder(env = process.env, platform = process.platform, home = os.homedir()) {
  const of = { win32: env.LOCALAPPDATA, darwin: path.join(home, 'Library/Caches') }[platform];
  return (
    env.SKYNET_PEERS_CACHE ||
    path.join(env.XDG_CACHE_HOME || of || path.join(home, '.cache'), 'skynet-bench-peers')
  );
}

/** Where the peers of this version of the lock file belong. */
function placeOf(source, env) {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(readFileSync(path.join(source, file)));
  return path.join(cacheFolder(env), hash.digest('hex').slice(0, 16));
}

/** Folder of the peers, if they have been fetched. */
export function findPeers(root, env = process.env) {
  const folder = placeOf(path.join(root, 'tools/peers'), env);
  return existsSync(folder) ? folder : undefined;
}

/**
 * Fetches the peers where they are not there yet; returns their folder. Versions and checksums are those of the lock file;
 * nothing of theirs is run.
 * @throws PeersError.
 */
export function fetchPeers(root, env = process.env) {
  const source = path.join(root, 'tools/peers');
  const folder = placeOf(source, env);
  if (existsSync(folder)) return folder;
  let making;
  try {
    mkdirSync(path.dirname(folder), { recursive: true });
    making = mkdtempSync(`${folder}-`);
    for (const file of FILES) copyFileSync(path.join(source, file), path.join(making, file));
    const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: making,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...env, ...PATIENCE },
      shell: process.platform === 'win32',
    });
    if (npm.status !== 0)
      throw new Error(
        npm.error?.message ?? `npm ci ended with ${npm.status ?? npm.signal}\n${npm.stderr.trim()}`,
      );
    // Whole or not at all; somebody else may have been faster.
    if (!existsSync(folder)) renameSync(making, folder);
    return folder;
  } catch (error) {
    throw new PeersError(`the peers cannot be fetched into ${folder}: ${error.message}`);
  } finally {
    if (making !== undefined) rmSync(making, { recursive: true, force: true });
  }
}

/** What is measured, with versions: `moleculer 0.15.2, …`. */
export function peerVersions(root) {
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'tools/peers/package.json'), 'utf8'));
  return Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
}
