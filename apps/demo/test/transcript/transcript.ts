import { readFileSync } from 'node:fs';

/** Programs of a transcript by name: `skynet` is the node whose lines carry no `@name`. */
export const NODE = 'skynet';

/** Whether a program is a node: that one, or one of several, `node2`. */
export function isNode(program: string): boolean {
  return program === NODE || /^node\d$/.test(program);
}

/** One thing that happens in a transcript, or is waited for. */
export type Step =
  /** Starts a program. `boot`: the lines a node prints while it starts are part of the transcript. */
  | {
      readonly kind: 'start';
      readonly program: string;
      readonly command: readonly string[];
      readonly boot: boolean;
    }
  /** Types a line. */
  | { readonly kind: 'type'; readonly program: string; readonly text: string }
  /** The program's next line. */
  | { readonly kind: 'expect'; readonly program: string; readonly line: string }
  /** The program's next lines, in the order of the transcript only where `by` gives the same text. */
  | {
      readonly kind: 'interleaved';
      readonly program: string;
      readonly lines: readonly string[];
      readonly by: RegExp;
    }
  /** Ends the program's input (`^D`), or interrupts it (`^C`). */
  | { readonly kind: 'key'; readonly program: string; readonly key: '^C' | '^D' }
  /** Waits until the program has ended. */
  | { readonly kind: 'exits'; readonly program: string }
  /** The program goes on for ever: more lines than the transcript shows are right. */
  | { readonly kind: 'more'; readonly program: string };

export type NumberedStep = Step & {
  /** Line of the transcript. */
  readonly at: number;
};

/** A file such as `ch06/testsleep.transcript.txt`. Its form is described in `docs/transcripts.md`. */
export interface Transcript {
  readonly file: string;
  readonly steps: readonly NumberedStep[];
  /** Deliberate differences it uses, by their names in `docs/transcripts.md`. */
  readonly differences: ReadonlySet<string>;
}

/** The service at the head of a log line. */
export const BY_HANDLE: RegExp = /^\[:[0-9a-f]+\]/;

/** Reads a transcript. @throws Error that names file and line, for lines that have no meaning. */
export function parseTranscript(text: string, file: string): Transcript {
  const steps: NumberedStep[] = [];
  const differences = new Set<string>();
  let difference: string | undefined;
  let block: { by: RegExp; lines: string[]; program: string; at: number } | undefined;

  for (const [index, raw] of text.split('\n').entries()) {
    const at = index + 1;
    const fail = (why: string): never => {
      throw new Error(`${file}:${at}: ${why}: ${raw}`);
    };
    let line = raw.trimEnd();
    if (line === '' || line === '#' || line.startsWith('# ')) continue;
    if (line.startsWith('! ')) {
      difference = line.slice(2);
      differences.add(difference);
      continue;
    }
    if (line.startsWith('- ') || line.startsWith('+ ')) {
      if (difference === undefined) fail('a difference needs a line "! name" above it');
      if (line.startsWith('- ')) continue;
      line = line.slice(2);
    } else difference = undefined;

    if (line === '@end') {
      if (block === undefined) return fail('nothing to end here');
      steps.push({ kind: 'interleaved', ...block });
      block = undefined;
      continue;
    }
    const interleaved = /^@interleaved(?: \/(.*)\/)?$/.exec(line);
    if (interleaved !== null) {
      const [, pattern] = interleaved;
      block = { by: pattern === undefined ? BY_HANDLE : new RegExp(pattern), lines: [], program: NODE, at };
      continue;
    }
    const step = parseLine(line) ?? fail('not a line of a transcript');
    if (block === undefined) steps.push({ ...step, at });
    else if (step.kind === 'expect' && step.program === block.program) block.lines.push(step.line);
    else fail('only lines of the node can be interleaved');
  }
  if (block !== undefined) throw new Error(`${file}:${block.at}: no @end`);
  return { file, steps: withBootLines(steps), differences };
}

export function readTranscript(file: string): Transcript {
  return parseTranscript(readFileSync(file, 'utf8'), file);
}

function parseLine(line: string): Step | undefined {
  const named = /^@(\w+) (.*)$/.exec(line);
  const program = named?.[1] ?? NODE;
  const rest = named?.[2] ?? line;
  const sign = rest.slice(0, 2);
  if (sign === '$ ') return { kind: 'start', program, command: rest.slice(2).split(/\s+/), boot: false };
  if (sign === '> ') return { kind: 'type', program, text: rest.slice(2) };
  if (sign === '< ') return { kind: 'expect', program, line: rest.slice(2) };
  if (rest === '^C' || rest === '^D') return { kind: 'key', program, key: rest };
  if (rest === 'exits' || rest === 'more') return { kind: rest, program };
  if (rest.startsWith('[:')) return { kind: 'expect', program, line: rest };
  return undefined;
}

/** A start that is followed at once by a line of the same program shows how the node comes up. */
function withBootLines(steps: readonly NumberedStep[]): NumberedStep[] {
  return steps.map((step, i) => {
    if (step.kind !== 'start') return step;
    const next = steps[i + 1];
    const isShown = next?.kind === 'expect' || next?.kind === 'interleaved';
    return { ...step, boot: isShown && next.program === step.program };
  });
}
