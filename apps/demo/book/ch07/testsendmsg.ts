// Book 7.4.1: two messages that want no answer.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.register('.testsendmsg');
  const testluamsg = skynet.localName('.testluamsg') ?? 0;
  let r = skynet.send(testluamsg, 'lua', 1, 'nengzhong', true);
  skynet.error('skynet.send return value:', r);

  r = skynet.rawSend(testluamsg, 'lua', skynet.pack(2, 'nengzhong', false));
  skynet.error('skynet.rawsend return value:', r);
});
