// Checks who wants to play: `login <address>…`.
import { type CommandsOf, defineService } from '@skynet/core';
import { startLoginServer } from '@skynet/loginserver';
import { loginPoint, readToken } from '@skynet/player';
import type accounts from './accounts.ts';

export default defineService(async (skynet, ...listen: string[]) => {
  const expected = skynet.getenv('password');
  const book = skynet.getenv('mysql') ? skynet.proxy<CommandsOf<typeof accounts>>('.accounts') : undefined;
  const server = await startLoginServer(skynet, listen, {
    listen,
    instance: 2,
    async authHandler(token) {
      const { user, server: name, password } = readToken(token);
      if (!/^[\p{L}\p{N} _-]{1,20}$/u.test(user)) throw new Error('not a name');
      const isRight = book === undefined ? password === expected : await book.check(user, password);
      if (!isRight) throw new Error('wrong password');
      return { server: name, uid: user };
    },
    ...loginPoint(skynet),
  });
  // Where it listens, for whoever asks.
  if (server !== undefined) skynet.info(() => server.urls);
});
