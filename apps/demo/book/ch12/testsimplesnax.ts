// Book 12.3.1: requests without an answer.
import { defineService } from '@skynet/core';
import { createSnax } from '@skynet/snax';
import type simplesnax from './snax/simplesnax.ts';

export default defineService(async (skynet) => {
  const snax = createSnax(skynet);
  const obj = await snax.newService<typeof simplesnax>('simplesnax', 123, 'abc', false);
  skynet.error('snax service', obj, 'startup');
  const r = obj.post.hello(123, 'abc', false);
  skynet.error('hello return:', r);
  obj.post.quit('exit now');
});
