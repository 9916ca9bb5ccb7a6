// Book 7.13.1: `proxy <address>` passes every message on and the answer back, packing each anew.
import { defineService, type Request } from '@skynet/core';

export default defineService((skynet, realsvr = '') => {
  skynet.dispatch('lua', async (request: Request, ...args: unknown[]) => {
    request.rawRet(await skynet.rawCall(realsvr, 'lua', skynet.pack(...args)));
  });
  skynet.register('.proxy');
});
