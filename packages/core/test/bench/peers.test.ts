import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { BenchCase, Measure } from '../../bench/case.ts';
import { Effort } from '../../bench/effort.ts';

interface PeersModule {
  cacheFolder(env: NodeJS.ProcessEnv, platform?: string, home?: string): string;
  findPeers(root: string, env?: NodeJS.ProcessEnv): string | undefined;
}

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const { cacheFolder, findPeers } = (await import(path.join(ROOT, 'scripts/bench/peers.mjs'))) as PeersModule;

/** All cases that have peers, by file. */
const cases = readdirSync(path.join(ROOT, 'packages')).flatMap((name) => {
  const folder = path.join(ROOT, 'packages', name, 'bench/cases');
  try {
    return readdirSync(folder).map((file) => path.join(folder, file));
  } catch {
    return [];
  }
});
const peers: [title: string, measure: Measure, count: number][] = [];
for (const file of cases) {
  const { default: bench } = (await import(file)) as { default: BenchCase };
  for (const [name, measure] of Object.entries(bench.peers ?? {}))
    peers.push([`${path.basename(file, '.ts')}:${name}`, measure, bench.lines.length]);
}

const folder = findPeers(ROOT);
if (folder === undefined)
  console.warn(
    'Other libraries are not tried beside ours: "npm run bench -- --peers call-int" fetches them.',
  );
const before = process.env['SKYNET_PEERS'];
beforeAll(() => {
  if (folder !== undefined) process.env['SKYNET_PEERS'] = folder;
});
afterAll(() => {
  if (before === undefined) delete process.env['SKYNET_PEERS'];
  else process.env['SKYNET_PEERS'] = before;
});

test('cases have the peers that can do them', () => {
  const names = peers.map(([title]) => title);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['call-int', 'call-object', 'spawn', 'idle-service-bytes-100k'].flatMap((each) => [
        `${each}:moleculer`,
        `${each}:nact`,
      ]),
      ...['int', 'int-64', 'object', 'object-64'].flatMap((each) => [
        `threads-call-${each}:comlink`,
        `threads-call-${each}:piscina`,
      ]),
      'ws-echo-100x32:colyseus',
      'room-broadcast-100x20hz:colyseus',
    ]),
  );
});

test.skipIf(folder === undefined).each(peers)(
  '%s can be measured (where the peers have been fetched)',
  async (_title, measure, count) => {
    const figures = await measure(new Effort(true));
    expect(figures).toHaveLength(count);
    for (const figure of figures) expect(figure).toSatisfy(Number.isFinite);
  },
  120_000,
);

test('their cache stands outside the workspace, where the system has its caches', () => {
  expect(cacheFolder({}, 'linux', '/home/anna')).toBe('/home/anna/.cache/skynet-bench-peers');
  expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux', '/home/anna')).toBe('/c/skynet-bench-peers');
  expect(cacheFolder({}, 'darwin', '/Users/anna')).toBe('/Users/anna/Library/Caches/skynet-bench-peers');
  expect(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32', '/home')).toBe('/local/skynet-bench-peers');
  expect(cacheFolder({ SKYNET_PEERS_CACHE: '/x', XDG_CACHE_HOME: '/c' }, 'linux', '/home')).toBe('/x');
});

test('without a network --peers says so, leaves nothing behind and ends with 3', () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'skynet-peers-'));
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
  const run = spawnSync(
    process.execPath,
    ['scripts/bench.mjs', 'call-int', '--peers', '--no-build', '--rounds', '1'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        SKYNET_PEERS_CACHE: path.join(cache, 'peers'),
        npm_config_cache: path.join(cache, 'npm'),
        npm_config_registry: 'http://127.0.0.1:1',
      },
    },
  );
  expect(run.stderr).toMatch(
    /the peers cannot be fetched into [\s\S]*ECONNREFUSED[\s\S]*\(ERR_BENCH_PEERS\)/,
  );
  expect(run.status).toBe(3);
  expect(run.stdout).not.toContain('call-int');
  expect(readdirSync(path.join(cache, 'peers'))).toEqual([]);
});
