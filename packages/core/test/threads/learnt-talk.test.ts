import { expect, test } from 'vitest';
import { LearntPlaces } from '../../src/threads/learnt-places.ts';
import { type KnownService, LearntTalk, type TalkReport } from '../../src/threads/learnt-talk.ts';
import { planMoves } from '../../src/threads/placement-plan.ts';

const NOBODY = (): boolean => false;

const known = (handle: number, kind: string, time = 10, isPinned = false): KnownService => ({
  handle,
  name: kind,
  kind,
  time,
  canMove: true,
  isPinned,
});

const report = (
  thread: number,
  services: KnownService[],
  edges: [number, number, number][] = [],
  load = 0.1,
): TalkReport => ({ thread, span: 1000, load, services: services.length, edges, known: services });

/** Two that talk across threads 0 and 1, told of each second. */
function pair(
  places: Map<number, number> = new Map([
    [1, 0],
    [2, 1],
  ]),
) {
  const talk = new LearntTalk(2, (handle) => places.get(handle) ?? -1, 0);
  const second = (now: number, messages = 1000): void => {
    const services = [known(1, 'client'), known(2, 'server')];
    talk.learn(
      [0, 1].map((thread) =>
        report(
          thread,
          services.filter(({ handle }) => places.get(handle) === thread),
          places.get(2) === thread ? [[2, 1, messages]] : [],
        ),
      ),
      now,
    );
  };
  return { talk, places, second };
}

test('who talks is told with both threads together, and forgotten when nothing comes any more', () => {
  const { talk, second } = pair();
  for (let now = 1000; now <= 10_000; now += 1000) second(now);
  const [edge] = talk.report([]).edges;
  expect(edge).toMatchObject({ services: [1, 2], names: ['client', 'server'], threads: [0, 1] });
  expect(edge?.perSecond).toBeGreaterThan(800);
  expect(edge?.perSecond).toBeLessThan(1200);
  for (let now = 11_000; now <= 100_000; now += 1000) second(now, 0);
  expect(talk.report([]).edges).toEqual([]);
  expect(planMoves(talk.view(NOBODY))).toEqual([]);
});

test('what is remembered is bounded, whoever talks with whom', () => {
  const talk = new LearntTalk(2, () => 0, 0);
  for (let now = 1000, handle = 1; now < 40_000; now += 1000) {
    const services = Array.from({ length: 1000 }, () => known(handle++, `kind ${handle}`));
    const edges = services.map(({ handle: one }): [number, number, number] => [one, one + 1, 64]);
    talk.learn([report(0, services, edges)], now);
  }
  const { services, edges } = talk.view(NOBODY);
  expect(services.length).toBeLessThanOrEqual(8192);
  expect(edges.length).toBeLessThanOrEqual(4096);
});

test('a service rests after a move, and longer after each that failed', () => {
  const { talk, places, second } = pair();
  for (let now = 1000; now <= 5000; now += 1000) second(now);
  const plan = planMoves(talk.view(NOBODY));
  expect(plan).toHaveLength(1);
  const [move] = plan as [NonNullable<(typeof plan)[0]>];
  const other = move.handle === 1 ? 2 : 1;
  const isResting = (handle: number): boolean =>
    talk.view(NOBODY).services.find((one) => one.handle === handle)?.canMove === false;

  talk.moved(move, 5000, { code: 'ERR_MOVE', text: 'busy' });
  expect(talk.report([]).moves[0]).toMatchObject({ handle: move.handle, failure: { code: 'ERR_MOVE' } });
  expect(isResting(move.handle)).toBe(true);
  expect(isResting(other)).toBe(false);
  // Its partner may try.
  expect(planMoves(talk.view(NOBODY)).map(({ handle }) => handle)).toEqual([other]);
  for (let now = 6000; now <= 24_000; now += 1000) second(now);
  expect(isResting(move.handle)).toBe(true);
  second(25_000);
  expect(isResting(move.handle)).toBe(false);
  talk.moved(move, 25_000, { code: 'ERR_MOVE', text: 'busy' });
  for (let now = 26_000; now <= 64_000; now += 1000) second(now);
  expect(isResting(move.handle)).toBe(true);
  second(65_000);

  talk.moved(move, 65_000);
  places.set(move.handle, move.to);
  second(66_000);
  expect(isResting(move.handle)).toBe(true);
  second(75_000);
  expect(isResting(move.handle)).toBe(false);
  expect(planMoves(talk.view(NOBODY))).toEqual([]);
  expect(talk.report([])).toMatchObject({ moved: 1, moves: [{ at: 65 }, { at: 25 }, { at: 5 }] });
});

test('a pinned service is told of and stays', () => {
  const talk = new LearntTalk(2, (handle) => handle - 1, 0);
  for (let now = 1000; now <= 5000; now += 1000)
    talk.learn(
      [report(0, [known(1, 'a', 10, true)]), report(1, [known(2, 'b', 10, true)], [[2, 1, 5000]])],
      now,
    );
  expect(talk.report([]).pinned).toEqual([1, 2]);
  expect(planMoves(talk.view(NOBODY))).toEqual([]);
});

test('new ones of a kind go where their kind talks, as long as there is room, and nowhere where it talks everywhere', () => {
  const threads = new Map([
    [1, 1],
    [2, 0],
    [3, 1],
    [4, 0],
  ]);
  const talk = new LearntTalk(2, (handle) => threads.get(handle) ?? -1, 0);
  const learn = (load: number, now: number): void =>
    talk.learn(
      [
        report(0, [known(2, 'player'), known(4, 'chat')]),
        report(
          1,
          [known(1, 'room'), known(3, 'chat')],
          [
            [1, 2, 1000],
            [3, 2, 100],
            [4, 2, 100],
          ],
          load,
        ),
      ],
      now,
    );
  for (let now = 1000; now <= 3000; now += 1000) learn(0.1, now);
  const offers = talk.offers(NOBODY);
  expect(offers).toContainEqual({ kind: 'player', thread: 1, starts: expect.any(Number) });
  expect(talk.offers((thread) => thread === 1).filter(({ thread }) => thread === 1)).toEqual([]);

  const places = new LearntPlaces();
  places.learn(offers);
  const starts = offers.find(({ kind }) => kind === 'player')?.starts as number;
  expect(starts).toBeGreaterThan(0);
  for (let i = 0; i < starts; i++) expect(places.next('player')).toBe(1);
  expect(places.next('player')).toBeUndefined();
  expect(places.next('unheard')).toBeUndefined();

  for (let now = 4000; now <= 20_000; now += 1000) learn(0.95, now);
  expect(talk.offers(NOBODY).filter(({ thread }) => thread === 1)).toEqual([]);
});

test('a thread that does not answer takes part in nothing', () => {
  const { talk, second } = pair();
  for (let now = 1000; now <= 5000; now += 1000) second(now);
  expect(planMoves(talk.view(NOBODY))).toHaveLength(1);
  talk.learn([report(0, [known(1, 'client')])], 6000);
  expect(planMoves(talk.view(NOBODY))).toEqual([]);
  expect(talk.report([]).threads.map(({ thread }) => thread)).toEqual([0]);
});
