import type { Effort } from './effort.ts';

/** Measures once, in a process of its own; one figure for each line of the case. */
export type Measure = (effort: Effort) => Promise<readonly number[]>;

/** One line of output. */
export interface Line {
  readonly name: string;
  /** What is counted; `…/s` is better when it grows, everything else when it shrinks. */
  readonly unit: string;
}

/** Something that is measured, beside the least that the platform needs for it. */
export interface BenchCase {
  readonly lines: readonly Line[];
  /** What it is held against, by name. Lines of the second and later ones end in `:name`. */
  readonly floors: Readonly<Record<string, Measure>>;
  readonly run: Measure;
  /** The original's figures for the same; `NaN` where it has none. */
  readonly original?: Measure;
  /** The same by other libraries, by name: measured where `--peers` has installed them. Lines end in `:name`. */
  readonly peers?: Readonly<Record<string, Measure>>;
  /** Processes that keep a CPU busy meanwhile. */
  readonly busy?: number;
}

/** The usual payload: what a player looks like. */
export const PLAYER: { readonly [key: string]: unknown } = {
  id: 1,
  name: 'nengzhong',
  pos: { x: 1.5, y: 2.5, z: 3.5 },
  tags: ['a', 'b', 'c'],
  hp: 100,
};
