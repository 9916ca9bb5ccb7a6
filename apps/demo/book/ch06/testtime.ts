// Book 6.7: the three clocks.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  async function task(): Promise<void> {
    skynet.error('task');
    skynet.error('start time', skynet.startTime());
    await skynet.sleep(200);
    skynet.error('time', skynet.time());
    skynet.error('now', skynet.now());
  }

  skynet.fork(task);
});
