import type { LearntPlace, PlacementMove, PlacementReport, TalkEdge } from '../contracts/placement.ts';
import type { Handle } from '../handle.ts';
import { PLAN_LIMITS, type PlannedMove, type PlanView } from './placement-plan.ts';

/** A service of a thread that talks or takes time. */
export interface KnownService {
  readonly handle: Handle;
  readonly name: string;
  /** What it has in common with others: its name, and the script where that is one of snax. */
  readonly kind: string;
  /** Milliseconds that it took. */
  readonly time: number;
  readonly canMove: boolean;
  readonly isPinned: boolean;
}

/** What a thread tells of the time since it was last asked. */
export interface TalkReport {
  readonly thread: number;
  /** Milliseconds. */
  readonly span: number;
  /** Part of it that the thread was at work. */
  readonly load: number;
  /** Services that live there. */
  readonly services: number;
  /** Receiver, sender, messages. */
  readonly edges: readonly (readonly [Handle, Handle, number])[];
  readonly known: readonly KnownService[];
}

/** Milliseconds after which half of what was learnt of services, and of kinds, counts no more. */
const HALF_LIFE = 5000;
const HALF_LIFE_OF_KINDS = 60_000;
/** Most edges and services that are remembered, and pairs of kinds. */
const MOST_EDGES = 4096;
const MOST_SERVICES = 8192;
const MOST_KINDS = 1024;
/** Messages below which an edge is forgotten. */
const FAINT = 16;
/** Milliseconds that a service stays where it is after a move; after a failed one twice as long each time, at most so long. */
const REST = 10_000;
const MAX_REST = 600_000;
/** Moves that are remembered, and edges that are told. */
const SHOWN_MOVES = 32;
const SHOWN_EDGES = 32;
/** Part of a kind's talk that a thread must have before new ones of it start there. */
const MOST_OF_IT = 0.6;
/** Most services of a kind that a thread may start in that place until it hears more. */
const MOST_STARTS = 256;
/** Load that a service is taken to have at least. */
const LEAST_LOAD = 0.001;

interface Edge {
  readonly services: readonly [Handle, Handle];
  /** Messages, older ones for less. */
  weight: number;
}

interface Remembered {
  name: string;
  kind: string;
  load: number;
  canMove: boolean;
  isPinned: boolean;
  restsUntil: number;
  failures: number;
}

/** Where new services of a kind go, and how many. */
export interface PlaceOffer extends LearntPlace {
  readonly starts: number;
}

/** Samples may say that services took more time than the thread had; the part of it that counts. */
function shareOf({ span, load, known }: TalkReport): number {
  const sum = known.reduce((total, { time }) => total + time, 0) / Math.max(1, span);
  return sum > load && load > 0 ? load / sum : 1;
}

/** What placement knows of a node: who talks to whom, what takes time, which kinds belong together. Time is given to it. */
export class LearntTalk {
  readonly #threadOf: (handle: Handle) => number;
  readonly #edges = new Map<string, Edge>();
  readonly #services = new Map<Handle, Remembered>();
  /** How much each kind talks with each other one. */
  readonly #kinds = new Map<string, { pair: readonly [string, string]; weight: number }>();
  readonly #loads: (number | undefined)[];
  readonly #counts: number[];
  readonly #moves: PlacementMove[] = [];
  #moved = 0;
  #last: number;
  /** Milliseconds of learning that the weights stand for, older ones for less. */
  #learnt = 0;

  /** @param threadOf - thread of a service, below 0 if it does not live. */
  constructor(threads: number, threadOf: (handle: Handle) => number, now: number) {
    this.#threadOf = threadOf;
    this.#loads = Array.from({ length: threads }, () => undefined);
    this.#counts = Array.from({ length: threads }, () => 0);
    this.#last = now;
  }

