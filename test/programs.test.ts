import { afterEach, expect, test, vi } from 'vitest';
import { testProgram } from './programs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('a program is found on the path', () => {
  expect(testProgram('sh')).toEqual({ file: expect.stringMatching(/\/sh$/), missing: undefined });
});

test('where one is missing the reason is told, and in CI it is an error', () => {
  vi.stubEnv('CI', undefined);
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { missing } = testProgram('no-such-program');
  expect(missing).toMatch(/^no-such-program is not installed: run "node scripts\/debian-packages\.mjs/);
  expect(told).toHaveBeenCalledWith(expect.stringContaining('no-such-program'));
  vi.stubEnv('CI', 'true');
  expect(() => testProgram('no-such-program')).toThrow('not installed');
});
