// Book 6.6.1: a function that runs in five seconds; nothing waits for it.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  function task(): void {
    skynet.error('task', skynet.running());
  }

  skynet.error('start', skynet.running());
  skynet.timeout(500, task);
});
