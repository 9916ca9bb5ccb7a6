// In the gate's process: takes requests to the process `logic`, and lets them wait while that is started anew.
import { defineService } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';

/** Hundredths of a second that a request waits at most. */
const PATIENCE = 1000;

export default defineService((skynet) => {
  const cluster = createCluster(skynet);
  let isThere = false;
  /** Requests that `logic` has not answered. */
  let open = 0;
  const waiting = new Set<object>();

  /** Waits until `logic` is there. */
  const ready = async (): Promise<void> => {
    const token = {};
    const giveUp = skynet.timeout(PATIENCE, () => skynet.wakeup(token));
    waiting.add(token);
    await skynet.wait(token);
    giveUp.cancel();
    if (waiting.delete(token)) throw new Error('the game is being started anew');
  };

  return {
    /** `logic` has started, and listens there; or it is about to stop: this returns when all it was asked is answered. */
    async logic(address?: string): Promise<void> {
      isThere = false;
      if (address === undefined) {
        while (open > 0) await skynet.sleep('10ms');
        return;
      }
      await cluster.reload({ logic: address });
      isThere = true;
      for (const token of [...waiting]) {
        waiting.delete(token);
        skynet.wakeup(token);
      }
    },
    /** A request of a player. One that `logic` was killed over fails: it may have been done. */
    async ask(command: string, ...args: string[]): Promise<unknown> {
      while (!isThere) await ready();
      open++;
      try {
        return await cluster.call('logic', '@game', command, ...args);
      } finally {
        open--;
      }
    },
  };
});
