// Book 7.15: answers in capitals, under a global alias.
import { defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  skynet.dispatch('lua', (request: Request, text: string) => {
    request.ret(text.toUpperCase());
  });
  skynet.register('globalluamsg');
});
