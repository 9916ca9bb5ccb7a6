import { existsSync } from 'node:fs';
import path from 'node:path';
import { Bindings } from './bindings.ts';
import { Program } from './program.ts';
import { BY_HANDLE, isNode, type NumberedStep, readTranscript, type Transcript } from './transcript.ts';

const DEMO = path.resolve(import.meta.dirname, '../..');
const COMMAND = path.resolve(DEMO, '../../packages/core/dist/bin/skynet.js');
const CONFIG = path.join(DEMO, 'book/skynet.config.ts');

export interface RunOptions {
  /** Worker threads of the node. Default 1. */
  readonly thread?: number;
  /** Speed of the node's clock: 0.02 makes `sleep(500)` take 100 ms. Default 0.02. */
  readonly timeScale?: number;
  /** Ports of the book that are others here: `{ 8001: 43210 }`, both in what is typed and in what is printed. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Only the order of lines of the same service counts. For nodes with several threads. Default false. */
  readonly interleaved?: boolean;
}

/**
 * Plays a transcript through the real command line: types what it types, and compares every line that is printed.
 * @throws Error that says what was expected, what came instead, and all that was printed.
 */
export async function runTranscript(
  transcript: string | Transcript,
  options: RunOptions = {},
): Promise<void> {
  await new Run(typeof transcript === 'string' ? readTranscript(transcript) : transcript, options).play();
}

class Run {
  readonly #transcript: Transcript;
  readonly #options: RunOptions;
  readonly #programs = new Map<string, Program>();
  readonly #bindings = new Bindings();
  /** Programs whose last expected line ended in `…`: the rest of what they said then may have several lines. */
  readonly #open = new Set<Program>();
  readonly #endless = new Set<string>();

  constructor(transcript: Transcript, options: RunOptions) {
    this.#transcript = transcript;
    this.#options = options;
  }

