import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';
import { type RunOptions, runTranscript } from './run-transcript.ts';

/** Folder of the book's examples. */
export const BOOK: string = path.resolve(import.meta.dirname, '../../book');
const ENDING = '.transcript.txt';

/** Transcripts of a chapter folder such as `ch06`, in the order of their names. */
export function transcriptsOf(chapter: string): string[] {
  return readdirSync(path.join(BOOK, chapter))
    .filter((name) => name.endsWith(ENDING))
    .sort()
    .map((name) => path.join(BOOK, chapter, name));
}

/** Folders of the book's chapters. */
export function chapters(): string[] {
  return readdirSync(BOOK).filter((name) => /^ch\d\d$/.test(name));
}

/** A test for every transcript of a chapter. Each gets a node of its own. */
export function testChapter(chapter: string, options?: () => RunOptions | Promise<RunOptions>): void {
  describe(chapter, () => {
    for (const file of transcriptsOf(chapter)) {
      test(path.basename(file, ENDING), async () => await runTranscript(file, await options?.()));
    }
  });
}
