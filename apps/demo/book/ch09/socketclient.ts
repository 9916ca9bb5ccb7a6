// Book 9.8: a service as client: asks and waits for the answer, three times.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const socket = createSocket(skynet);

  async function asclient(id: number): Promise<void> {
    for (let i = 0; i < 3; i++) {
      skynet.error(`send data${i}`);
      socket.write(id, `data${i}\n`);
      const [str] = await socket.readLine(id);
      if (str !== undefined) skynet.error(`recv ${str}`);
      else skynet.error('disconnect');
    }
    await socket.close(id); // Could be left out: the sockets of a service are closed when it ends.
    skynet.exit();
  }

  const addr = `127.0.0.1:${portOf(skynet, 8001)}`;
  skynet.error(`connect ${addr}`);
  const id = await socket.open(addr);
  skynet.fork(asclient, id);
});
