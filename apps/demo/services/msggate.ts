// Book §15.5: a message server with an agent for each player. `msggate <login server>…`, then `open`, which tells where it
// listens.
import { type CommandsOf, defineService, PTYPE, printable, type ServiceHandle } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';
import type playerService from './player.ts';

type Player = ServiceHandle<CommandsOf<typeof playerService>>;

/** Why a login is over, as the player's client is told: a push that begins with this word. */
const OVER = 'over';

export default defineService((skynet, ...logins: string[]) => {
  const players = new Map<string, Player>();
  const subids = new Map<string, number>();
  let last = 0;

  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });

  const nameOf = (uid: string, subid: string | number | bigint | Uint8Array): string =>
    msgserver.username(uid, subid, msgserver.servername);

  const msgserver = startMsgServer(skynet, startGateserver, {
    async loginHandler(uid, secret) {
      const before = subids.get(uid);
      const subid = ++last;
      subids.set(uid, subid);
      if (before !== undefined) leave(uid, before, 'you have logged in somewhere else');
      const player: Player = await skynet.newService('player');
      await skynet.proxy(player).start(uid, subid);
      if (subids.get(uid) !== subid) {
        skynet.sender(player).quit();
        throw new Error('logged in somewhere else meanwhile');
      }
      players.set(nameOf(uid, subid), player);
      msgserver.login(nameOf(uid, subid), secret);
      return subid;
    },
    logoutHandler(uid, subid) {
      leave(uid, Number(subid));
    },
    kickHandler(uid, subid) {
      leave(uid, Number(subid), 'somebody has thrown you out');
    },
    /** `idle uid subid`: the player has done nothing for too long. */
    commandHandler(command: string, uid: string, subid: number) {
      if (command !== 'idle') throw new Error(`no command ${printable(command)}`);
      leave(uid, subid, 'you have done nothing for too long');
    },
    async requestHandler(username, content) {
      const player = players.get(username);
      if (player === undefined) throw new Error('the player is gone');
      return (await skynet.rawCall(player, 'client', content)) as Uint8Array;
    },
    async registerHandler(name) {
      for (const login of logins)
        await skynet.call(Number(login), 'lua', 'register_gate', name, skynet.self());
      return msgserver.addresses;
    },
  });

  /** Ends a login: the client is told why, connections are closed, the player's service ends. */
  function leave(uid: string, subid: number, why?: string): void {
    const username = nameOf(uid, subid);
    const player = players.get(username);
    if (player === undefined) return;
    players.delete(username);
    if (subids.get(uid) === subid) subids.delete(uid);
    if (why !== undefined) msgserver.push(username, `${OVER} ${why}`);
    msgserver.logout(username);
    skynet.sender(player).quit();
  }
});
