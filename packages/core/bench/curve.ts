import type { Effort } from './effort.ts';

/** Measures one point, in a process of its own. */
export type Point = (x: number, effort: Effort) => Promise<number>;

/** How a figure changes with something that grows: `npm run bench -- --curve` draws it. */
export interface Curve {
  readonly title: string;
  /** What grows; drawn in logarithmic steps unless `linear`. */
  readonly x: { readonly label: string; readonly values: readonly number[]; readonly linear?: true };
  /** What is measured. */
  readonly y: { readonly label: string };
  readonly series: Readonly<Record<string, Point>>;
}
