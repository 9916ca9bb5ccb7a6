import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The built command. */
export const COMMAND = fileURLToPath(new URL('../../dist/bin/skynet.js', import.meta.url));
const CORE = new URL('../../dist/index.js', import.meta.url).href;

/** How long a test waits for something before it says what it waited for. */
const PATIENCE = 60_000;

/** How the command is run. */
export interface RunOptions extends SpawnOptions {
  /** What runs it: words in front of its own, or what they are made to. */
  through?: readonly string[] | ((command: readonly string[]) => string[]);
}

/** How a process ended: `143`, or `SIGTERM`. */
export type Ending = number | NodeJS.Signals | null;

/** A folder with a configuration and services, as a user has it; it goes with the test. */
export class Project {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'skynet-project-'));

  /** `services` are bodies of start functions, by name: they see `skynet` and may await. */
  constructor(config: Record<string, unknown>, services: Readonly<Record<string, string>> = {}) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    mkdirSync(path.join(this.folder, 'services'));
    this.write('skynet.config.json', JSON.stringify(config));
    for (const [name, body] of Object.entries(services)) this.service(name, body);
  }

  service(name: string, body: string): void {
    this.write(
      `services/${name}.mjs`,
      `import { defineService } from ${JSON.stringify(CORE)};\nexport default defineService(async (skynet, ...args) => {\n${body}\n});\n`,
    );
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    try {
      return readFileSync(this.path(name), 'utf8');
    } catch {
      return '';
    }
  }

  /** Runs the command here; it is killed with the test. */
  start(options: RunOptions = {}): Run {
    return new Run(this, options);
  }
}

/** A running command. */
export class Run {
  readonly child: ChildProcess;
  /** What it has written so far, standard error too. */
  out = '';
  ending: Ending | undefined;
  readonly #changed = new Set<() => void>();

  constructor({ folder }: Project, { through = [], ...options }: RunOptions) {
    const command = [process.execPath, COMMAND, 'skynet.config.json'];
    const [file = '', ...args] = typeof through === 'function' ? through(command) : [...through, ...command];
    this.child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    onTestFinished(() => void this.child.kill('SIGKILL'));
    const take = (chunk: unknown): void => {
      this.out += String(chunk);
      this.#change();
    };
    this.child.stdout?.on('data', take);
    this.child.stderr?.on('data', take);
    // Not before all that it has written is here.
    this.child.on('close', (code, signal) => {
      this.ending = code ?? signal;
      this.#change();
    });
  }

  #change(): void {
    for (const changed of this.#changed) changed();
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves when it has written what the pattern matches. */
  async saw(pattern: RegExp): Promise<void> {
    await this.until(`output like ${pattern}`, () => pattern.test(this.out));
  }

  /** Resolves when it has ended, however. */
  async ended(): Promise<Ending> {
    await this.until('its end', () => this.ending !== undefined);
    return this.ending as Ending;
  }

  /** Resolves when something holds; looked at again when it writes or ends, and now and then. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = withResolvers();
    const look = (): void => {
      if (holds()) resolve();
    };
    const timer = setInterval(look, 20);
    const limit = setTimeout(
      () => reject(new Error(`waited ${PATIENCE} ms for ${what}; it wrote:\n${this.out}`)),
      PATIENCE,
    );
    this.#changed.add(look);
    look();
    try {
      await promise;
    } finally {
      clearInterval(timer);
      clearTimeout(limit);
      this.#changed.delete(look);
    }
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
