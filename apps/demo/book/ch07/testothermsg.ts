// Book 7.12: sends a message of type "system" whose body it packs itself.
import { defineService, PTYPE } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.registerProtocol({ name: 'system', id: PTYPE.SYSTEM });

  const othermsg = skynet.localName('.othermsg') ?? 0;
  // skynet.call would need a `pack` and an `unpack` in the protocol.
  const body = await skynet.rawCall(othermsg, 'system', skynet.pack(1, 'nengzhong', true));
  skynet.error('skynet.call return value:', ...skynet.unpack(body));
});
