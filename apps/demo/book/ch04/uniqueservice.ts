// Book 4.2.1: what testunique starts.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.error('Server First Test');
  // No skynet.exit() here: a unique service that ends while it starts is not created.
});
