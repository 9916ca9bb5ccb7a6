// Book 12.3.2: requests with an answer.
import { defineService } from '@skynet/core';
import { createSnax } from '@skynet/snax';
import type simplesnax from './snax/simplesnax.ts';

export default defineService(async (skynet) => {
  const snax = createSnax(skynet);
  const obj = await snax.newService<typeof simplesnax>('simplesnax', 123, 'abc', false);
  skynet.error('snax service', obj, 'startup');
  const r = await obj.req.echo('nengzhong');
  skynet.error('echo return:', r);
});
