import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs, seedOfRun } from '../../../../test/runs.ts';
import { type CriticalSection, defineService, type Skynet, type Task } from '../../src/index.ts';
import { ticksAndMicrotasks } from '../../src/schedule/settling.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// Random programs of one service: nested async functions, forks, timers, calls, waits, critical sections, and pieces that
// a task starts and does not await. What happens in which order is what it is when every pass is asked for by a tick,
// behind everything that was promised; and whatever runs is the task that it belongs to.

type Step =
  | { readonly do: 'hops'; readonly count: number }
  | { readonly do: 'call' | 'later call'; readonly hops: number }
  | { readonly do: 'sleep' | 'foreign' | 'send' | 'wake' | 'wait' }
  | { readonly do: 'fork' | 'timeout' | 'nest' | 'not awaited' | 'section'; readonly steps: readonly Step[] }
  | { readonly do: 'both'; readonly parts: readonly (readonly Step[])[] };

const { program } = fc.letrec<{ program: readonly Step[] }>((tie) => ({
  program: fc.array(
    fc.oneof(
      { maxDepth: 4, withCrossShrink: true, depthSize: 'small' },
      fc.record({ do: fc.constant('hops' as const), count: fc.nat(5) }),
      fc.record({ do: fc.constantFrom('call' as const, 'later call' as const), hops: fc.nat(3) }),
      fc.record({
        do: fc.constantFrom(...(['sleep', 'foreign', 'send', 'wake', 'wait'] as const)),
      }),
      fc.record({
        do: fc.constantFrom(...(['fork', 'timeout', 'nest', 'not awaited', 'section'] as const)),
        steps: tie('program'),
      }),
      fc.record({ do: fc.constant('both' as const), parts: fc.array(tie('program'), { maxLength: 3 }) }),
    ),
    { maxLength: 6 },
  ) as fc.Arbitrary<readonly Step[]>,
}));

/** What a run has shown: what happened, in order, and what must not be. */
interface Seen {
  readonly log: string[];
  readonly problems: string[];
}

class Run {
  readonly seen: Seen = { log: [], problems: [] };
  readonly #skynet: Skynet;
  readonly #other: number;
  readonly #section: CriticalSection;
  readonly #waiting: string[] = [];
  #inside: Task | undefined;
  #depth = 0;
  #pieces = 0;
  #left = 0;

  constructor(skynet: Skynet, other: number) {
    this.#skynet = skynet;
    this.#other = other;
    this.#section = skynet.queue();
  }

  /** Something will run: a task that runs a program. */
  begin(steps: readonly Step[]): () => Promise<void> {
    const name = `t${this.#pieces++}`;
    this.#left++;
    return async () => {
      await this.#steps(name, this.#skynet.running(), steps);
      this.#left--;
    };
  }

  /** A message to itself has come. */
  take(label: string): void {
    this.seen.log.push(`taken ${label}`);
    this.#left--;
  }

  /** Wakes whoever still waits, until all tasks are over. */
  async finish(): Promise<void> {
    for (let rounds = 0; this.#left > 0; rounds++) {
      if (rounds > 10_000) throw new Error(`${this.#left} pieces never end`);
      this.#wake();
      await this.#skynet.sleep(0);
    }
  }

  #wake(): void {
    const token = this.#waiting.shift();
    if (token !== undefined && !this.#skynet.wakeup(token)) this.seen.problems.push(`${token} does not wait`);
  }

