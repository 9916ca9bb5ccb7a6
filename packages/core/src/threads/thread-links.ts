import { availableParallelism } from 'node:os';
import type { MessageSource } from '../schedule/scheduler.ts';
import { Link, type LinkReceiver, type Looks, type Unread } from './link.ts';
import type { Control, PeerSetup } from './wire.ts';

/** Of the global object it is a getter, which costs as much as the clock. */
const { performance } = globalThis;

/** Records taken from one thread before the others, and the services here, have their turn. */
const BATCH = 256;
/** Milliseconds of looking into the rings without leaving the stack, after the last message. */
const SPIN = 0.05;
/**
 * Usual length of such a look above which it does more harm than good: sockets and timers of this thread wait for it.
 * Above what an answer takes from a thread that looks only between its turns (10 to 20 microseconds): from there two
 * threads find back to answering at once. Below what one takes that has to wait for a processor.
 */
const MAX_SPIN = 0.03;
/** Milliseconds of looking once in each turn of the event loop, after that. */
const WATCH = 0.2;
/** Chance of success below which looking is not worth the processor's time. */
const MIN_LUCK = 0.25;
/** Idle moments between two trials when luck is bad. */
const TRIAL = 64;
/** Most milliseconds that one look takes with its turn of the event loop; what takes longer is sockets and timers. */
const TURN_TIME = 0.02;
/** The time for looking has not begun yet. */
const AFRESH = -1;
/** Looks between two at the clock: what comes during one of those is seen later by what ten to forty looks take. */
const LOOKS = 64;
/** Answers found by looking without pause after which the event loop has a turn, however quick they are. */
const MAX_IN_A_ROW = 256;

/**
 * All links of a thread, and how it waits for messages from the others.
 *
 * Waking a sleeping thread costs 40 to 100 microseconds on common machines, a look into a ring a few nanoseconds. So
 * after a message a thread that has nothing to do looks on for a moment before it sleeps: first without pause, then
 * once in each turn of its event loop. It does so only while that mostly succeeds: when the messages are far apart, or
 * the other thread waits for this very processor, looking is a waste and the thread sleeps at once. Looking without
 * pause also keeps sockets and timers waiting, so it is done only while the answer usually comes within some
 * microseconds: on a busy machine, or beside a gate, that trebles what gets through.
 */
export class ThreadLinks implements MessageSource, Looks {
  readonly #links: (Link | undefined)[] = [];
  readonly #receiver: LinkReceiver;
  readonly #mayLook: boolean;
  #active: Link[] = [];
  /** A look in this turn of the event loop is certain. */
  areDue = false;
  /** End of the time for looking once in each turn. */
  #until = AFRESH;
  #luck = 1;
  /** Usual length of a spin, in milliseconds. */
  #spin = 0;
  #trials = 0;
  #got = false;
  /** Milliseconds that it has looked and found nothing. */
  #looked = 0;
  #lastLook = 0;
  /** Usual length of one look, in milliseconds. */
  #look = 0.0001;
  /** Idle moments since the event loop had a turn. */
  #inARow = 0;
  readonly #watch = (): void => this.#lookOnce();
  readonly #woken = (): void => {
    for (const link of this.#active) link.wake();
    this.poll();
    this.#keepLooking();
  };

  constructor(receiver: LinkReceiver, peers: readonly PeerSetup[]) {
    this.#receiver = receiver;
    this.#mayLook = peers.length + 1 <= availableParallelism();
    for (const peer of peers) this.#links[peer.thread] = new Link(peer, receiver, this, this.#woken);
    this.#active = this.#links.filter((link) => link !== undefined);
  }

  /** Begins to wait for messages; some may be there already. */
  open(): void {
    this.#rest();
  }

