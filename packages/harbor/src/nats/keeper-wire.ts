import type { BeatTimes, Silent } from '../mesh/beats.ts';
import type { NatsServers } from './connection.ts';
import type { Lease } from './store.ts';

/** What the thread that keeps a node in its mesh is started with. */
export interface KeeperSetup extends BeatTimes {
  readonly servers: NatsServers;
  readonly mesh: string;
  readonly id: number;
  readonly lease: Lease;
  readonly leaseTime: number;
  readonly replicas: number;
  /** Where this node's beats are heard. */
  readonly beatSubject: string;
  /** That of `BeatingLinks`. */
  readonly memory: SharedArrayBuffer;
}

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
  | Silent;
