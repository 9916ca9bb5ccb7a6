import { type Duration, toMilliseconds } from '../duration.ts';

/** How long a wait of a test lasts before it fails: long enough for a busy machine. */
export const PATIENCE: Duration = '30s';
/** Things shown when a wait has failed. */
const SHOWN = 30;
/** Characters of one that are shown. */
const LONGEST = 1000;

/** What {@link Happenings} may be told. */
export interface HappeningsOptions {
  /** Longest wait. Default 30 s. */
  patience?: Duration;
  /** What a wait that failed shows besides: the log, say. */
  context?: () => string;
}

/**
 * Things that happen, for tests to wait for: log lines, packets, events. A wait that is not fulfilled in time fails and
 * says what it waited for and what came instead.
 */
export class Happenings<Thing> {
  /** Everything so far, oldest first. */
  readonly all: Thing[] = [];
  readonly #what: string;
  readonly #patience: number;
  readonly #context: (() => string) | undefined;
  readonly #waiting = new Set<() => void>();

  /** @param what - name of these things, in the plural, for what a failed wait says: `log lines`. */
  constructor(what: string, options: HappeningsOptions = {}) {
    this.#what = what;
    this.#patience = toMilliseconds(options.patience ?? PATIENCE);
    this.#context = options.context;
  }

  /** Something has happened. */
  add(thing: Thing): void {
    this.all.push(thing);
    for (const look of [...this.#waiting]) look();
  }

  /**
   * The first thing of that kind, past or future.
   * @param what - what is waited for, in the words of whoever reads why it did not come. Default: one of these things.
   * @param from - things before this one do not count; default 0, all do.
   */
  find(
    matches: (thing: Thing) => boolean,
    what: string = `one of the ${this.#what} that a test looks for`,
    from: number = 0,
  ): Promise<Thing> {
    let at = from;
    return this.#until(what, () => {
      for (; at < this.all.length; at++) if (matches(this.all[at] as Thing)) return this.all[at] as Thing;
      return undefined;
    });
  }

  /** Everything so far, once so many things have happened. */
  count(number: number): Promise<readonly Thing[]> {
    return this.#until(`${number} ${this.#what}`, () => (this.all.length >= number ? this.all : undefined));
  }

  #until<Result>(what: string, look: () => Result | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#waiting.delete(tryOnce);
        reject(new Error(this.#notCome(what)));
      }, this.#patience);
      const tryOnce = (): void => {
        const result = look();
        if (result === undefined) return;
        clearTimeout(limit);
        this.#waiting.delete(tryOnce);
        resolve(result);
      };
      this.#waiting.add(tryOnce);
      tryOnce();
    });
  }

  #notCome(what: string): string {
    const shown = this.all.slice(-SHOWN).map((thing) => `  ${textOf(thing)}`);
    const left = this.all.length - shown.length;
    const lines = [
      `waited ${this.#patience / 1000} s for ${what}; ${this.#what} so far: ${this.all.length}`,
      ...(left > 0 ? [`  (${left} before these)`] : []),
      ...shown.map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line)),
    ];
    const context = this.#context?.();
    return context === undefined ? lines.join('\n') : [...lines, context].join('\n');
  }
}

function textOf(thing: unknown): string {
  if (typeof thing === 'string') return thing;
  try {
    return JSON.stringify(thing) ?? String(thing);
  } catch {
    return String(thing);
  }
}