  /**
   * Links to the thread that was started in the place of a lost one, if any. What the lost one had sent arrives first.
   * Returns what was sent to it and never read.
   */
  replace(thread: number, peer: PeerSetup | undefined): Unread[] {
    const unread = this.#links[thread]?.close() ?? [];
    this.#links[thread] = peer === undefined ? undefined : new Link(peer, this.#receiver, this, this.#woken);
    this.#active = this.#links.filter((link) => link !== undefined);
    // The new thread may have written already. That is read when this one is through with the loss.
    this.#keepLooking();
    return unread;
  }

  /** The link to a thread, undefined if it is lost and not started again. */
  to(thread: number): Link | undefined {
    return this.#links[thread];
  }

  postControlToAll(control: Control): void {
    for (const link of this.#active) link.postControl(control);
  }

  /** Milliseconds that the thread has looked for messages and found none: it was not at work, whatever the host says. */
  get looked(): number {
    return this.#looked;
  }

  get peers(): number[] {
    return this.#active.map(({ thread }) => thread);
  }

  poll(): boolean {
    this.#got = false;
    for (const link of this.#active) {
      if (link.read(BATCH) > 0) this.#got = true;
      link.flush();
    }
    return this.#got;
  }

  idle(): void {
    if (++this.#inARow < MAX_IN_A_ROW && this.#worthSpinning()) this.#spinOnce();
    this.#keepLooking();
  }

  #worthSpinning(): boolean {
    if (!this.#mayLook) return false;
    return (this.#luck >= MIN_LUCK && this.#spin < MAX_SPIN) || ++this.#trials % TRIAL === 0;
  }

  #spinOnce(): void {
    let looks = this.#lookSome();
    let length = looks * this.#look;
    if (!this.#got) {
      const start = performance.now();
      looks = 0;
      do {
        looks += this.#lookSome();
        length = performance.now() - start;
      } while (!this.#got && length < SPIN);
      this.#look += (length / looks - this.#look) * 0.1;
    }
    if (this.#got) this.#lucky(true);
    this.#spin += (length - this.#spin) * 0.1;
    this.#looked += length;
  }

  /** Looks until something has arrived, but not for long. Returns how often. */
  #lookSome(): number {
    for (let looks = 1; looks < LOOKS; looks++) if (this.poll()) return looks;
    this.poll();
    return LOOKS;
  }

  /** Looks once in each turn of the event loop for a while, whatever the services do, and then sleeps. */
  #keepLooking(): void {
    this.#until = AFRESH;
    if (this.areDue) return;
    this.areDue = true;
    setImmediate(this.#watch);
  }

  #lookOnce(): void {
    this.areDue = false;
    this.#inARow = 0;
    this.poll();
    if (this.#got) {
      this.#lucky(true);
      this.#keepLooking();
    } else if (this.#mayWatch()) {
      this.areDue = true;
      setImmediate(this.#watch);
    } else {
      this.#rest();
    }
  }

  /** Whether the time for looking is not over; it begins with the first look that finds nothing. */
  #mayWatch(): boolean {
    const isFresh = this.#until === AFRESH;
    if (isFresh && !(this.#mayLook && this.#luck >= MIN_LUCK)) return false;
    const now = performance.now();
    if (isFresh) this.#until = now + WATCH;
    else this.#looked += Math.min(now - this.#lastLook, TURN_TIME);
    this.#lastLook = now;
    if (now < this.#until) return true;
    this.#lucky(false);
    return false;
  }

  #lucky(success: boolean): void {
    this.#luck += ((success ? 1 : 0) - this.#luck) * 0.1;
  }

  /** Sleeps until somebody rings; not if something has arrived in the meantime. */
  #rest(): void {
    for (const link of this.#active) {
      if (link.sleep()) continue;
      this.#woken();
      return;
    }
    // What was written a moment ago may still be on its way here; its writer would ring only at its next look.
    for (let looks = 0; looks < LOOKS; looks++) {
      for (const link of this.#active) {
        if (!link.hasRecords) continue;
        this.#woken();
        return;
      }
    }
  }
}
