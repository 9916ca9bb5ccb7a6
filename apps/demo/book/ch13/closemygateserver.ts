// Book 13.6: `closemygateserver <gate>`.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, gate = '') => {
  await skynet.call(gate, 'lua', 'close');
  skynet.exit();
});
