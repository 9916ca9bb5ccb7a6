// Book 7.4.2 and 7.5: two messages that wait for their answers.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.register('.testcallmsg');
  const r = await skynet.call('.testluamsg', 'lua', 1, 'nengzhong', true);
  skynet.error('skynet.call return value:', r);

  const body = await skynet.rawCall('.testluamsg', 'lua', skynet.pack(2, 'nengzhong', false));
  skynet.error('skynet.rawcall return value:', ...skynet.unpack(body));
});
