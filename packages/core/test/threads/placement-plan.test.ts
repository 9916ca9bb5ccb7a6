import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  PLAN_LIMITS,
  type PlannedMove,
  type PlanService,
  type PlanView,
  planMoves,
} from '../../src/threads/placement-plan.ts';

const service = (handle: number, thread: number, load: number, canMove = true): PlanService => ({
  handle,
  thread,
  load,
  canMove,
});

/** Threads have the load of their services. */
function viewOf(
  threads: number,
  services: PlanService[],
  edges: [number, number, number][],
): PlanView & { services: PlanService[] } {
  const loads = Array.from({ length: threads }, () => 0);
  for (const { thread, load } of services) loads[thread] = (loads[thread] as number) + load;
  return { loads, services, edges: edges.map(([a, b, perSecond]) => ({ services: [a, b], perSecond })) };
}

/** The same services after a plan. */
function after(view: PlanView & { services: PlanService[] }, plan: readonly PlannedMove[]) {
  const places = new Map(plan.map(({ handle, to }) => [handle, to]));
  return viewOf(
    view.loads.length,
    view.services.map((one) => ({ ...one, thread: places.get(one.handle) ?? one.thread })),
    view.edges.map(({ services: [a, b], perSecond }) => [a, b, perSecond]),
  );
}

/** Messages a second that cross. */
function crossing({ services, edges }: PlanView): number {
  const threads = new Map(services.map(({ handle, thread }) => [handle, thread]));
  return edges
    .filter(({ services: [a, b] }) => threads.get(a) !== threads.get(b))
    .reduce((sum, { perSecond }) => sum + perSecond, 0);
}

const arbitraryView = fc
  .integer({ min: 2, max: 5 })
  .chain((threads) =>
    fc.record({
      threads: fc.constant(threads),
      services: fc.array(
        fc.record({
          thread: fc.integer({ min: 0, max: threads - 1 }),
          load: fc.double({ min: 0, max: 0.2, noNaN: true }),
          canMove: fc.boolean(),
        }),
        { maxLength: 40 },
      ),
      edges: fc.array(
        fc.tuple(fc.nat({ max: 39 }), fc.nat({ max: 39 }), fc.integer({ min: 1, max: 20_000 })),
        { maxLength: 80 },
      ),
    }),
  )
  .map(({ threads, services, edges }) =>
    viewOf(
      threads,
      services.map(({ thread, load, canMove }, i) => service(i + 1, thread, load, canMove)),
      edges
        .filter(([a, b]) => a !== b && a < services.length && b < services.length)
        .map(([a, b, rate]): [number, number, number] => [a + 1, b + 1, rate]),
    ),
  );

test('a plan keeps to its limits, moves no partners at once, and less crosses afterwards', () => {
  fc.assert(
    fc.property(arbitraryView, (view) => {
      const plan = planMoves(view);
      const services = new Map(view.services.map((one) => [one.handle, one]));
      const moved = new Set(plan.map(({ handle }) => handle));
      expect(plan.length).toBeLessThanOrEqual(PLAN_LIMITS.most);
      expect(moved.size).toBe(plan.length);
      for (const { handle, from, to, talk } of plan) {
        expect(services.get(handle)).toMatchObject({ canMove: true, thread: from });
        expect(to).not.toBe(from);
        expect(talk[0]).toBeGreaterThanOrEqual(PLAN_LIMITS.minTalk);
        expect(talk[0]).toBeGreaterThanOrEqual(PLAN_LIMITS.ratio * talk[1]);
      }
      for (const { services: ends } of view.edges) expect(ends.every((end) => moved.has(end))).toBe(false);
      const gain = plan.reduce((sum, { talk: [there, here] }) => sum + there - here, 0);
      const left = crossing(view) - crossing(after(view, plan));
      expect(left).toBeCloseTo(gain, 3);
      if (plan.length > 0) expect(left).toBeGreaterThan(0);
    }),
  );
});

test('no plan gives a thread more load than there is room, nor more than the busiest had', () => {
  fc.assert(
    fc.property(arbitraryView, (view) => {
      const loads = view.loads as number[];
      const afterwards = after(view, planMoves(view)).loads as number[];
      const saved = view.edges.reduce((sum, { perSecond }) => sum + perSecond, 0) * PLAN_LIMITS.crossing;
      const most = Math.max(PLAN_LIMITS.couple.all, ...loads.map((load) => load + PLAN_LIMITS.slack));
      expect(Math.max(...afterwards)).toBeLessThanOrEqual(most + 2 * saved + 1e-9);
    }),
  );
});

