import { messageOf } from '../codec/error.ts';
import type { PlacementCommands, PlacementReport } from '../contracts/placement.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { LearntTalk, type PlaceOffer, type TalkReport } from '../threads/learnt-talk.ts';
import { type PlannedMove, planMoves } from '../threads/placement-plan.ts';

/** Hundredths of a second between two looks at the threads. */
const LOOK = 100;
/** How long what a service works on may take to end before it moves: who asks it something waits meanwhile. */
const PATIENCE = '100ms';

/** What placement asks of the main thread. */
export interface PlacementHost {
  readonly router: { threadOf(handle: Handle): number };
  /** Threads of the node. */
  readonly threads: number;
  /** Milliseconds since the node started. */
  clock(): number;
  /** What all threads tell of the time since they were last asked. */
  talk(): Promise<{ reports: readonly TalkReport[]; silent: readonly number[] }>;
  /** Whether nothing is put into a thread. */
  isSpared(thread: number): boolean;
  /** Tells all threads where new services start. */
  offerPlaces(offers: readonly PlaceOffer[]): void;
}

/** Threads and their load, of a node that does not learn. */
export async function threadsOf(host: PlacementHost): Promise<PlacementReport> {
  const { reports, silent } = await host.talk();
  const talk = new LearntTalk(host.threads, (handle) => host.router.threadOf(handle), host.clock());
  talk.learn(reports, host.clock());
  return { mode: 'same', silent, ...talk.report([]) };
}

/**
 * The service that learns, of `placement: 'auto'`: asks the threads once a second who talked with whom, has services start
 * near those that their kind talks to, and moves those that hand over to where they talk.
 */
export function createPlacement(host: PlacementHost): ServiceDefinition {
  return defineService((skynet) => {
    skynet.register('.placement');
    const talk = new LearntTalk(host.threads, (handle) => host.router.threadOf(handle), host.clock());
    let offers: readonly PlaceOffer[] = [];
    let silent: readonly number[] = [];
    const isSpared = (thread: number): boolean => host.isSpared(thread);

    const move = async (planned: PlannedMove): Promise<void> => {
      const { handle, to, talk: rates } = planned;
      try {
        await skynet.move(handle, { thread: to, patience: PATIENCE });
        talk.moved(planned, host.clock());
        skynet.error(
          `placed ${skynet.address(handle)} in thread ${to}: ${Math.round(rates[0])} messages/s there, ${Math.round(rates[1])} where it was`,
        );
      } catch (error) {
        const code = isSkynetError(error) ? error.code : 'ERR_MOVE';
        talk.moved(planned, host.clock(), { code, text: messageOf(error) });
      }
    };

    const look = async (): Promise<void> => {
      const told = await skynet.await(host.talk());
      silent = told.silent;
      talk.learn(told.reports, host.clock());
      offers = talk.offers(isSpared);
      host.offerPlaces(offers);
      await Promise.all(planMoves(talk.view(isSpared)).map(move));
    };

    skynet.fork(async () => {
      for (;;) {
        await look();
        await skynet.sleep(LOOK);
      }
    });

    const commands: PlacementCommands = {
      REPORT: () => ({ mode: 'auto', silent, ...talk.report(offers) }),
    };
    return { ...commands };
  });
}
