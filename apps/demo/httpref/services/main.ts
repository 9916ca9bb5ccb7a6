// `main <port> <threads> <masked|unmasked>`: starts the servers, then ends.
import { defineService, type Handle } from '@skynet/core';

export default defineService(async (skynet, port = '', threads = '1', masking = '') => {
  const last = await skynet.newService('last');
  for (const [index, mode] of ['http', 'ws'].entries()) {
    // With more threads than one, connections go to an agent in each.
    const agents: Handle[] = [];
    for (let thread = 0; Number(threads) > 1 && thread < Number(threads); thread++)
      agents.push(await skynet.newService({ name: 'agent', thread }, mode, last, masking));
    await skynet.newService('web', mode, Number(port) + index, last, masking, ...agents);
  }
  skynet.exit();
});
