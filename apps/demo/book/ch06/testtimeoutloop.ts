// Book 6.6.3 (there again `testtimeout`): a timer that starts itself anew.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  function task(): void {
    skynet.error('task', skynet.running());
    skynet.timeout(500, task);
  }

  skynet.error('start', skynet.running());
  skynet.timeout(500, task);
});
