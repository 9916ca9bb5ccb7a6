// Book 5.3.1: `test` as chapters 5 and 6 have it.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.error('My new service');
});
