import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { testProgram } from '../../../test/programs.ts';

const PROTOS = fileURLToPath(new URL('../book/ch17/protos', import.meta.url));
const PBC_TYPES = fileURLToPath(new URL('../../../packages/pbc/dist/bin/pbc-types.js', import.meta.url));
const NAMES = ['test', 'person'];

const protoc = testProgram('protoc');
const why = protoc.missing === undefined ? '' : ` (left out: ${protoc.missing})`;

test.skipIf(protoc.file === undefined)(`the book's descriptors are those of their .proto files${why}`, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skynet-protos-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of NAMES) {
    const made = path.join(folder, `${name}.pb`);
    execFileSync(protoc.file as string, ['-I', PROTOS, `--descriptor_set_out=${made}`, `${name}.proto`]);
    expect(readFileSync(made).equals(readFileSync(path.join(PROTOS, `${name}.pb`)))).toBe(true);
  }
});

test('their types are what the command makes of them', () => {
  const files = NAMES.map((name) => path.join(PROTOS, `${name}.pb`));
  const made = execFileSync(process.execPath, [PBC_TYPES, ...files], { encoding: 'utf8' });
  expect(made).toBe(readFileSync(path.join(PROTOS, 'messages.ts'), 'utf8'));
});
