// Book 4.2.2: `testqueryservice [true] [name]` waits until somebody starts the unique service.
import { defineService } from '@skynet/core';

export default defineService(async (skynet, ...args) => {
  if (args.length === 0) args.push('uniqueservice');
  skynet.error('start query service');
  const [first = '', second = ''] = args;
  const handle =
    args.length === 2 && first === 'true'
      ? await skynet.queryService(true, second)
      : await skynet.queryService(first);
  skynet.error('end query service handler:', skynet.address(handle));
});
