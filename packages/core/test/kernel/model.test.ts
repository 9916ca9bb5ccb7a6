import { expect, test } from 'vitest';
import {
  defineService,
  type Handle,
  isSkynetError,
  type Skynet,
  type Supervisor,
  supervise,
} from '../../src/index.ts';
import { kernelOf } from '../../src/kernel.ts';
import { FakeClock, forSeeds, startTestNode } from '../../src/testing/index.ts';

// SKYNET_MODEL_RUNS=1000000 SKYNET_MODEL_FIRST=5 make so many runs, from that seed on; a failure names its seed.
const RUNS = Number(process.env.SKYNET_MODEL_RUNS ?? 1000);
const FIRST = Number(process.env.SKYNET_MODEL_FIRST ?? 1);

const WORKERS = ['a', 'b', 'c'];
const STEPS = 20;
/** Milliseconds before a worker that was killed is started again. */
const PAUSE = 2;
/** And those after which it has its name again, however busy the machine. */
const SLACK = 15;

/** One call, and all that the model needs for saying how it must end. */
interface Call {
  readonly worker: string;
  /** Whether it goes through the relay, which knows of the deadline only what the kernel tells. */
  readonly isRelayed: boolean;
  /** Milliseconds that the work takes. */
  readonly work: number;
  /** Milliseconds, 0 for no limit. */
  readonly limit: number;
  readonly madeAt: number;
  readonly abort: AbortController;
  abortedAt: number;
  /** How it ended, each time: once, that is. */
  readonly ends: { readonly how: string; readonly at: number }[];
}

const worker = defineService((skynet) => ({
  async work(milliseconds: number) {
    if (milliseconds > 0) await skynet.sleep(milliseconds / 10);
    return 'done';
  },
}));

/** How the calls ended that the relay made. */
const relayService = (ends: string[]) =>
  defineService((skynet) => ({
    async pass(name: string, milliseconds: number) {
      try {
        const done = await skynet.call(`.${name}`, 'lua', 'work', milliseconds);
        ends.push('done');
        return done;
      } catch (error) {
        ends.push(codeOf(error));
        throw error;
      }
    },
  }));

function codeOf(error: unknown): string {
  return isSkynetError(error) ? error.code : String(error);
}

/** When a call must have ended, and how, by what has happened to its worker and to itself. */
function expected(call: Call, kills: readonly number[]): { at: number; hows: string[] }[] {
  const { madeAt, work, limit, abortedAt } = call;
  // A worker that is not there yet again answers nothing.
  if (kills.some((at) => at <= madeAt && madeAt - at <= PAUSE + SLACK)) return [];
  const events = [
    { at: madeAt + work, hows: ['done'] },
    ...(limit === 0 ? [] : [{ at: madeAt + limit, hows: ['ERR_TIMEOUT'] }]),
    ...(abortedAt < 0 ? [] : [{ at: abortedAt, hows: ['ERR_ABORTED'] }]),
    ...kills.filter((at) => at >= madeAt).map((at) => ({ at, hows: ['ERR_SERVICE_GONE', 'ERR_NO_SERVICE'] })),
  ];
  const first = Math.min(...events.map(({ at }) => at));
  // What happens at one moment may come in any order.
  return events.filter(({ at }) => at === first);
}

