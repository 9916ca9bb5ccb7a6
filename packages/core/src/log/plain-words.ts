import type { LogSink } from './sink.ts';

/** Words of the log for what happens to services. */
export type LogWords = 'skynet' | 'plain';

/** The original's lines, and how the same is said in plain words. */
const LINES: readonly (readonly [begin: string, line: RegExp, plain: string])[] = [
  ['LAUNCH ', /^LAUNCH (?:snlua )?(?=\S)/, 'started '],
  ['RELOAD ', /^RELOAD (?:snlua )?(?=\S)/, 'reloaded '],
  ['KILL ', /^KILL self$/, 'ended'],
  ['KILL ', /^KILL (?=:[\da-f]+$)/, 'killed '],
];

/** The same log in plain words. Lines of services that look like those of the node are taken for them. */
export function inPlainWords(sink: LogSink): LogSink {
  return { ...sink, write: (source, text) => sink.write(source, plain(text)) };
}

function plain(text: string): string {
  for (const [begin, line, words] of LINES)
    if (text.startsWith(begin) && line.test(text)) return text.replace(line, words);
  return text;
}
