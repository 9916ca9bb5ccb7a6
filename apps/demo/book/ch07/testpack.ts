// Book 7.3: values as a packed body and back.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  const body = skynet.pack(1, 'nengzhong', true);
  skynet.error(...skynet.unpack(body));
});
