// Book 4.1: starts one service.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.error('My new service');
  await skynet.newService('test');
  skynet.error('new test service');
});