test('plan after plan it comes to an end: nobody goes to and fro', () => {
  fc.assert(
    fc.property(arbitraryView, (start) => {
      let view = start;
      let cross = crossing(view);
      for (let round = 0; ; round++) {
        const plan = planMoves(view);
        if (plan.length === 0) break;
        view = after(view, plan);
        // Less every time: no place that was left is come back to for the same reason.
        expect(crossing(view)).toBeLessThan(cross);
        cross = crossing(view);
        expect(round).toBeLessThan(200);
      }
    }),
  );
});

test('the order in which services and edges are told makes no difference to how much crosses', () => {
  const view = viewOf(
    2,
    [1, 2, 3, 4, 5, 6].map((handle) => service(handle, handle % 2, 0.1)),
    [
      [1, 2, 900],
      [3, 4, 800],
      [5, 6, 700],
    ],
  );
  const backwards = { ...view, services: [...view.services].reverse(), edges: [...view.edges].reverse() };
  expect(planMoves(view)).toHaveLength(3);
  expect(planMoves(view)).toEqual(planMoves(view));
  expect(crossing(after(backwards, planMoves(backwards)))).toBe(0);
});

test('a pair goes to one thread though the thread has little room then, but not where both work all the time', () => {
  const pair = (load: number) => viewOf(2, [service(1, 0, load), service(2, 1, load)], [[1, 2, 5000]]);
  expect(planMoves(pair(0.4))).toHaveLength(1);
  expect(planMoves(pair(0.8))).toEqual([]);
  // What else lives there counts.
  const crowded = viewOf(
    2,
    [service(1, 0, 0.4), service(2, 1, 0.4, false), service(3, 1, 0.3)],
    [[1, 2, 5000]],
  );
  expect(planMoves(crowded)).toEqual([]);
});

test('pairs in threads without any room left change places', () => {
  const view = viewOf(
    2,
    [service(1, 0, 0.5), service(2, 1, 0.5), service(3, 0, 0.5), service(4, 1, 0.5)],
    [
      [1, 2, 5000],
      [3, 4, 5000],
    ],
  );
  const plan = planMoves(view);
  expect(plan).toHaveLength(2);
  const there = after(view, plan);
  expect(crossing(there)).toBe(0);
  expect(there.loads).toEqual([1, 1]);
});

test('where everybody talks to one service the load stays balanced', () => {
  const clients = Array.from({ length: 99 }, (_, i) => service(i + 2, i % 3, 0.02));
  let view = viewOf(
    3,
    [service(1, 0, 0.2, false), ...clients],
    clients.map(({ handle }) => [handle, 1, 500]),
  );
  for (let round = 0; round < 50; round++) view = after(view, planMoves(view));
  const loads = view.loads as number[];
  // 0.2 + 33 * 0.02 in thread 0 to begin with.
  expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(0.2 + PLAN_LIMITS.slack + 0.02);
  // As long as there is room they come.
  const light = clients.map((one) => ({ ...one, load: 0.001 }));
  let quiet = viewOf(
    3,
    [service(1, 0, 0.1, false), ...light],
    light.map(({ handle }) => [handle, 1, 500]),
  );
  for (let round = 0; round < 50; round++) quiet = after(quiet, planMoves(quiet));
  expect(crossing(quiet)).toBe(0);
});

test('who cannot move, is spared or whose partner is not known stays', () => {
  const edges: [number, number, number][] = [[1, 2, 5000]];
  const ends = (canMove: boolean) => [service(1, 0, 0.1, canMove), service(2, 1, 0.1, canMove)];
  expect(planMoves(viewOf(2, ends(false), edges))).toEqual([]);
  const view = viewOf(2, ends(true), edges);
  expect(planMoves({ ...view, loads: [0.1, undefined] })).toEqual([]);
  expect(planMoves({ ...view, services: view.services.slice(1) })).toEqual([]);
  // Not for a few messages, nor where it talks at home as well.
  expect(planMoves(viewOf(2, ends(true), [[1, 2, PLAN_LIMITS.minTalk - 1]]))).toEqual([]);
  const torn = viewOf(
    2,
    [service(1, 0, 0.1), service(2, 1, 0.1, false), service(3, 0, 0.1, false)],
    [
      [1, 2, 5000],
      [1, 3, 2600],
    ],
  );
  expect(planMoves(torn)).toEqual([]);
});
