import { callRate } from '../calls.ts';
import type { Measure } from '../case.ts';
import { bytesOfEach } from '../memory.ts';
import { loadPeer } from './peer.ts';

interface Asked {
  readonly value: unknown;
  readonly sender: object;
}

interface Nact {
  start(): object;
  stop(actor: object): void;
  spawn(parent: object, work: (state: unknown, message: Asked) => unknown, name: string): object;
  dispatch(actor: object, message: unknown): void;
  query(actor: object, message: (sender: object) => Asked, timeout: number): Promise<unknown>;
}

const PATIENCE = 60_000;

async function inSystem(
  work: (nact: Nact, system: object) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const nact = loadPeer<Nact>('nact');
  const system = nact.start();
  try {
    return await work(nact, system);
  } finally {
    nact.stop(system);
  }
}

/** Queries of an actor that answers with what it got, by reference. */
export function nactCalls(value: unknown): Measure {
  return (effort) =>
    inSystem(async (nact, system) => {
      const echo = nact.spawn(
        system,
        (_state, message) => nact.dispatch(message.sender, message.value),
        'echo',
      );
      const call = (): Promise<unknown> => nact.query(echo, (sender) => ({ value, sender }), PATIENCE);
      return [await callRate(effort, call, 1, 2000)];
    });
}

let made = 0;

async function startMany(nact: Nact, system: object, count: number): Promise<object[]> {
  const actors: object[] = [];
  for (let i = 0; i < count; i++) {
    // Names that it makes by itself are sometimes the same.
    actors.push(nact.spawn(system, (_state, { value }) => value, `idle${made++}`));
    // One after another, as services are.
    await Promise.resolve();
  }
  return actors;
}

/** Actors started a second; they are ended a thousand at a time. */
export const nactSpawn: Measure = (effort) =>
  inSystem(async (nact, system) => {
    let started: object[] = [];
    const start = async (count: number): Promise<void> => {
      started = await startMany(nact, system, count);
    };
    const end = (): void => {
      for (const actor of started) nact.stop(actor);
    };
    return [await effort.rate(start, 1000, end)];
  });

/** Resident bytes and bytes of the heap of an idle actor. */
export function nactIdle(count: number): Measure {
  return (effort) =>
    inSystem(async (nact, system) => {
      await startMany(nact, system, effort.count(1000));
      const some = effort.count(count);
      const { rss, heap } = await bytesOfEach(some, () => startMany(nact, system, some));
      return [rss, heap];
    });
}