  /** Takes in what the threads have told; those that are silent take part in nothing. `now` in milliseconds. */
  learn(reports: readonly TalkReport[], now: number): void {
    const span = Math.max(1, now - this.#last);
    this.#last = now;
    this.#fade(span);
    const answered = new Set<number>();
    for (const report of reports) {
      answered.add(report.thread);
      const before = this.#loads[report.thread];
      this.#loads[report.thread] = before === undefined ? report.load : (before + report.load) / 2;
      this.#counts[report.thread] = report.services;
      const factor = shareOf(report) / Math.max(1, report.span);
      for (const service of report.known) this.#meet(service, service.time * factor, span);
      for (const [to, from, messages] of report.edges) this.#hear(to, from, messages);
    }
    for (const thread of this.#loads.keys()) if (!answered.has(thread)) this.#loads[thread] = undefined;
    for (const report of reports) this.#learnKinds(report);
    this.#forget();
  }

  #fade(span: number): void {
    const factor = 0.5 ** (span / HALF_LIFE);
    this.#learnt = this.#learnt * factor + span;
    for (const edge of this.#edges.values()) edge.weight *= factor;
    for (const service of this.#services.values()) service.load *= factor;
    const ofKinds = 0.5 ** (span / HALF_LIFE_OF_KINDS);
    for (const entry of this.#kinds.values()) entry.weight *= ofKinds;
  }

  #meet({ handle, name, kind, canMove, isPinned }: KnownService, load: number, span: number): void {
    const known = this.#services.get(handle);
    if (known === undefined) {
      if (this.#services.size >= MOST_SERVICES) return;
      this.#services.set(handle, { name, kind, load, canMove, isPinned, restsUntil: 0, failures: 0 });
      return;
    }
    // A number is given out again.
    if (known.name !== name) Object.assign(known, { restsUntil: 0, failures: 0, load: 0 });
    const share = Math.min(1, (span * Math.LN2) / HALF_LIFE);
    Object.assign(known, { name, kind, canMove, isPinned, load: known.load + load * share });
  }

  #hear(to: Handle, from: Handle, messages: number): void {
    const services = to < from ? ([to, from] as const) : ([from, to] as const);
    const key = `${services[0]} ${services[1]}`;
    const edge = this.#edges.get(key);
    if (edge !== undefined) edge.weight += messages;
    else if (this.#edges.size < MOST_EDGES) this.#edges.set(key, { services, weight: messages });
  }

  #learnKinds({ edges }: TalkReport): void {
    for (const [to, from, messages] of edges) {
      const kinds = [this.#services.get(to)?.kind, this.#services.get(from)?.kind].sort();
      const [a, b] = kinds;
      if (a === undefined || b === undefined) continue;
      const key = JSON.stringify(kinds);
      const entry = this.#kinds.get(key);
      if (entry !== undefined) entry.weight += messages;
      else if (this.#kinds.size < MOST_KINDS) this.#kinds.set(key, { pair: [a, b], weight: messages });
    }
  }

  #forget(): void {
    const gone = (handle: Handle): boolean => this.#threadOf(handle) < 0;
    for (const [key, { services, weight }] of this.#edges)
      if (weight < FAINT || services.some(gone)) this.#edges.delete(key);
    const talking = new Set([...this.#edges.values()].flatMap(({ services }) => services));
    for (const [handle, { load, restsUntil }] of this.#services) {
      const isQuiet = !talking.has(handle) && load < LEAST_LOAD && restsUntil <= this.#last;
      if (isQuiet || gone(handle)) this.#services.delete(handle);
    }
    for (const [key, { weight }] of this.#kinds) if (weight < FAINT) this.#kinds.delete(key);
  }

  /** Messages a second that a weight stands for. */
  #rate(weight: number): number {
    return (weight / Math.max(1, this.#learnt)) * 1000;
  }

  /** What a plan goes by; `isSpared` are threads that nothing goes to. */
  view(isSpared: (thread: number) => boolean): PlanView {
    return {
      loads: this.#loads.map((load, thread) => (isSpared(thread) ? undefined : load)),
      services: [...this.#services].map(([handle, { load, canMove, isPinned, restsUntil }]) => ({
        handle,
        thread: this.#threadOf(handle),
        load,
        canMove: canMove && !isPinned && restsUntil <= this.#last,
      })),
      edges: [...this.#edges.values()].map(({ services, weight }) => ({
        services,
        perSecond: this.#rate(weight),
      })),
    };
  }

  /** Notes what became of a move. `at` in milliseconds. */
  moved({ handle, from, to, talk }: PlannedMove, at: number, failure?: { code: string; text: string }): void {
    const service = this.#services.get(handle);
    this.#moves.unshift({
      handle,
      name: service?.name ?? '',
      from,
      to,
      talk,
      at: at / 1000,
      ...(failure === undefined ? {} : { failure }),
    });
    this.#moves.length = Math.min(this.#moves.length, SHOWN_MOVES);
    if (failure === undefined) this.#moved++;
    if (service === undefined) return;
    service.failures = failure === undefined ? 0 : service.failures + 1;
    service.restsUntil = at + Math.min(MAX_REST, REST * 2 ** service.failures);
    if (failure !== undefined) return;
    this.#shift(from, -service.load);
    this.#shift(to, service.load);
  }

  #shift(thread: number, load: number): void {
    const before = this.#loads[thread];
    if (before !== undefined) this.#loads[thread] = Math.min(1, Math.max(0, before + load));
  }

  /** Where new services of each kind are near those that their kind talks to, as far as a thread has room for more. */
  offers(isSpared: (thread: number) => boolean): PlaceOffer[] {
    const { parts, loads } = this.#kindsByThread();
    const wanted = new Map<string, number[]>();
    for (const { pair, weight } of this.#kinds.values())
      for (const [kind, other] of [pair, [pair[1], pair[0]] as const]) {
        const share = parts.get(other);
        if (share === undefined) continue;
        const sums = wanted.get(kind) ?? this.#loads.map(() => 0);
        for (const [thread, part] of share.entries()) sums[thread] = (sums[thread] as number) + weight * part;
        wanted.set(kind, sums);
      }
    return [...wanted].flatMap(([kind, sums]) => {
      const most = Math.max(...sums);
      const thread = sums.indexOf(most);
      if (most < MOST_OF_IT * sums.reduce((a, b) => a + b, 0) || isSpared(thread)) return [];
      const room = this.#roomOf(thread);
      const starts = Math.floor(room / Math.max(LEAST_LOAD, loads.get(kind) ?? 0) / this.#loads.length);
      return starts > 0 ? [{ kind, thread, starts: Math.min(MOST_STARTS, starts) }] : [];
    });
  }

  /** Load that a thread may take on. */
  #roomOf(thread: number): number {
    const loads = this.#loads.filter((load) => load !== undefined);
    const own = this.#loads[thread];
    if (own === undefined) return 0;
    const mean = loads.reduce((a, b) => a + b, 0) / loads.length;
    return Math.max(PLAN_LIMITS.room, mean + PLAN_LIMITS.slack / 2) - own;
  }

  /** The part of each kind's talk that each thread has, and the load of one of them. */
  #kindsByThread(): { parts: Map<string, number[]>; loads: Map<string, number> } {
    const sums = new Map<string, number[]>();
    for (const { services, weight } of this.#edges.values())
      for (const handle of services) {
        const kind = this.#services.get(handle)?.kind;
        const thread = this.#threadOf(handle);
        if (kind === undefined || this.#loads[thread] === undefined) continue;
        const parts = sums.get(kind) ?? this.#loads.map(() => 0);
        parts[thread] = (parts[thread] as number) + weight;
        sums.set(kind, parts);
      }
    for (const parts of sums.values()) {
      const total = parts.reduce((a, b) => a + b, 0);
      for (const thread of parts.keys()) parts[thread] = (parts[thread] as number) / total;
    }
    const ofKind = new Map<string, { sum: number; count: number }>();
    for (const { kind, load } of this.#services.values()) {
      const { sum, count } = ofKind.get(kind) ?? { sum: 0, count: 0 };
      ofKind.set(kind, { sum: sum + load, count: count + 1 });
    }
    return { parts: sums, loads: new Map([...ofKind].map(([kind, { sum, count }]) => [kind, sum / count])) };
  }

  /** What consoles show. */
  report(offers: readonly PlaceOffer[]): Omit<PlacementReport, 'mode' | 'silent'> {
    const edges = [...this.#edges.values()].sort((a, b) => b.weight - a.weight).slice(0, SHOWN_EDGES);
    return {
      threads: this.#loads.flatMap((load, thread) =>
        load === undefined ? [] : [{ thread, load, services: this.#counts[thread] as number }],
      ),
      edges: edges.map(
        ({ services, weight }): TalkEdge => ({
          services,
          names: [this.#nameOf(services[0]), this.#nameOf(services[1])],
          threads: [this.#threadOf(services[0]), this.#threadOf(services[1])],
          perSecond: Math.round(this.#rate(weight)),
        }),
      ),
      places: offers.map(({ kind, thread }) => ({ kind, thread })),
      pinned: [...this.#services].filter(([, { isPinned }]) => isPinned).map(([handle]) => handle),
      moves: [...this.#moves],
      moved: this.#moved,
    };
  }

  #nameOf(handle: Handle): string {
    return this.#services.get(handle)?.name ?? '';
  }
}
