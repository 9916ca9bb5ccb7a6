// Book 7.7: answers in capitals, after a while that differs from message to message.
import { defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  skynet.dispatch('lua', async (request: Request, text: string) => {
    await skynet.sleep(Math.floor(Math.random() * 100) + 1);
    request.ret(text.toUpperCase());
  });
  skynet.register('.echoluamsg');
});
