// Answers requests in upper case.
import { defineService, PTYPE, type Request } from '@skynet/core';

export default defineService((skynet) => {
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
  skynet.dispatch('client', (request: Request, content: Uint8Array) => {
    const answer = content.slice();
    for (let i = 0; i < answer.length; i++) {
      const byte = answer[i] as number;
      if (byte >= 0x61 && byte <= 0x7a) answer[i] = byte - 0x20;
    }
    request.rawRet(answer);
  });
});
