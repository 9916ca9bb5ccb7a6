import type { Handle } from '../handle.ts';

/** A service as the plan sees it. */
export interface PlanService {
  readonly handle: Handle;
  readonly thread: number;
  /** Part of a thread's time that it takes, 0 to 1. */
  readonly load: number;
  /** Whether it can be moved now: it hands over, nobody has pinned it, it has not just moved or failed to. */
  readonly canMove: boolean;
}

/** Two services that talk, and how much: messages a second, both ways. */
export interface PlanEdge {
  readonly services: readonly [Handle, Handle];
  readonly perSecond: number;
}

/** All that a plan goes by. */
export interface PlanView {
  /** Load of each thread, 0 to 1; undefined for one that takes and gives nothing: it is drained, or does not answer. */
  readonly loads: readonly (number | undefined)[];
  readonly services: readonly PlanService[];
  readonly edges: readonly PlanEdge[];
}

/** Bounds of a plan. */
export interface PlanLimits {
  /** Moves. */
  readonly most: number;
  /** Messages a second below which it is not worth a move. */
  readonly minTalk: number;
  /** How many times more it has to talk with the other thread than with its own. */
  readonly ratio: number;
  /** Load of a thread up to which it takes in whoever talks with it. */
  readonly room: number;
  /**
   * Two that talk with nobody else to speak of and wait for each other work in turns: what a thread needs for them is less
   * than the sum says, since that has the waking in it. So much may both take, the others beside them, and all together.
   */
  readonly couple: { readonly both: number; readonly others: number; readonly all: number };
  /** How much more load than the thread that gives may the one have that takes. */
  readonly slack: number;
  /** Seconds of each thread's time that a message costs more because it crosses. */
  readonly crossing: number;
}

export const PLAN_LIMITS: PlanLimits = {
  most: 16,
  minTalk: 100,
  ratio: 2,
  room: 0.5,
  couple: { both: 1.05, others: 0.2, all: 1.2 },
  slack: 0.1,
  crossing: 0.4e-6,
};

/** A service that is to go to another thread. */
export interface PlannedMove {
  readonly handle: Handle;
  readonly from: number;
  readonly to: number;
  /** Messages a second with services of `to`, and of `from`. */
  readonly talk: readonly [there: number, here: number];
}

/** Part of a service's talk from which somebody is its only partner to speak of. */
const ONLY = 0.8;
/** Part from which a partner counts: where it is has moved a service. */
const PARTNER = 0.1;
/** Gains as close as this are alike: the loads of the threads decide. */
const ALIKE = 0.8;

/** Candidates that are looked at. */
const MOST_CANDIDATES = 256;

/** A service with everybody it talks to. */
interface Talker {
  readonly service: PlanService;
  /** Messages a second with each. */
  readonly partners: Map<Talker, number>;
  total: number;
}

interface Candidate {
  readonly talker: Talker;
  readonly to: number;
  readonly there: number;
  readonly here: number;
  /** One of that thread, if those two talk with nobody else. */
  readonly other: Talker | undefined;
}

/**
 * Which services are to move to the threads they talk to: those that gain most first, none where a thread would have more
 * load than it should, nobody whose partner moves in the same plan. The same view gives the same plan.
 */
export function planMoves(view: PlanView, limits: PlanLimits = PLAN_LIMITS): PlannedMove[] {
  const candidates = candidatesOf(talkersOf(view), view.loads, limits)
    .sort((a, b) => gainOf(b) - gainOf(a) || a.talker.service.handle - b.talker.service.handle)
    .slice(0, MOST_CANDIDATES);
  const loads = view.loads.map((load) => load ?? 1);
  const taken = loads.map(() => 0);
  for (const { thread, load } of view.services) taken[thread] = (taken[thread] ?? 0) + load;
  const moved = new Set<Talker>();
  const settled = new Set<Talker>();
  const plan: PlannedMove[] = [];
  const isFree = ({ talker }: Candidate): boolean =>
    !moved.has(talker) &&
    !settled.has(talker) &&
    ![...talker.partners.keys()].some((other) => moved.has(other));
  const take = ({ talker, to, there, here }: Candidate): void => {
    const { handle, thread, load } = talker.service;
    const saved = there * limits.crossing;
    loads[thread] = Math.max(0, (loads[thread] as number) - load - saved);
    loads[to] = (loads[to] as number) + Math.max(0, load - saved) - saved;
    taken[thread] = (taken[thread] as number) - load;
    taken[to] = (taken[to] as number) + load;
    moved.add(talker);
    for (const [partner, talk] of talker.partners) if (talk >= PARTNER * talker.total) settled.add(partner);
    plan.push({ handle, from: thread, to, talk: [there, here] });
  };
  while (plan.length < limits.most) {
    const free = candidates.filter(isFree);
    const best = bestOf(
      free.filter((candidate) => fits(candidate, loads, taken, limits)),
      loads,
    );
    if (best !== undefined) {
      take(best);
      continue;
    }
    const exchange = plan.length + 2 <= limits.most ? exchangeOf(free, loads, limits) : undefined;
    if (exchange === undefined) break;
    for (const candidate of exchange) take(candidate);
  }
  return plan;
}

