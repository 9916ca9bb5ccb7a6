import { setTimeout as pause } from 'node:timers/promises';
import type { Handle, Skynet } from '../../src/index.ts';

/** What a run consists of; everything else follows from the seed. */
export interface LossPlan {
  readonly seed: number;
  readonly threads: number;
  /** Numbered messages at least, sends and calls together. */
  readonly messages: number;
  /** Losses at most. */
  readonly losses: number;
}

/** What was counted. `problems` has to be empty. */
export interface LossCount {
  sends: number;
  answered: number;
  failed: number;
  losses: number;
  problems: string[];
}

/** Longest time that a call may take on a machine that is busy with other things. */
const SETTLED_WITHIN = '60s';
const BATCH = 40;

/** mulberry32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Has services in all threads send each other numbered messages, in pieces of work up to 200 ms long, while threads
 * are lost, services killed and others started. Counts, and looks whether every call settles and whether what living
 * services were sent by living ones has come once and in order.
 */
export async function runLosses(skynet: Skynet, plan: LossPlan): Promise<LossCount> {
  const random = numbers(plan.seed);
  const count: LossCount = { sends: 0, answered: 0, failed: 0, losses: 0, problems: [] };
  const crew = new Map<Handle, number>();
  const going = new Set<Promise<void>>();
  const one = (): Handle => [...crew.keys()][random(crew.size)] as Handle;
  const hire = async (thread: number): Promise<void> => {
    for (;;) {
      try {
        crew.set(await skynet.newService({ name: 'peer', thread }), thread);
        return;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        if (code !== 'ERR_SERVICE_GONE') throw error;
        // Lost too often: the run goes on with the others.
        if (message.endsWith('is not started again')) return;
        // It was lost while the service started.
        await skynet.await(pause(20));
      }
    }
  };
  const go = async (from: Handle, late?: string): Promise<void> => {
    const steps = Array.from({ length: BATCH }, () => ({
      to: one(),
      call: random(3) === 0,
      size: random(200) === 0 ? 300_000 : random(60),
      waits: random(3),
    }));
    const calls = steps.filter(({ call }) => call).length;
    count.sends += BATCH - calls;
    try {
      const outcomes = await skynet.call<string[]>(
        { to: from, timeout: SETTLED_WITHIN },
        'lua',
        ...(late === undefined ? ['go', steps] : ['goLate', late, steps]),
      );
      for (const outcome of outcomes) {
        if (outcome === 'ok') count.answered++;
        else if (outcome === 'ERR_SERVICE_GONE' || outcome === 'ERR_NO_SERVICE') count.failed++;
        else count.problems.push(`a call ended with ${outcome}`);
      }
      if (outcomes.length !== calls) count.problems.push(`${outcomes.length} of ${calls} calls settled`);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'ERR_SERVICE_GONE' && code !== 'ERR_NO_SERVICE')
        count.problems.push(`a batch of ${from} ended with ${code}`);
      count.failed += calls;
    }
  };
  const start = (from: Handle, late?: string): void => {
    const done = go(from, late).finally(() => going.delete(done));
    going.add(done);
  };

  for (let thread = 0; thread < plan.threads; thread++) for (let i = 0; i < 3; i++) await hire(thread);
  for (let sent = 0; sent < plan.messages; sent += BATCH) {
    // Losses come by chance, and at the latest so that they are spread over the run.
    const dice = random(40);
    if (dice === 0) skynet.send(one(), 'lua', 'spin', 20 + random(180));
    else if (dice < 4) skynet.send(one(), 'lua', 'spin', random(20));
    else if (
      (dice === 4 || sent * (plan.losses + 1) > plan.messages * (count.losses + 1)) &&
      count.losses < plan.losses
    ) {
      const victim = one();
      const thread = crew.get(victim) as number;
      if (thread !== 0) {
        count.losses++;
        const lost = skynet.call(victim, 'lua', 'exitProcess').catch(() => {});
        // The others go on meanwhile, with those that are about to be lost too.
        for (let i = 0; i < 3; i++) start(one());
        // One other thread hears of it only when it has written to a service of the new thread.
        const name = `.loss${count.losses}`;
        const others = [...crew].filter(([, place]) => place !== thread && place !== 0);
        const late = others[random(others.length)]?.[0];
        if (late !== undefined) start(late, name);
        await lost;
        for (const [handle, place] of crew) if (place === thread) crew.delete(handle);
        for (let i = 0; i < 3; i++) await hire(thread);
        // Named from here: where the thread is given up, the last one may live in the thread that waits for the name.
        const fresh = [...crew.keys()].pop() as Handle;
        skynet.nameService(name, fresh);
      }
    } else if (dice === 5 && crew.size > plan.threads * 2) {
      const victim = one();
      const thread = crew.get(victim) as number;
      crew.delete(victim);
      skynet.kill(victim);
      await hire(thread);
    }
    start(one());
    if (going.size > 12) await skynet.await(Promise.race(going));
  }
  await skynet.await(Promise.all(going));

  // Those that still live have everything from each other.
  type Report = { problems: string[]; received: Map<Handle, number>; sent: Map<Handle, number> };
  const living = new Map<Handle, Report>();
  for (const handle of crew.keys())
    await skynet.call({ to: handle, timeout: SETTLED_WITHIN }, 'lua', 'self').catch(() => {});
  for (const from of crew.keys())
    await skynet
      .call(
        { to: from, timeout: SETTLED_WITHIN },
        'lua',
        'go',
        [...crew.keys()].map((to) => ({ to, call: true, size: 1, waits: 0 })),
      )
      .catch(() => {});
  for (const handle of crew.keys()) {
    const report = await skynet
      .call<Report>({ to: handle, timeout: SETTLED_WITHIN }, 'lua', 'report')
      .catch(() => undefined);
    if (report !== undefined) living.set(handle, report);
  }
  for (const [to, { problems, received }] of living) {
    count.problems.push(...problems);
    for (const [from, { sent }] of living) {
      const [out, arrived] = [sent.get(to) ?? 0, received.get(from) ?? 0];
      if (out !== arrived) count.problems.push(`${arrived} of ${out} messages came from ${from} to ${to}`);
    }
  }
  return count;
}
