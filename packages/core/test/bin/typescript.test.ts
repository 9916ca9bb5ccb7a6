import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

// The command and its threads are the built package: `npm test` builds before it tests.

const CORE = fileURLToPath(new URL('../..', import.meta.url));

/** A project folder as a user has it, with tsx installed; returns what a node started there logs. */
function logOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-typescript-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules/@skynet'), { recursive: true });
  symlinkSync(CORE, path.join(folder, 'node_modules/@skynet/core'));
  symlinkSync(path.join(CORE, 'node_modules/tsx'), path.join(folder, 'node_modules/tsx'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return execFileSync(process.execPath, [path.join(CORE, 'dist/bin/skynet.js'), 'skynet.config.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
}

test('enums, parameter properties and imports without endings run on every version of Node, in every thread', () => {
  const log = logOf({
    'package.json': '{ "type": "module" }',
    'skynet.config.ts': `export default { start: 'main', services: ['./services/?'], thread: 2 } satisfies object;`,
    'services/kinds.ts': `export enum Kind { A = 'a', B = 'b' }
      export interface Thing { kind: Kind }
      export class Box { constructor(readonly kind: Kind) {} }`,
    'services/tells.ts': `import { defineService } from '@skynet/core';
      import { Box, Kind, Thing } from './kinds';
      export default defineService((skynet) => {
        const thing: Thing = new Box(Kind.B);
        skynet.error('the kind is', thing.kind);
      });`,
    'services/main.ts': `import { defineService } from '@skynet/core';
      export default defineService(async (skynet) => {
        for (const thread of [0, 1]) await skynet.newService({ name: 'tells', thread });
        skynet.abort();
      });`,
  });
  expect(log.match(/the kind is b/g)).toHaveLength(2);
});
