// Book 12.5.1: a function is replaced; what the patch does not declare it cannot see.
import { defineService } from '@skynet/core';
import { createSnax } from '@skynet/snax';
import type localsnax from './snax/localsnax.ts';

export default defineService(async (skynet) => {
  const snax = createSnax(skynet);
  const obj = await snax.newService<typeof localsnax>('localsnax');
  obj.post.hello();
  const r = await snax.hotfix(
    obj,
    `
    accept.hello = (...args) => {
      console.log('fix hello', i ?? 'nil', gname, ...args); // skynet.error is not to be had
    };
  `,
  );
  skynet.error('hotfix return:', r);
  obj.post.hello();
  obj.post.quit();
  skynet.exit();
});