  async play(): Promise<void> {
    try {
      for (const step of this.#steps()) await this.#attempt(step);
      // Clients first: a node says something when they go.
      for (const [name, program] of [...this.#programs].reverse()) await this.#finish(name, program);
    } finally {
      await Promise.allSettled([...this.#programs.values()].map((program) => program.stop()));
    }
  }

  #steps(): readonly NumberedStep[] {
    const { steps } = this.#transcript;
    return this.#options.interleaved ? gather(steps) : steps;
  }

  async #attempt(step: NumberedStep): Promise<void> {
    try {
      await this.#do(step);
    } catch (error) {
      throw this.#failure(step.at, error instanceof Error ? error.message : String(error), wanted(step));
    }
  }

  async #do(step: NumberedStep): Promise<void> {
    if (step.kind === 'start') {
      const program = new Program(
        step.program,
        this.#command(step.command),
        this.#surroundings(step.command),
      );
      this.#programs.set(step.program, program);
      if (step.command[0] === 'skynet' && !step.boot) await bootLines(program);
      return;
    }
    const program = this.#programs.get(step.program);
    if (program === undefined) throw new Error(`${step.program} was not started`);
    if (step.kind === 'type') program.type(this.#bindings.toOurs(this.#toOurs(step.text)));
    else if (step.kind === 'expect') await this.#expect(program, [step.line]);
    else if (step.kind === 'interleaved') await this.#expect(program, ...groupBy(step.lines, step.by));
    else if (step.kind === 'exits') await program.ended();
    else if (step.kind === 'more') this.#endless.add(step.program);
    else if (step.key === '^D') program.endInput();
    else program.signal('SIGINT');
  }

  /** Compares the program's next lines: each must be the first that is left in one of the groups. */
  async #expect(program: Program, ...groups: (readonly string[])[]): Promise<void> {
    let left = groups;
    while (left.some((lines) => lines.length > 0)) {
      const line = this.#toBook(await this.#nextLine(program)).trimEnd();
      const found = left.findIndex(([first]) => first !== undefined && this.#bindings.matches(first, line));
      if (found < 0) throw new Error(`another line came:\n  ${line}`);
      const expected = left[found]?.[0] ?? '';
      if (expected.endsWith('…')) this.#open.add(program);
      else this.#open.delete(program);
      left = left.map((lines, i) => (i === found ? lines.slice(1) : lines));
    }
  }

  async #nextLine(program: Program): Promise<string> {
    for (;;) {
      const line = await program.next();
      if (!this.#open.has(program) || line.startsWith('[:')) return line;
    }
  }

  async #finish(name: string, program: Program): Promise<void> {
    const unread = await program.stop().catch((error: Error) => {
      throw this.#failure(undefined, error.message, `the end of ${name}`);
    });
    if (this.#open.has(program)) {
      while (unread[0]?.startsWith('[:') === false) unread.shift();
    }
    if (unread.length > 0 && !this.#endless.has(name)) {
      throw this.#failure(
        undefined,
        `${name} printed more than the transcript has:\n  ${unread.join('\n  ')}`,
      );
    }
    if (isNode(name) && program.exit !== 0)
      throw this.#failure(undefined, `the node ended with ${program.exit}`);
  }

  /** `skynet key=value…` starts a node, the keys given as environment; other names are programs in `client/`. */
  #command([name = '', ...args]: readonly string[]): string[] {
    if (name === 'skynet') {
      if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: run "npm run build"`);
      return [process.execPath, COMMAND, CONFIG];
    }
    const client = path.join(DEMO, 'client', `${name}.ts`);
    return [process.execPath, '--import', 'tsx', client, ...args.map((arg) => this.#toOurs(arg))];
  }

  #surroundings([name, ...args]: readonly string[]): { cwd: string; env: Record<string, string> } {
    const { thread = 1, timeScale = 0.02, ports = {} } = this.#options;
    const env: Record<string, string> = {
      NODE_OPTIONS: '',
      // As the book's servers.
      SKYNET_HOST: '0.0.0.0',
      SKYNET_THREAD: String(thread),
      SKYNET_TIME_SCALE: String(timeScale),
    };
    for (const [book, ours] of Object.entries(ports)) env[`SKYNET_PORT_${book}`] = String(ours);
    if (name === 'skynet') {
      for (const arg of args) {
        const [key = '', value = ''] = arg.split('=');
        env[`SKYNET_${key.toUpperCase()}`] = this.#toOurs(value);
      }
    }
    return { cwd: DEMO, env };
  }

  #toOurs(text: string): string {
    return this.#replacePorts(text, (book, ours) => [book, ours]);
  }

  #toBook(text: string): string {
    return this.#replacePorts(text, (book, ours) => [ours, book]);
  }

  #replacePorts(text: string, direction: (book: string, ours: string) => [string, string]): string {
    let result = text;
    for (const [book, ours] of Object.entries(this.#options.ports ?? {})) {
      const [from, to] = direction(book, String(ours));
      result = result.replace(new RegExp(`\\b${from}\\b`, 'g'), to);
    }
    return result;
  }

  #failure(at: number | undefined, why: string, waitedFor?: string): Error {
    const printed = [...this.#programs.values()]
      .map(({ name, lines }) => `--- ${name} printed:\n${lines.join('\n')}`)
      .join('\n');
    const where = at === undefined ? this.#transcript.file : `${this.#transcript.file}:${at}`;
    return new Error(
      `${where}\n${waitedFor === undefined ? '' : `waited for: ${waitedFor}\n`}${why}\n${printed}`,
    );
  }
}

/** Reads what a node prints until its bootstrap service is done. */
async function bootLines(node: Program): Promise<void> {
  for (;;) {
    if (/^\[:..000002\] KILL self$/.test(await node.next())) return;
  }
}

function groupBy(lines: readonly string[], by: RegExp): string[][] {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const key = by.exec(line)?.[0] ?? line;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()];
}

/** Makes runs of expected lines of one program an interleaved block. */
function gather(steps: readonly NumberedStep[]): NumberedStep[] {
  const gathered: NumberedStep[] = [];
  for (const step of steps) {
    const last = gathered.at(-1);
    if (step.kind !== 'expect' || !isNode(step.program)) gathered.push(step);
    else if (last?.kind === 'interleaved' && last.program === step.program && last.by === BY_HANDLE) {
      gathered[gathered.length - 1] = { ...last, lines: [...last.lines, step.line] };
    } else
      gathered.push({
        kind: 'interleaved',
        program: step.program,
        lines: [step.line],
        by: BY_HANDLE,
        at: step.at,
      });
  }
  return gathered;
}

function wanted(step: NumberedStep): string {
  if (step.kind === 'expect') return step.line;
  if (step.kind === 'interleaved') return `in any order of services\n  ${step.lines.join('\n  ')}`;
  return `${step.program}: ${step.kind}`;
}
