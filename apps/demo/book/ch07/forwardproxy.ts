// Book 7.13.2 (there `proxy`): `forwardproxy <address>` passes bodies on as they came.
import { type Body, defineService, PTYPE, type Request } from '@skynet/core';

export default defineService((skynet, realsvr = '') => {
  // Without `unpack` the handler gets the body as it is.
  skynet.registerProtocol({ name: 'system', id: PTYPE.SYSTEM });
  skynet.forwardType({ [PTYPE.LUA]: PTYPE.SYSTEM, [PTYPE.RESPONSE]: PTYPE.RESPONSE });

  skynet.dispatch('system', async (request: Request, body: Body) => {
    request.rawRet(await skynet.rawCall(realsvr, 'lua', body));
  });
  skynet.register('.proxy');
});
