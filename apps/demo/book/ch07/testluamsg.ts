// Book 7.5: prints every message it gets and answers 100, false.
import { defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  function dosomething(session: number, address: number, ...args: unknown[]): unknown[] {
    skynet.error('session', session);
    skynet.error('address', skynet.address(address));
    for (const [i, value] of args.entries()) skynet.error(`arg${i + 1}:`, value);
    return [100, false];
  }

  skynet.dispatch('lua', (request: Request, ...args: unknown[]) => {
    request.ret(...dosomething(request.session, request.source, ...args));
  });
  skynet.register('.testluamsg');
});
