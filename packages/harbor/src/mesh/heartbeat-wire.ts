import type { BeatTimes, Silent } from './beats.ts';

/** What the thread of beats is started with. */
export interface HeartbeatSetup extends BeatTimes {
  /** Where it takes beats. */
  readonly host: string;
  readonly port: number;
  /** That of `BeatingLinks`. */
  readonly memory: SharedArrayBuffer;
}

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
  { readonly kind: 'bound'; readonly port: number } | Silent;
