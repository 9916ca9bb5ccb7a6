// Book 7.12: understands messages of type "system".
import { defineService, PTYPE, type Request } from '@skynet/core';

export default defineService((skynet) => {
  skynet.registerProtocol({
    name: 'system',
    id: PTYPE.SYSTEM,
    unpack: (body) => skynet.unpack(body),
  });

  skynet.dispatch('system', (request: Request) => {
    // request.ret('nengzhong') would need a `pack` in the protocol.
    request.rawRet(skynet.pack('nengzhong'));
  });
  skynet.register('.othermsg');
});
