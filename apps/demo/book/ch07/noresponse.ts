// Book 7.9: ends instead of answering.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  skynet.dispatch('lua', () => skynet.exit());
  skynet.register('.noresponse');
});