function talkersOf({ services, edges }: PlanView): Talker[] {
  const talkers = new Map<Handle, Talker>();
  for (const service of services) talkers.set(service.handle, { service, partners: new Map(), total: 0 });
  for (const { services: ends, perSecond } of edges) {
    const [a, b] = ends.map((handle) => talkers.get(handle));
    if (a === undefined || b === undefined || a === b || !(perSecond > 0)) continue;
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.partners.set(other, (one.partners.get(other) ?? 0) + perSecond);
      one.total += perSecond;
    }
  }
  return [...talkers.values()];
}

function candidatesOf(
  talkers: readonly Talker[],
  loads: readonly (number | undefined)[],
  { minTalk, ratio }: PlanLimits,
): Candidate[] {
  return talkers.flatMap((talker): Candidate[] => {
    const { thread, canMove } = talker.service;
    if (!canMove || loads[thread] === undefined) return [];
    const talk = loads.map(() => 0);
    for (const [partner, perSecond] of talker.partners)
      talk[partner.service.thread] = (talk[partner.service.thread] ?? 0) + perSecond;
    const here = talk[thread] ?? 0;
    let to = -1;
    for (const [other, perSecond] of talk.entries())
      if (other !== thread && loads[other] !== undefined && perSecond > (to < 0 ? 0 : (talk[to] as number)))
        to = other;
    const there = to < 0 ? 0 : (talk[to] as number);
    if (there < minTalk || there < ratio * here) return [];
    const [other] = [...talker.partners].find(
      ([partner, perSecond]) =>
        partner.service.thread === to &&
        perSecond >= ONLY * talker.total &&
        perSecond >= ONLY * partner.total,
    ) ?? [undefined];
    return [{ talker, to, there, here, other }];
  });
}

function gainOf({ there, here }: Candidate): number {
  return there - here;
}

/** Load of the two threads after a move, the one that it leaves first. */
function loadsAfter(
  { talker: { service }, to, there }: Candidate,
  loads: readonly number[],
  { crossing }: Pick<PlanLimits, 'crossing'>,
): [from: number, to: number] {
  const saved = there * crossing;
  const { thread, load } = service;
  return [
    (loads[thread] as number) - load - saved,
    (loads[to] as number) + Math.max(0, load - saved) - saved,
  ];
}

/** Whether a thread has room for one more; `taken` is what the services of each thread take. */
function fits(
  candidate: Candidate,
  loads: readonly number[],
  taken: readonly number[],
  { room, slack, couple, ...limits }: PlanLimits,
): boolean {
  const [from, to] = loadsAfter(candidate, loads, limits);
  if (to <= room || to <= from + slack) return true;
  if (candidate.other === undefined) return false;
  const own = candidate.talker.service.load;
  const its = candidate.other.service.load;
  const others = (taken[candidate.to] as number) - its;
  return own + its <= couple.both && others <= couple.others && to <= couple.all;
}

/** The one that gains most; of those that gain alike, the one that goes where there is least to do. */
function bestOf(candidates: readonly Candidate[], loads: readonly number[]): Candidate | undefined {
  let most = 0;
  for (const candidate of candidates) most = Math.max(most, gainOf(candidate));
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (gainOf(candidate) < ALIKE * most) continue;
    if (best === undefined || (loads[candidate.to] as number) < (loads[best.to] as number)) best = candidate;
  }
  return best;
}

/** Two that go each where the other comes from, where one alone would be too much. */
function exchangeOf(
  candidates: readonly Candidate[],
  loads: readonly number[],
  limits: PlanLimits,
): readonly [Candidate, Candidate] | undefined {
  for (const [i, one] of candidates.entries()) {
    const [from, to] = loadsAfter(one, loads, limits);
    for (const other of candidates.slice(i + 1)) {
      const { service } = other.talker;
      if (service.thread !== one.to || other.to !== one.talker.service.thread) continue;
      // They must not be each other's partners: both would go, and be apart again.
      if (one.talker.partners.has(other.talker)) continue;
      const [back, there] = loadsAfter(other, withLoads(loads, one, from, to), limits);
      const before = Math.max(loads[one.to] as number, loads[other.to] as number);
      if (Math.max(back, there) <= Math.max(limits.room, before)) return [one, other];
    }
  }
  return undefined;
}

function withLoads(
  loads: readonly number[],
  { talker, to }: Candidate,
  fromLoad: number,
  toLoad: number,
): number[] {
  const after = [...loads];
  after[talker.service.thread] = fromLoad;
  after[to] = toLoad;
  return after;
}