async function run(random: () => number): Promise<void> {
  const below = (count: number): number => Math.floor(random() * count);
  const clock = new FakeClock();
  await using node = await startTestNode({}, { clock, random });
  const calls: Call[] = [];
  const kills = new Map<string, number[]>(WORKERS.map((name) => [name, []]));
  const relayed: string[] = [];
  const relay = await node.newService(relayService(relayed));
  let supervisor: Supervisor | undefined;
  let client: Skynet | undefined;
  const boss = defineService(async (skynet) => {
    supervisor = await supervise(
      skynet,
      {
        strategy: 'one-for-one',
        intensity: STEPS,
        period: '1h',
        backoff: { first: `${PAUSE}ms`, longest: `${PAUSE}ms` },
      },
      WORKERS.map((name) => ({ name, service: worker, register: `.${name}` })),
    );
  });
  const booting = node.newService(boss);
  await clock.advance('1ms');
  await booting;
  await node.newService(
    defineService((skynet) => {
      client = skynet;
    }),
  );
  const skynet = client as unknown as Skynet;
  const children = supervisor as unknown as Supervisor;
  const inTurn = (work: () => unknown): void => kernelOf(skynet).enqueue(work);

  const make = (call: Call): void =>
    inTurn(async () => {
      const target = {
        to: call.isRelayed ? relay : `.${call.worker}`,
        signal: call.abort.signal,
        ...(call.limit === 0 ? {} : { timeout: call.limit / 10 }),
      };
      const how = await skynet
        .call<string>(
          target,
          'lua',
          ...(call.isRelayed ? ['pass', call.worker, call.work] : ['work', call.work]),
        )
        .catch(codeOf);
      call.ends.push({ how, at: clock.now() });
    });

  for (let step = 0; step < STEPS; step++) {
    const dice = below(10);
    const now = clock.now();
    const name = WORKERS[below(WORKERS.length)] as string;
    if (dice < 6) {
      const call: Call = {
        worker: name,
        isRelayed: below(2) === 0,
        work: below(4) * below(20),
        limit: below(3) === 0 ? 0 : 1 + below(40),
        madeAt: now,
        abort: new AbortController(),
        abortedAt: -1,
        ends: [],
      };
      calls.push(call);
      make(call);
    } else if (dice === 6) {
      const running = children.handle(name) as Handle | undefined;
      if (running === undefined) continue;
      kills.get(name)?.push(now);
      inTurn(() => skynet.kill(running));
    } else if (dice === 7) {
      const call = calls[below(calls.length)];
      if (call === undefined || call.abortedAt >= 0) continue;
      call.abortedAt = now;
      inTurn(() => call.abort.abort());
    }
    // On a busy machine a restart takes more turns than a step of the clock waits for.
    for (let i = 0; i < 3; i++) await clock.advance(0);
    // Mostly things happen between others, now and then at one moment.
    await clock.advance(below(4) === 0 ? 0 : below(12) / 10);
    for (let i = 0; i < 2; i++) await clock.advance(0);
  }
  await clock.advance('1s');

  for (const [number, call] of calls.entries()) {
    const { abort: _abort, ends, ...facts } = call;
    const shown = `call ${number} ${JSON.stringify({ ...facts, kills: kills.get(call.worker) })}`;
    expect(ends, shown).toHaveLength(1);
    const [end] = ends as [{ how: string; at: number }];
    const may = expected(call, kills.get(call.worker) ?? []);
    if (may.length === 0) {
      // Nobody has the name, or somebody again already.
      expect(['ERR_NO_SERVICE', 'ERR_SERVICE_GONE', 'done', 'ERR_TIMEOUT', 'ERR_ABORTED'], shown).toContain(
        end.how,
      );
      continue;
    }
    expect(
      may.flatMap(({ hows }) => hows),
      shown,
    ).toContain(end.how);
    expect(end.at, shown).toBeCloseTo(may[0]?.at as number, 6);
  }
  // What the relay asked for others is over with it, and everybody is there again.
  expect(relayed).toHaveLength(calls.filter(({ isRelayed }) => isRelayed).length);
  const killed = [...kills.values()].flat().length;
  expect(children.children().map(({ state }) => state)).toEqual(WORKERS.map(() => 'running'));
  expect(children.children().reduce((sum, { restarts }) => sum + restarts, 0)).toBe(killed);
  for (const { name, handle } of children.children()) expect(skynet.localName(`.${name}`)).toBe(handle);
  const left: unknown[] = [];
  inTurn(async () => {
    for (const handle of [relay, ...children.children().map((child) => child.handle as Handle)])
      left.push(await skynet.call(handle, 'debug', 'TASK'));
  });
  await clock.advance(0);
  expect(left).toEqual([[], [], [], []]);
}

test(
  `a small system with kills, deadlines, signals and supervision does what the model says, ${RUNS} times`,
  async () => {
    await forSeeds(RUNS, ({ random }) => run(random), FIRST);
  },
  60_000 + RUNS * 100,
);
