import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { testProgram } from '../../../test/programs.ts';

/** Folder of the .proto files that tests use. */
export const PROTOS: string = fileURLToPath(new URL('./fixtures/protos', import.meta.url));

const GOOGLE = fileURLToPath(new URL('./fixtures/google', import.meta.url));

const { file, missing } = testProgram('protoc');

/** Why tests that compare with protoc are left out; undefined where it is there. */
export const NO_PROTOC: string | undefined = missing;

/** Appended to titles of tests that are left out. */
export const WHY_NOT: string = missing === undefined ? '' : ` (left out: ${missing})`;

function run(args: string[], input?: Uint8Array | string): Buffer {
  const options = input === undefined ? {} : { input };
  return execFileSync(file as string, ['-I', PROTOS, '-I', GOOGLE, ...args], {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** A message in text format as bytes. */
export function protocEncode(proto: string, type: string, text: string): Buffer {
  return run([`--encode=${type}`, proto], text);
}

/** Bytes of a message in text format. Throws for bytes that are none. */
export function protocDecode(proto: string, type: string, bytes: Uint8Array): string {
  return run([`--decode=${type}`, proto], bytes).toString();
}

/** Descriptor set of files. */
export function protocCompile(protos: readonly string[], ...options: string[]): Buffer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skynet-protoc-'));
  try {
    run([`--descriptor_set_out=${folder}/set.pb`, ...options, ...protos]);
    return readFileSync(`${folder}/set.pb`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
