// Book 9.6: listens only; every connection gets an agent service.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { hostOf, portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);
  const addr = `${hostOf(skynet)}:${portOf(skynet, 8001)}`;
  skynet.error(`listen ${addr}`);
  const lID = await socket.listen(addr);
  await socket.start(lID, async (cID, addr) => {
    skynet.error(`${addr} accepted`);
    // Not started here: the agent does that.
    await skynet.newService('socketagent', cID, addr);
  });
});
