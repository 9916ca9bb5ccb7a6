import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { declareMessages } from '../src/declarations.ts';
import { readSources, textSources } from '../src/source.ts';
import { TypeTable } from '../src/type-table.ts';
import { PROTOS } from './protoc.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The command as it is built, with what it ends. */
function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [here('../dist/bin/pbc-types.js'), ...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('the types that the tests use are those of the files', () => {
  const types = new TypeTable();
  for (const name of ['two.proto', 'three.proto'])
    types.register((isRegistered) => readSources(path.join(PROTOS, name), { folders: [], isRegistered }));
  expect(declareMessages(types, 'two.proto, three.proto')).toBe(
    readFileSync(here('fixtures/messages.ts'), 'utf8'),
  );
});

test('names of types tell packages apart where they have to', () => {
  const types = new TypeTable();
  const text = (space: string): string => `syntax = "proto2"; package ${space};
    message One { optional Two two = 1; message Two { optional Kind kind = 1; enum Kind { A = 0; } } }
    message Messages {}
    enum Loose { L = 0; }`;
  for (const space of ['a', 'b.c'])
    types.register((isRegistered) =>
      textSources(space, text(space), undefined, { folders: [], isRegistered }),
    );
  const declared = [...declareMessages(types, 'text').matchAll(/^export (?:interface|type) (\w+)/gm)].map(
    ([, name]) => name,
  );
  expect(declared).toEqual([
    'Messages',
    'AOne',
    'AOneTwo',
    'AMessages',
    'BCOne',
    'BCOneTwo',
    'BCMessages',
    'AOneTwoKind',
    'ALoose',
    'BCOneTwoKind',
    'BCLoose',
  ]);
});

test('the command writes them, and says what is wrong', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skynet-pbc-types-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const out = path.join(folder, 'messages.ts');
  const files = ['two.proto', 'three.proto'].map((name) => path.join(PROTOS, name));
  const expected = readFileSync(here('fixtures/messages.ts'), 'utf8');
  expect(await run(...files)).toEqual({ status: 0, stdout: expected, stderr: '' });
  expect(await run('--folder', PROTOS, '--out', out, ...files)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  expect(readFileSync(out, 'utf8')).toBe(expected);
  expect(await run('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^usage: pbc-types/),
  });
  expect(await run()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^pbc-types: no file is given\nusage/),
  });
  expect(await run('--outt', out)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('usage: pbc-types'),
  });
  expect(await run(path.join(folder, 'nobody.proto'))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^pbc-types: cannot read .*nobody\.proto: ENOENT.*\n$/),
  });
});
