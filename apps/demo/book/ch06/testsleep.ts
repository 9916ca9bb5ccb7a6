// Book 6.1: a start function that sleeps keeps the console waiting. Do not imitate.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.error('begin sleep');
  await skynet.sleep(500);
  skynet.error('begin end');
});
