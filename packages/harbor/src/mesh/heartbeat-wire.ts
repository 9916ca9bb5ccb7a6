/** What the thread of beats is started with. */
export interface HeartbeatSetup {
  /** Where it takes beats. */
  readonly host: string;
  readonly port: number;
  /** Doubles: when the main thread last went round, then when bytes last came, by key of the link. */
  readonly memory: SharedArrayBuffer;
  /** Milliseconds between two beats, and after which one who says nothing is silent. */
  readonly every: number;
  readonly silence: number;
}

/** Place of the main thread in the memory; keys of links begin behind it. */
export const LAST_ROUND = 0;
/** Bytes of a beat. */
export const BEAT_SIZE = 20;

export type ToHeartbeat =
  | {
      readonly kind: 'began';
      readonly key: number;
      /** Where the other side takes beats, and what they begin with. */
      readonly host: string;
      readonly port: number;
      readonly theirs: string;
      /** What those from there begin with. */
      readonly mine: string;
    }
  | { readonly kind: 'ended'; readonly key: number };

export type FromHeartbeat =
  /** It takes beats there; 0 if it cannot. */
  | { readonly kind: 'bound'; readonly port: number }
  /** Nothing was heard of a link for too long; or only beats, though both sides have the time: it is stalled. */
  | { readonly kind: 'silent'; readonly key: number; readonly isStalled: boolean };
