// How the WebSocket connection that ended last has ended, for all services.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  let text = 'nil';
  skynet.dispatch('lua', {
    set: (how: string) => {
      text = how;
    },
    get: () => text,
  });
});
