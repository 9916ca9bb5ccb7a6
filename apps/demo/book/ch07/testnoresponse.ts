// Book 7.9: its call fails because the other side ended.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  async function task(): Promise<void> {
    const r = await skynet.call('.noresponse', 'lua', 'get');
    skynet.error('get Test', r);
    skynet.exit();
  }

  skynet.fork(task);
});
