import type { Handle } from '../handle.ts';

/** Where services go that nobody has given a thread: `same` beside their creator, `auto` where their kind talks. */
export type PlacementMode = 'same' | 'auto';

/** What a thread has to do. */
export interface ThreadLoad {
  readonly thread: number;
  /** Part of its time that it was at work, 0 to 1; looking for messages of other threads does not count. */
  readonly load: number;
  /** Services that live there. */
  readonly services: number;
}

/** Two services that talk with each other. */
export interface TalkEdge {
  /** The two, by handle. */
  readonly services: readonly [Handle, Handle];
  /** Their names. */
  readonly names: readonly [string, string];
  /** Where they live, in the same order. */
  readonly threads: readonly [number, number];
  /** Messages a second, both ways together, estimated. */
  readonly perSecond: number;
}

/** Where new services of a kind start. */
export interface LearntPlace {
  /** Name of the service; with the script where that is one of snax. */
  readonly kind: string;
  /** Number of the thread that they start in. */
  readonly thread: number;
}

/** A move that was tried. */
export interface PlacementMove {
  readonly handle: Handle;
  readonly name: string;
  /** Thread that it was to leave. */
  readonly from: number;
  /** Thread that it was to go to. */
  readonly to: number;
  /** Messages a second with services of the thread it moves to, and of the one it leaves. */
  readonly talk: readonly [there: number, here: number];
  /** Seconds since the node started. */
  readonly at: number;
  /** Code of the error, and its text, if it has failed. */
  readonly failure?: { readonly code: string; readonly text: string };
}

/** What is known of the threads of a node, and what placement has learnt and done. */
export interface PlacementReport {
  /** As the configuration has it. */
  readonly mode: PlacementMode;
  /** Load and services of each thread that has answered. */
  readonly threads: readonly ThreadLoad[];
  /** Threads that did not answer. */
  readonly silent: readonly number[];
  /** The busiest first. */
  readonly edges: readonly TalkEdge[];
  /** Kinds that have a place of their own by now. */
  readonly places: readonly LearntPlace[];
  /** Services that are not moved, of those that are known to talk. */
  readonly pinned: readonly Handle[];
  /** The last ones, latest first. */
  readonly moves: readonly PlacementMove[];
  /** Moves that were made since the node started. */
  readonly moved: number;
}

/** What the service `.placement` can be asked, with `placement: 'auto'`. */
export interface PlacementCommands {
  /** What the console command `placement` shows, as data. */
  REPORT(): PlacementReport | Promise<PlacementReport>;
}
