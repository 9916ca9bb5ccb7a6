// Book 4.2.1: `testunique [true] [name]` starts a service once for the node, with `true` once for the network.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, ...args) => {
  if (args.length === 0) args.push('uniqueservice');
  skynet.error('test unique service');
  const [first = '', second = ''] = args;
  const handle =
    args.length === 2 && first === 'true'
      ? await skynet.uniqueService(true, second)
      : await skynet.uniqueService(first);
  skynet.error('uniqueservice handler:', skynet.address(handle));
});
