import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { PatchSource } from './contract.ts';
import { snaxError } from './errors.ts';

/** A patch on its way: its text, or its module's file. */
export interface ReadSource {
  readonly kind: 'text' | 'file';
  /** The text, or the file. */
  readonly from: string;
  /** Where it is from, as versions show it. */
  readonly origin: string;
  readonly hash: string;
}

/** SHA-1 of a text, its first ten digits. */
export function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 10);
}

/** Looks what a patch is. One line that names a module, `./patches/p1.ts`, is a file, everything else text. */
export function readSource(skynet: Skynet, source: PatchSource): ReadSource {
  const { file, text } =
    typeof source === 'string' ? split(source) : ((source ?? {}) as { file?: unknown; text?: unknown });
  if (typeof text === 'string') return { kind: 'text', from: text, origin: 'text', hash: hashOf(text) };
  if (typeof file !== 'string' || file === '')
    throw snaxError('ERR_ARGUMENT', 'a patch is text, { text } or { file }');
  const location = file.startsWith('file:')
    ? fileURLToPath(file)
    : kernelOf(skynet).thread.modules.resolve(file);
  try {
    return { kind: 'file', from: location, origin: file, hash: hashOf(readFileSync(location, 'utf8')) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw snaxError('ERR_PATCH_SYNTAX', `patch ${file} cannot be read: ${reason}`, {
      cause: error,
      details: { file },
    });
  }
}

function split(source: string): { file?: string; text?: string } {
  return /^(\.{0,2}\/|file:)\S[^\n;(){}]*\.[mc]?[jt]s$/.test(source) ? { file: source } : { text: source };
}
