// Book 14.6: mylogin, second version, whose login handler fails.
import { defineService } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { portOf } from '../address.ts';
import { parseToken } from '../token.ts';

export default defineService(async (skynet, ...args) => {
  await startLoginServer(skynet, args, {
    host: '127.0.0.1',
    port: portOf(skynet, 8001),
    name: 'login_master',
    authHandler(token) {
      const { user, server, password } = parseToken(token);
      skynet.error(`${user}@${server}`);
      if (password !== 'password') throw new Error('Invalid password');
      return { server, uid: user };
    },
    loginHandler(server, uid) {
      skynet.error(`${uid}@${server} is login`);
      throw new Error('login_handler');
    },
    commandHandler() {},
  });
});
