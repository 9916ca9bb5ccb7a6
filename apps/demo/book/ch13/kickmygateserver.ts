// Book 13.5: `kickmygateserver <gate> <fd>`.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, gate = '', fd = '') => {
  await skynet.call(gate, 'lua', 'kick', Number(fd)); // start arguments are text
  skynet.exit();
});