  async #steps(name: string, task: Task, steps: readonly Step[]): Promise<void> {
    for (const [at, step] of steps.entries()) {
      const label = `${name}.${at} ${step.do}`;
      this.#note(label, task);
      await this.#step(label, task, step);
      this.#note(`${label} is over`, task);
    }
  }

  #note(label: string, task: Task): void {
    this.seen.log.push(label);
    if (this.#skynet.running() !== task) this.seen.problems.push(`${label}: another task`);
  }

  async #step(label: string, task: Task, step: Step): Promise<void> {
    const skynet = this.#skynet;
    switch (step.do) {
      case 'hops':
        return this.#hops(label, task, step.count);
      case 'call':
        expect(await skynet.call(this.#other, 'lua', 'echo', label)).toBe(label);
        return;
      case 'later call': {
        const answer = skynet.call(this.#other, 'lua', 'echo', label);
        await this.#hops(label, task, step.hops);
        expect(await answer).toBe(label);
        return;
      }
      case 'sleep':
        await skynet.sleep(0, label);
        return;
      case 'foreign':
        return skynet.await(Promise.resolve());
      case 'send':
        this.#left++;
        skynet.send(skynet.self(), 'lua', 'take', label);
        return;
      case 'wake':
        this.#wake();
        return;
      case 'wait':
        this.#waiting.push(label);
        return skynet.wait(label);
      case 'fork':
        skynet.fork(this.begin(step.steps));
        return;
      case 'timeout':
        skynet.timeout(0, this.begin(step.steps));
        return;
      case 'nest':
        return this.#steps(label, task, step.steps);
      case 'not awaited':
        this.#left++;
        void this.#steps(label, task, step.steps).then(() => this.#left--);
        return;
      case 'section':
        return this.#section(() => this.#inSection(label, task, step.steps));
      default:
        await Promise.all(step.parts.map((part, at) => this.#steps(`${label}${at}`, task, part)));
    }
  }

  async #hops(label: string, task: Task, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await null;
      this.#note(`${label} ${i}`, task);
    }
  }

  async #inSection(label: string, task: Task, steps: readonly Step[]): Promise<void> {
    if (this.#inside !== undefined && this.#inside !== task)
      this.seen.problems.push(`${label}: somebody is in the section`);
    this.#inside = task;
    this.#depth++;
    await this.#steps(`${label} in section`, task, steps);
    if (--this.#depth === 0) this.#inside = undefined;
  }
}

/** Runs programs as tasks of one service, which calls itself, or another one. */
function runIn(node: TestNode, programs: readonly (readonly Step[])[], isAlone: boolean): Promise<Seen> {
  return node.run(async (skynet) => {
    const echo = await skynet.newService('echo');
    let run: Run | undefined;
    const service = await skynet.newService(
      defineService((own) => {
        const mine = new Run(own, isAlone ? own.self() : echo);
        run = mine;
        return {
          echo: (value: string) => value,
          start: (steps: readonly Step[]) => mine.begin(steps)(),
          take: (label: string) => mine.take(label),
          finish: () => mine.finish(),
        };
      }),
    );
    for (const steps of programs) skynet.send(service, 'lua', 'start', steps);
    await skynet.call(service, 'lua', 'finish');
    for (const handle of [service, echo]) skynet.kill(handle);
    return (run as Run).seen;
  });
}

/** A node on a platform that does not let it run what is promised: each pass is asked for by a tick. */
async function startWithTicks(): Promise<TestNode> {
  const given = Object.getOwnPropertyDescriptor(process, '_tickCallback') as PropertyDescriptor;
  Reflect.deleteProperty(process, '_tickCallback');
  try {
    expect(ticksAndMicrotasks()).toBeUndefined();
    return await startTestNode();
  } finally {
    Object.defineProperty(process, '_tickCallback', given);
  }
}

const seed = Number(process.env['SKYNET_ORDER_SEED'] ?? seedOfRun());

test(`random programs happen in the same order however passes follow each other, each as its own task (SKYNET_ORDER_SEED=${seed})`, async () => {
  expect(ticksAndMicrotasks()).toBeTypeOf('function');
  const node = await startTestNode();
  const withTicks = await startWithTicks();
  await fc.assert(
    fc.asyncProperty(
      fc.array(program, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (programs, isAlone) => {
        const seen = await runIn(node, programs, isAlone);
        const before = await runIn(withTicks, programs, isAlone);
        for (const { problems } of [seen, before]) expect(problems).toEqual([]);
        // When answers of others come is a matter of how long they are kept from their turns.
        if (isAlone) expect(seen.log).toEqual(before.log);
      },
    ),
    { numRuns: runs(150), seed },
  );
  for (const { log } of [node, withTicks])
    expect(log.filter((line) => / error : |warning|overload/.test(line))).toEqual([]);
});
