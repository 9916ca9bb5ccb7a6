import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Milliseconds that a program may take for what a test waits for. */
const LIMIT = 60_000;

/** A program that a test runs, and what it writes. */
export class Program {
  /** What it has written so far, to both outputs. */
  output = '';
  /** Its exit code; that of a signal is -1. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #title: string;
  readonly #heard = new Set<() => void>();
  #isOver = false;

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd: string; env?: Readonly<Record<string, string>>; input?: boolean },
  ) {
    this.#title = [command, ...args].join(' ');
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...options.env };
    // What the tests' own npm has set is not for the npm of a stranger.
    for (const name of Object.keys(env))
      if (/^npm_/i.test(name) && options.env?.[name] === undefined) delete env[name];
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        for (const hear of this.#heard) hear();
      });
    this.#child.stdin?.on('error', () => {}); // it has ended
    if (options.input !== true) this.#child.stdin?.end();
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.output += error.message;
      });
      this.#child.on('close', (code) => {
        this.#isOver = true;
        for (const hear of this.#heard) hear();
        resolve(code ?? -1);
      });
    });
  }

  /** Waits until it has written something like this. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (why?: string): void => {
        const found = pattern.exec(this.output);
        const reason = found === null && this.#isOver ? 'it has ended' : why;
        if (found === null && reason === undefined) return;
        clearTimeout(timer);
        this.#heard.delete(hear);
        if (found !== null) resolve(found);
        else reject(new Error(`${this.#title} did not say ${pattern}: ${reason}; it said:\n${this.output}`));
      };
      const hear = (): void => settle();
      const timer = setTimeout(settle, LIMIT, 'not in time');
      this.#heard.add(hear);
      hear();
    });
  }

  /** Waits until it has ended by itself with code 0; returns what it has written. */
  async succeeded(): Promise<string> {
    const code = await this.ended;
    if (code !== 0) throw new Error(`${this.#title} ended with ${code}; it said:\n${this.output}`);
    return this.output;
  }

  /** Types a line; `input` says that there will be some. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Sends a signal to the program alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it and what it has started. */
  kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  }
}

/** Ends a program, and what it has started, when the test ends. */
export function endedAfterTest(program: Program): Program {
  onTestFinished(async () => {
    program.kill();
    await program.ended;
  });
  return program;
}
