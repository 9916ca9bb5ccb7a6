// Book 9.7: answers the first request itself, then hands the connection to an agent.
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
    await socket.start(cID);
    const [str] = await socket.read(cID);
    if (str !== undefined) socket.write(cID, str.toUpperCase());
    // Not wanted any more: from here on the agent reads it.
    socket.abandon(cID);
    await skynet.newService('socketagent', cID, addr);
  });
});
