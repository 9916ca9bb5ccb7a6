import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a service reads standard input to its end', async () => {
  const program = fileURLToPath(new URL('./fixtures/echo-stdin.ts', import.meta.url));
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--conditions=@skynet/source', '--import', 'tsx', program],
      (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))),
    );
    child.stdin?.end('one\ntwo\nrest');
  });
  expect(output).toBe('ONE\nTWO\nend rest\n');
});
