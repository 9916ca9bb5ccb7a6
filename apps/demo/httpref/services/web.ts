// `web <http|ws> <port> <last> <masked|unmasked> [agents…]`: listens, and serves what comes or hands it to agents in turn.
import { defineService, type Handle } from '@skynet/core';
import { serve } from '@skynet/http';
import { createSocket } from '@skynet/socket';
import { serverOptions } from '../server-options.ts';

export default defineService(async (skynet, mode = '', port = '', last = '', masking = '', ...agents) => {
  const handles = agents.map((agent) => Number(agent) as Handle);
  const work =
    handles.length === 0
      ? serverOptions(skynet, mode as 'http' | 'ws', Number(last) as Handle, masking === 'unmasked')
      : { agents: handles, socket: createSocket(skynet, { encoding: 'bytes' }) };
  await serve(skynet, { port: Number(port), ...work });
});
