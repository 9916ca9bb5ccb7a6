// Takes everybody: what is measured is the handshake.
import { defineService } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';

export default defineService(async (skynet) => {
  let last = 0;
  const server = await startLoginServer(skynet, [], {
    host: '127.0.0.1',
    port: 0,
    limits: { connections: 0, failuresPerMinute: 0 },
    authHandler: (token) => ({ server: 'sample', uid: token }),
    loginHandler: () => ++last,
    commandHandler: () => server?.port,
  });
});
