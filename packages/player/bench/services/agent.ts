// `agent uid`: answers `…` in upper case, and `push` by pushing so many times, all by itself.
import { defineService, PTYPE, type Request } from '@skynet/core';
import { encodePush } from '../../src/wire.ts';
import { PUSHES, WORDS } from '../servers.ts';

export default defineService((skynet, uid) => {
  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });
  let gate = 0;
  skynet.dispatch('client', (request: Request, content: Uint8Array) => {
    gate = request.source;
    if (content.length < 20) {
      for (let i = 0; i < PUSHES; i++) skynet.send(gate, 'lua', 'push', uid, 1, encodePush('said', WORDS));
      request.rawRet(new Uint8Array(0));
      return;
    }
    const answer = content.slice();
    for (let i = 0; i < answer.length; i++) {
      const byte = answer[i] as number;
      if (byte >= 0x61 && byte <= 0x7a) answer[i] = byte - 0x20;
    }
    request.rawRet(answer);
  });
});
