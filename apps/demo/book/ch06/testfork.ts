// Book 6.2: a fork goes on after the start function is over.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  async function task(timeout: number): Promise<void> {
    skynet.error('fork', skynet.running());
    skynet.error('begin sleep');
    await skynet.sleep(timeout);
    skynet.error('begin end');
  }

  skynet.error('start', skynet.running());
  skynet.fork(task, 500);
});
