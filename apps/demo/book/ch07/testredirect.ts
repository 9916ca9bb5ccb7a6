// Book 7.14: `testredirect <to> <from>` sends a message in the name of another service.
import { defineService } from '@skynet/core';

export default defineService((skynet, to = '', from = '') => {
  const receiver = skynet.localName(to) ?? 0;
  const sender = skynet.localName(from) ?? 0;
  skynet.redirect(receiver, sender, 'lua', 0, skynet.pack('nengzhong', 8.8, false));
});
