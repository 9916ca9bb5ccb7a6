import { performance } from 'node:perf_hooks';
import type { Service } from '../actor/service.ts';
import type { Handle } from '../handle.ts';
import type { TalkSample, TalkSamples } from '../schedule/talk-samples.ts';
import { kindOf } from './learnt-places.ts';
import type { KnownService, TalkReport } from './learnt-talk.ts';

/** Edges, and services that take time, that are told at once: those with most. */
const MOST_TOLD = 512;

/** What is needed of the thread. */
export interface TalkingThread {
  readonly thread: number;
  /** Milliseconds, since it started, that it has looked for messages of other threads and found none. */
  looked(): number;
  /** Services that live there. */
  count(): number;
  find(handle: Handle): Service | undefined;
  canMove(service: Service): boolean;
  isPinned(service: Service): boolean;
  /** Takes the log: everybody writes there, and lines of other threads come in a way of their own. */
  logger(): Handle;
}

/** What a thread tells of itself: how much it has to do and, where that is sampled, who talks with whom. */
export class ThreadTalk {
  readonly #here: TalkingThread;
  readonly #samples: TalkSamples | undefined;
  #usage = performance.eventLoopUtilization();
  #looked = 0;
  #since = performance.now();

  constructor(here: TalkingThread, samples: TalkSamples | undefined) {
    this.#here = here;
    this.#samples = samples;
  }

  /** Of the time since the last report. */
  report(): TalkReport {
    const now = performance.now();
    const span = now - this.#since;
    this.#since = now;
    const { thread } = this.#here;
    const sample = this.#samples?.take() ?? { edges: [], times: [] };
    const logger = this.#here.logger();
    const edges = heaviest(sample.edges.filter(([to, from]) => to !== logger && from !== logger));
    return {
      thread,
      span,
      load: this.#load(span),
      services: this.#here.count(),
      edges,
      known: this.#known({ edges, times: heaviest(sample.times) }),
    };
  }

  #load(span: number): number {
    const usage = performance.eventLoopUtilization();
    const looked = this.#here.looked();
    const active = usage.active - this.#usage.active - (looked - this.#looked);
    this.#usage = usage;
    this.#looked = looked;
    return Math.min(1, Math.max(0, active / Math.max(1, span)));
  }

  #known({ edges, times }: TalkSample): KnownService[] {
    const spent = new Map<Handle, number>(times);
    for (const [to, from] of edges)
      for (const handle of [to, from]) if (!spent.has(handle)) spent.set(handle, 0);
    return [...spent].flatMap(([handle, time]): KnownService[] => {
      const service = this.#here.find(handle);
      if (service === undefined) return [];
      const { name, args } = service;
      const isPinned = this.#here.isPinned(service);
      const canMove = this.#here.canMove(service);
      return [{ handle, name, kind: kindOf(name, args), time, canMove, isPinned }];
    });
  }
}

/** Those with the greatest last number. */
function heaviest<Entry extends readonly number[]>(entries: Entry[]): Entry[] {
  const weight = (entry: Entry): number => entry.at(-1) ?? 0;
  return entries.length <= MOST_TOLD
    ? entries
    : entries.sort((a, b) => weight(b) - weight(a)).slice(0, MOST_TOLD);
}
