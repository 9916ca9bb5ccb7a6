import { failedWait } from '../actor/failure.ts';
import type { LaunchSettings, Started } from '../actor/launch.ts';
import { isSkynetError, type SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import type { Routed, Router } from '../route/router.ts';
import type { Activity } from './activity.ts';
import type { TalkReport } from './learnt-talk.ts';
import type { Neighbours, Order } from './neighbours.ts';

/** Milliseconds after which a thread that does not answer is taken to be held by one of its services. */
const PATIENCE = 1000;
/** Silences of a thread, at the same piece of work, after which it counts as held without a watchdog. */
const MAX_SILENCES = 10;
/** The same where no service is at work: it has not begun yet, or waits for the processor. */
const MAX_IDLE_SILENCES = 60;

/** What lives in a thread: handle and title of each service. */
export type ServiceList = readonly (readonly [Handle, string])[];

/** What is needed of the thread that asks. */
export interface AskingThread {
  readonly thread: number;
  readonly activity: Activity;
  /** Whether it is stopping. */
  isStopping(): boolean;
  /** A number that grows with each call, in whichever thread. */
  nextTurn(): number;
  /** Whether a thread gets nothing that does not ask for it. */
  isSpared(thread: number): boolean;
  /** Ends a thread, which is started again. Only the main thread can do that. */
  endThread?(thread: number, reason: string): void;
}

/**
 * What one thread has others do. One that a service holds answers nothing: so there is an end to all waiting, and a thread
 * is ended if it cannot do what it was told to.
 */
export class OtherThreads {
  readonly #neighbours: Neighbours;
  readonly #router: Router<Routed>;
  readonly #here: AskingThread;

  constructor(neighbours: Neighbours, router: Router<Routed>, here: AskingThread) {
    this.#neighbours = neighbours;
    this.#router = router;
    this.#here = here;
  }

  /**
   * Takes turns among the threads that there are, this one too, but for those that a service holds and those that are
   * drained; this one if there is none.
   */
  next(): number {
    return this.free() ?? this.#here.thread;
  }

  /** The same; undefined if there is none. */
  free(): number | undefined {
    const { thread } = this.#here;
    const all = [thread, ...this.#neighbours.threads].sort((a, b) => a - b);
    const free = all.filter((other) => this.#isFree(other));
    return free.length === 0 ? undefined : free[this.#here.nextTurn() % free.length];
  }

  /** Whether a thread is there, and takes something new. */
  canTake(thread: number): boolean {
    const isThere = thread === this.#here.thread || this.#neighbours.threads.includes(thread);
    return isThere && this.#isFree(thread);
  }

  #isFree(thread: number): boolean {
    const { thread: here, activity, isSpared } = this.#here;
    return !isSpared(thread) && (thread === here || !activity.isHeld(thread));
  }

  /** Starts a service in another thread. One that does not take the order is not waited for; it undoes it when it does. */
  launch(
    thread: number,
    name: string,
    { args, mailbox, pinned = false }: LaunchSettings,
    done: Started,
  ): void {
    const launched = this.#neighbours.ask(thread, (id) => ({
      op: 'launch',
      id,
      name,
      args: [...args],
      mailbox,
      pinned,
    }));
    let isOver = false;
    const watching = setTimeout(() => {
      void this.#untilHeld(thread, () => isOver).then((failure) => {
        if (isOver || failure === undefined) return;
        isOver = true;
        done(failure, 0);
        launched.then(
          (handles) => this.#router.killAll([...(handles as Handle[])].reverse(), 0),
          () => {},
        );
      });
    }, PATIENCE).unref();
    const settle = (error: unknown, handles: readonly Handle[]): void => {
      clearTimeout(watching);
      if (isOver) return;
      isOver = true;
      done(error, handles.at(-1) ?? 0, handles.slice(0, -1));
    };
    launched.then(
      (handles) => settle(undefined, handles as Handle[]),
      (error: unknown) => settle(error, []),
    );
  }

  /** Why a thread does not answer, once that is known; undefined if it answers, is lost, or nobody waits any more. */
  async #untilHeld(thread: number, isOver: () => boolean): Promise<SkynetError | undefined> {
    const { activity } = this.#here;
    const { count } = activity.at(thread);
    for (let silences = 1; !isOver() && (await this.#isSilent(thread)); silences++) {
      const now = activity.at(thread);
      const most = now.handle === 0 ? MAX_IDLE_SILENCES : MAX_SILENCES;
      if (!activity.isHeld(thread) && (silences < most || now.count !== count)) continue;
      const why = now.handle === 0 ? 'it does not answer' : `${formatHandle(now.handle)} holds it`;
      const text = `thread ${thread} does not start anything: ${why}`;
      return failedWait('ERR_TIMEOUT', text, { details: { thread, service: formatHandle(now.handle) } });
    }
    return undefined;
  }

  /** Whether a thread gives no answer for a while. */
  #isSilent(thread: number): Promise<boolean> {
    return this.#neighbours
      .ask(thread, (id) => ({ op: 'ping', id }), { timeout: PATIENCE })
      .then(
        () => false,
        (error: unknown) => isSkynetError(error, 'ERR_TIMEOUT'),
      );
  }

  /** Resolves when everything has arrived that a thread has sent so far. */
  heardOut(thread: number): Promise<unknown> {
    return this.#neighbours.ask(thread, (id) => ({ op: 'ping', id }));
  }

  /** Kills a service of another thread; ends the thread if it cannot do that because a service does not give it back. */
  kill(thread: number, handle: Handle, by: Handle): void {
    this.#neighbours.tell(thread, { op: 'kill', handle, by });
    void this.#endIfStuck(thread, handle);
  }

  async #endIfStuck(thread: number, handle: Handle): Promise<void> {
    const { activity } = this.#here;
    for (let before = activity.at(thread); await this.#isSilent(thread); ) {
      const now = activity.at(thread);
      if (this.#here.isStopping() || this.#router.threadOf(handle) !== thread) return;
      const isStuck = now.handle === handle && now.count === before.count;
      if (isStuck || activity.isHeld(thread)) {
        const holder = isStuck
          ? 'does not stop'
          : `cannot be stopped while ${formatHandle(now.handle)} holds the thread`;
        this.end(thread, `${formatHandle(handle)} was killed and ${holder}`);
        return;
      }
      before = now;
    }
  }

  /** Ends a thread, which is started again. */
  end(thread: number, reason: string): void {
    if (this.#here.thread === 0) this.#here.endThread?.(thread, reason);
    else this.#neighbours.tell(0, { op: 'end-thread', thread, reason });
  }

  /** What lives in the other threads; `silent` are those that did not answer. */
  async list(): Promise<{ services: ServiceList; silent: readonly number[] }> {
    const { answers, silent } = await this.#askAll((id) => ({ op: 'list', id }));
    return { services: (answers as ServiceList[]).flat(), silent };
  }

  /** What the other threads tell of who talked with whom there; `silent` are those that did not answer. */
  async talk(): Promise<{ reports: readonly TalkReport[]; silent: readonly number[] }> {
    const { answers, silent } = await this.#askAll((id) => ({ op: 'talk', id }));
    return { reports: answers as TalkReport[], silent };
  }

  /** Asks all of them; those that are lost meanwhile are left out. */
  async #askAll(order: (id: number) => Order): Promise<{ answers: unknown[]; silent: readonly number[] }> {
    const silent: number[] = [];
    const asked = this.#neighbours.threads.map((thread) =>
      this.#neighbours
        .ask(thread, order, { timeout: PATIENCE })
        .then((answer) => [answer])
        .catch((error: unknown) => {
          if (isSkynetError(error, 'ERR_TIMEOUT')) silent.push(thread);
          return [];
        }),
    );
    return { answers: (await Promise.all(asked)).flat(), silent };
  }

  /** Stops the services of another thread, within so many milliseconds. */
  stop(thread: number, deadline: number): Promise<unknown> {
    return this.#neighbours.ask(thread, (id) => ({ op: 'stop', id, deadline }));
  }
}
