import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How long a transcript waits for one line or for the end of a program, in milliseconds. */
const PATIENCE = 60_000;

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A running program of a transcript: what it prints, line by line, and its keyboard. */
export class Program {
  readonly name: string;
  /** Everything it printed so far, on both outputs. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #waiting: (() => void)[] = [];
  #read = 0;
  #ended = false;

  constructor(name: string, command: readonly string[], options: ProgramOptions) {
    this.name = name;
    const [file = '', ...args] = command;
    this.#child = spawn(file, args, { ...options, env: { ...process.env, ...options.env }, stdio: 'pipe' });
    this.#child.stdin?.on('error', () => {}); // it ended while we typed; its missing lines tell
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => {
          this.lines.push(line);
          this.#changed();
        });
      }
    }
    // Nothing of a transcript outlives the tests.
    const kill = (): void => this.signal('SIGKILL');
    process.once('exit', kill);
    const ended = (): void => {
      process.off('exit', kill);
      this.#ended = true;
      this.#changed();
    };
    this.#child.once('close', ended);
    this.#child.once('error', ended); // it never started
  }

  /** Code or signal it ended with; undefined while it runs. */
  get exit(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined;
  }

  type(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its next line that was not read yet. @throws Error if it ended, or printed nothing in time. */
  async next(): Promise<string> {
    await this.#until(() => this.#read < this.lines.length || this.#ended);
    const line = this.lines[this.#read];
    if (line === undefined) throw new Error(`${this.name} has ended (${this.exit ?? 'not started'})`);
    this.#read++;
    return line;
  }

  /** Waits for its end. @throws Error if it goes on. */
  async ended(): Promise<void> {
    await this.#until(() => this.#ended);
  }

  /** Ends it, at first politely. Returns the lines that were never read. */
  async stop(): Promise<string[]> {
    if (!this.#ended) this.signal('SIGTERM');
    try {
      await this.ended();
    } finally {
      if (!this.#ended) this.signal('SIGKILL');
    }
    return this.lines.slice(this.#read);
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #until(reached: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (!reached()) {
      let timer: NodeJS.Timeout | undefined;
      const inTime = await new Promise<boolean>((resolve) => {
        this.#waiting.push(() => resolve(true));
        timer = setTimeout(() => resolve(false), Math.max(0, deadline - Date.now()));
      });
      clearTimeout(timer);
      if (!inTime) throw new Error(`nothing happened within ${PATIENCE / 1000} s`);
    }
  }
}
