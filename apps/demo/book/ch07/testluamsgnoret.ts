// Book 7.2 (there `testluamsg`): prints every message it gets and never answers.
import { defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  function dosomething(session: number, address: number, ...args: unknown[]): void {
    skynet.error('session', session);
    skynet.error('address', skynet.address(address));
    for (const [i, value] of args.entries()) skynet.error(`arg${i + 1}:`, value);
  }

  skynet.dispatch('lua', (request: Request, ...args: unknown[]) => {
    dosomething(request.session, request.source, ...args);
    request.noReply(); // without this the caller would get an answer
  });
  skynet.register('.testluamsg');
});
