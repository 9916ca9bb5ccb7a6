import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../../..');

/** A registry that has this repository's packages as they would be published, all others by the way of npm's own. */
export interface LocalRegistry {
  readonly url: string;
  readonly folder: string;
  close(): void;
}

interface RegistryModule {
  startRegistry(options: { folder: string; upstream: string }): Promise<{ url: string; close(): void }>;
}

/** Packs the built packages and serves them. */
export async function startLocalRegistry(): Promise<LocalRegistry> {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-registry-'));
  const pnpm = path.join(ROOT, 'tools/pnpm/node_modules/pnpm/bin/pnpm.cjs');
  const pack = ['--filter', './packages/*', 'pack', '--pack-destination', folder];
  await run(process.execPath, [pnpm, ...pack], { cwd: ROOT, maxBuffer: 1 << 26 });
  // Windows would need a shell for npm.
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd: ROOT });
  const module = (await import(path.join(ROOT, 'scripts/registry.mjs'))) as RegistryModule;
  const { url, close } = await module.startRegistry({ folder, upstream: stdout.trim() });
  return {
    url,
    folder,
    close: () => {
      close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
