// Book 14.7: mylogin, third version, whose login handler takes five seconds: `slowmylogin [multilogin]`.
import { defineService } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { portOf } from '../address.ts';
import { parseToken } from '../token.ts';

export default defineService(async (skynet, ...args) => {
  let subid = 0;
  await startLoginServer(skynet, args, {
    host: '127.0.0.1',
    port: portOf(skynet, 8001),
    multilogin: args[0] === 'multilogin',
    name: 'login_master',
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      skynet.error(`${user}@${server}`);
      if (password !== 'password') throw new Error('Invalid password');
      return { server, uid: user };
    },
    async loginHandler(server, uid) {
      skynet.error(`${uid}@${server} is login`);
      subid += 1;
      await skynet.sleep(500);
      return subid; // of whoever came last
    },
    commandHandler() {},
  });
});
