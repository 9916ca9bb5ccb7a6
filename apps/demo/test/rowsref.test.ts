import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../rowsref/rowsref.ts', import.meta.url));

function rowsref(args: string[], input: string): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--import', 'tsx', PROGRAM, ...args], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

describe('the runner for golden rows', () => {
  test('protocol buffers: bytes and the JSON mapping, row by row; a row that fails is a result', async () => {
    const files = {
      'rows.proto': `syntax = "proto2"; package rows;
        enum Kind { HOME = 0; WORK = 1; }
        message M {
          optional int64 wide = 1; optional bytes raw = 2; repeated bytes list = 3; optional Kind kind = 4 [default = WORK];
          optional M inner = 5; map<string, bytes> map = 6; optional double real = 7;
        }`,
    };
    const json = {
      wide: '-9223372036854775808',
      raw: '/wA=',
      list: ['', 'AQ=='],
      kind: 'WORK',
      inner: { raw: 'Ag==' },
      map: { a: 'Aw==' },
      real: 'NaN',
    };
    const hex =
      '08808080808080808080011202ff001a001a01012001' + '2a03120102' + '32060a016112010339000000000000f87f';
    const rows = [
      { kind: 'encode', message: 'rows.M', json },
      { kind: 'decode', message: 'rows.M', hex },
      { kind: 'decode', message: 'rows.M', hex: '0880' },
      { kind: 'encode', message: 'rows.M', json: { nobody: 1 } },
    ];
    const { status, stdout } = await rowsref(['pbc'], JSON.stringify({ family: 'pbc', files, rows }));
    expect(JSON.parse(stdout)).toEqual([
      { json, hex },
      { json, hex },
      { err: expect.stringContaining('cannot be decoded') },
      { err: 'rows.M has no field "nobody"' },
    ]);
    expect(status).toBe(0);
  });

  test('snax: numbers and bytes of methods, values that come back, errors; Lua text is left to be judged by hand', async () => {
    const steps = [
      { op: 'bytes', name: 'counter', group: 'response', method: 'get', args: [] },
      { op: 'snaxnew', name: 'counter', args: [{ i: '3' }], as: 'a' },
      { op: 'req', of: 'a', method: 'echo', args: [{ i: '1' }, null, true, { s: '00ff' }] },
      { op: 'req', of: 'a', method: 'nobody', args: [] },
      { op: 'req', of: 'a', method: 'slow', args: [{ i: '50' }, { i: '1' }], background: true },
      { op: 'hotfix', of: 'a', source: 'local count', args: [] },
    ];
    const { status, stdout } = await rowsref(['snax'], JSON.stringify({ family: 'snax', rows: [{ steps }] }));
    expect(JSON.parse(stdout)).toEqual([
      [
        { ok: [{ s: '0a07' }] },
        { ok: [true] },
        { ok: [{ i: '1' }, null, true, { s: '00ff' }] },
        { err: 'request counter:nobody no exist' },
        'waits',
        'skipped',
      ],
    ]);
    expect(status).toBe(0);
  });

  test.each([
    ['datacenter', '../../../packages/harbor/test/vectors/datacenter.json'],
    ['multicast', '../../../packages/core/test/vectors/multicast.json'],
  ])('%s: every step comes to what it came to in the original', async (family, file) => {
    interface Rows {
      readonly rows: readonly { readonly steps: readonly { readonly result: unknown }[] }[];
    }
    const input = readFileSync(new URL(file, import.meta.url), 'utf8');
    const { status, stdout } = await rowsref([family], input);
    expect(status).toBe(0);
    // Texts of errors are our own.
    const expected = (JSON.parse(input) as Rows).rows.map(({ steps }) =>
      steps.map(({ result }) =>
        typeof result === 'object' && result !== null && 'err' in result
          ? { err: expect.any(String) }
          : result,
      ),
    );
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  test.each([
    [[], '', 'one family is expected'],
    [['nobody'], '', 'there is no family nobody'],
    [['../rowsref'], '', 'there is no family ../rowsref'],
    [['pbc', '--port', 'x'], '', 'not a port: x'],
    [['pbc'], 'no json', 'standard input is no file of rows'],
  ])('%j: status 2, and nothing on standard output', async (args, input, why) => {
    const { status, stdout, stderr } = await rowsref(args, input);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`rowsref: ${why}`);
    expect(stderr).toMatch(/^families: .*\bpbc\b/m);
  });
});
