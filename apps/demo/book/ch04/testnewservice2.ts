// Book 4.1: every newService makes another instance.
import { defineService } from '@skynet/core';

export default defineService(async (skynet) => {
  skynet.error('My new service');
  await skynet.newService('test');
  skynet.error('new test service 0');
  await skynet.newService('test');
  skynet.error('new test service 1');
});
