// Book 12.5.3: the patch changes the state.
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
    let skynet;
    let i;
    accept.hello = (...args) => {
      skynet.error('fix hello', i, gname, ...args);
    };
    function hotfix(...args) {
      const temp = i;
      i = 100;
      gname = 'nzhsoft';
      return temp;
    }
  `,
  );
  skynet.error('hotfix return:', r);
  obj.post.hello();
  obj.post.quit();
  skynet.exit();
});
