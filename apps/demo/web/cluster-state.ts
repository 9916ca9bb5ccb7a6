// What the page of the demo's cluster is told.

/** `back` is a node that was lost and answers again. */
export type NodeState = 'starting' | 'up' | 'lost' | 'back';

export interface PageNode {
  readonly name: string;
  readonly state: NodeState;
  /** Since when, in milliseconds of the wall clock. */
  readonly since: number;
  /** How often it was lost. */
  readonly losses: number;
}

/** A player of a node. */
export interface PagePlayer {
  readonly name: string;
  /** Whether the node has let it in. */
  readonly isThere: boolean;
  /** What was heard, oldest first. */
  readonly lines: readonly string[];
}

export interface ClusterPage {
  readonly nodes: readonly PageNode[];
  /** By the name of the node. */
  readonly talk: Readonly<Record<string, PagePlayer>>;
}
