// `agent <http|ws> <last> <masked|unmasked>`: serves the connections whose ids it is sent.
import { defineService, type Handle, type Request } from '@skynet/core';
import { serveSockets } from '@skynet/http';
import { createSocket } from '@skynet/socket';
import { serverOptions } from '../server-options.ts';

export default defineService((skynet, mode = '', last = '', masking = '') => {
  const socket = createSocket(skynet, { encoding: 'bytes' });
  const options = serverOptions(
    skynet,
    mode as 'http' | 'ws',
    Number(last) as Handle,
    masking === 'unmasked',
  );
  const server = serveSockets(skynet, socket, options);
  skynet.dispatch('lua', (_: Request, id: number) => server.accept(id));
});
