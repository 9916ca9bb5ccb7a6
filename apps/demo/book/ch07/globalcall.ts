// Book 7.15: calls a service by its global alias, wherever it lives.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  const globalluamsg = (await skynet.queryName('globalluamsg')) ?? 0;
  const r = await skynet.call(globalluamsg, 'lua', 'nengzhong');
  skynet.error('skynet.call return value:', r);
});
