// Book 3.4: init runs before what follows in the start function.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.init(() => skynet.error('service init'));
  skynet.error('service start');
});
