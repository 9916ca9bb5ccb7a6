// Book 9.6: serves the connection whose id it is started with.
import { defineService } from '@skynet/core';
import { createSocket } from '@skynet/socket';

export default defineService((skynet, id, addr) => {
  const socket = createSocket(skynet);
  const cID = Number(id);

  async function echo(): Promise<void> {
    await socket.start(cID);
    while (true) {
      const [str] = await socket.read(cID);
      if (str !== undefined) {
        skynet.error(`recv ${str}`);
        socket.write(cID, str.toUpperCase());
      } else {
        await socket.close(cID);
        skynet.error(`${addr} disconnect`);
        return;
      }
    }
  }

  skynet.fork(async () => {
    await echo();
    skynet.exit();
  });
});
