import { defineService } from '@skynet/core';

/** Starts the reference service, in another thread than that of the sockets if there is one, and gives it its names. */
export default defineService(async (skynet, name = 'refecho', thread = '1') => {
  const handle = await skynet.newService({ name: 'refecho', thread: Number(thread) > 1 ? 1 : 0 });
  skynet.nameService('.refecho', handle);
  skynet.nameService(name, handle);
});
