// Book 3.1: the first service.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.error('Server First Test');
});
