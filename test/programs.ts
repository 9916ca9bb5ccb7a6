import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** A program that tests compare with or talk to, or why it cannot be used. */
export type TestProgram =
  | { readonly file: string; readonly missing: undefined }
  | { readonly file: undefined; readonly missing: string };

/**
 * Finds a program that `scripts/debian-packages.mjs` installs. Where it is missing, tests give `missing` as the reason
 * why they are left out (`test.skipIf`, and in their title); in CI that is an error.
 */
export function testProgram(name: string): TestProgram {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return { file, missing: undefined };
    } catch {
      // Looked for elsewhere.
    }
  }
  const missing = `${name} is not installed: run "node scripts/debian-packages.mjs ${name}" as root`;
  if (process.env.CI !== undefined) throw new Error(missing);
  console.error(`skynet: tests are left out: ${missing}`);
  return { file: undefined, missing };
}
