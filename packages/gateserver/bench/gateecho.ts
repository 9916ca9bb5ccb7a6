// A gate that returns every packet as it came: `npm run gateecho -- <port>`. For load from outside.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { serve } from './serve.ts';

const echo = defineService((skynet) => {
  const gate = startGateserver(skynet, {
    connect: (fd) => gate.openClient(fd),
    message: (fd, bytes) => {
      gate.send(fd, bytes);
    },
  });
});

await serve('gateecho', echo);
