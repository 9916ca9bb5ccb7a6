import type { NatsServers } from './connection.ts';
import type { Lease } from './store.ts';

/** What the thread that keeps a node in its mesh is started with. */
export interface KeeperSetup {
  readonly servers: NatsServers;
  readonly mesh: string;
  readonly id: number;
  readonly lease: Lease;
  readonly leaseTime: number;
  readonly replicas: number;
  /** Where this node's beats are heard. */
  readonly beatSubject: string;
  /** Doubles: when the main thread last went round, then when bytes last came, by key of the link. */
  readonly memory: SharedArrayBuffer;
  /** Milliseconds between two beats, and after which one who says nothing is silent. */
  readonly every: number;
  readonly silence: number;
}

/** Place of the main thread in the memory; keys of links begin behind it. */
export const LAST_ROUND = 0;

export type ToKeeper =
  /** The node has its lease: renew it. */
  | { readonly kind: 'renew'; readonly revision: number }
  /** Ends the lease. */
  | { readonly kind: 'leave' }
  /** A link over subjects: beat for it, and hear whether the other side does. */
  | { readonly kind: 'began'; readonly key: number; readonly subject: string }
  | { readonly kind: 'ended'; readonly key: number };

export type FromKeeper =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly why: string }
  /** The lease has run out and cannot be renewed. */
  | { readonly kind: 'isolated'; readonly why: string }
  /** It can again. `isAnew`: it had to be taken anew, others may have taken this node out. */
  | { readonly kind: 'renewed'; readonly isAnew: boolean }
  /** Another has it. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'left' }
  | { readonly kind: 'silent'; readonly key: number; readonly isStalled: boolean };
