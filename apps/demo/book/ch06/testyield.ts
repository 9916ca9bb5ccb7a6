// Book 6.4: busy tasks that yield take turns.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  async function task(name: string): Promise<void> {
    let i = 0;
    skynet.error(name, 'begin task');
    while (i < 200_000_000) {
      i = i + 1;
      if (i % 50_000_000 === 0) {
        await skynet.yield();
        skynet.error(name, 'task yield');
      }
    }
    skynet.error(name, 'end task', i);
  }

  skynet.fork(task, 'task1');
  skynet.fork(task, 'task2');
});
