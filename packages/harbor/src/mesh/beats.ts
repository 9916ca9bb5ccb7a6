// Which links are silent, seen by a thread that runs no services. The main thread notes in shared memory when it last went
// round and when bytes last came over each link; the other thread hears beats, and decides.

/** Links that can beat at the same time. */
const MAX_LINKS = 1023;
/** Place of the main thread in the memory; keys of links begin behind it. */
const LAST_ROUND = 0;

/** How often a node shows that it lives, and after which silence it counts as lost, in milliseconds. */
export interface BeatTimes {
  readonly every: number;
  readonly silence: number;
}

/** One link, as far as beats are concerned. */
export interface Beats {
  /** Bytes came. */
  heard(): void;
  end(): void;
}

/** Nothing was heard of a link for too long; or only beats, though both sides have the time: it is stalled. */
export interface Silent {
  readonly kind: 'silent';
  readonly key: number;
  readonly isStalled: boolean;
}

function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** The links of a node, as its main thread deals with them. */
export class BeatingLinks {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(
    (MAX_LINKS + 1) * Float64Array.BYTES_PER_ELEMENT,
  );
  readonly #noted = new Float64Array(this.memory);
  readonly #silent = new Map<number, (isStalled: boolean) => void>();
  readonly #rounds: NodeJS.Timeout;

  constructor(every: number) {
    this.#goneRound();
    this.#rounds = setInterval(() => this.#goneRound(), every / 2);
    this.#rounds.unref();
  }

  #goneRound(): void {
    this.#noted[LAST_ROUND] = wallClock();
  }

  /**
   * Beats for a link from now on; `silent` is called once when nothing is heard of the other side. The other thread is told by
   * `began` and `ended`. Undefined when too many do already.
   */
  begin(
    silent: (isStalled: boolean) => void,
    began: (key: number) => void,
    ended: (key: number) => void,
  ): Beats | undefined {
    const key = this.#freeKey();
    if (key === undefined) return undefined;
    const noted = this.#noted;
    noted[key] = wallClock();
    this.#silent.set(key, silent);
    began(key);
    return {
      heard: () => {
        noted[key] = wallClock();
      },
      end: () => {
        if (this.#silent.get(key) !== silent) return;
        this.#silent.delete(key);
        ended(key);
      },
    };
  }

  #freeKey(): number | undefined {
    for (let key = LAST_ROUND + 1; key <= MAX_LINKS; key++) if (!this.#silent.has(key)) return key;
    return undefined;
  }

  /** The other thread says so. */
  told({ key, isStalled }: Silent): void {
    this.#silent.get(key)?.(isStalled);
  }

  stop(): void {
    clearInterval(this.#rounds);
  }
}

interface Heard {
  /** When a beat last came, and since when its main thread goes round without a long pause; undefined when it does not. */
  at: number;
  goesRoundSince: number | undefined;
  hasBeaten: boolean;
}

/** The same links, as the thread that hears their beats does. */
export class Listener {
  readonly #noted: Float64Array;
  readonly #every: number;
  readonly #silence: number;
  readonly #links = new Map<number, Heard>();
  #looked = wallClock();
  /** Since when the main thread of this node goes round without a long pause. */
  #roundsSince: number | undefined;

  constructor(memory: SharedArrayBuffer, { every, silence }: BeatTimes) {
    this.#noted = new Float64Array(memory);
    this.#every = every;
    this.#silence = silence;
  }

  /** Milliseconds since the main thread of this node last went round, for the beats of this one. */
  get pause(): number {
    return Math.round(Math.min(Math.max(0, wallClock() - (this.#noted[LAST_ROUND] as number)), 0xffffffff));
  }

  began(key: number): void {
    this.#links.set(key, { at: wallClock(), goesRoundSince: undefined, hasBeaten: false });
  }

  ended(key: number): void {
    this.#links.delete(key);
  }

  /** A beat has come, of a node whose main thread last went round so long ago. */
  beat(key: number, pause: number): void {
    const link = this.#links.get(key);
    if (link === undefined) return;
    link.at = wallClock();
    link.hasBeaten = true;
    if (pause > 2 * this.#every) link.goesRoundSince = undefined;
    else link.goesRoundSince ??= link.at;
  }

  /** Those that have been silent for too long; they are forgotten. `isDeaf`: nothing could be heard lately. */
  look(isDeaf = false): Silent[] {
    const at = wallClock();
    // This very process was stopped, or its machine slept: what was sent meanwhile still has to be heard.
    const hasSlept = isDeaf || at - this.#looked > 3 * this.#every;
    this.#looked = at;
    if (this.pause > 2 * this.#every) this.#roundsSince = undefined;
    else this.#roundsSince ??= at;
    const silent: Silent[] = [];
    for (const [key, link] of this.#links) {
      if (hasSlept) {
        link.at = at;
        this.#noted[key] = at;
        continue;
      }
      const bytesAt = this.#noted[key] as number;
      const isSilent = at - Math.max(link.at, bytesAt) > this.#silence;
      // It lives, its main thread and that of this node go round, and still nothing comes over the link: that is stalled.
      const since = Math.max(bytesAt, link.goesRoundSince ?? at, this.#roundsSince ?? at);
      const isStalled = link.hasBeaten && at - since > this.#silence;
      if (isSilent || isStalled) silent.push({ kind: 'silent', key, isStalled: !isSilent });
    }
    for (const { key } of silent) this.#links.delete(key);
    return silent;
  }
}
