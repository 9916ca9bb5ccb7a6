// Book §15.5: a message server with an agent for each player. `msggate <login server>…`, then `open` with the addresses.
import { type CommandsOf, defineService, PTYPE, printable, type ServiceHandle } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { type StartGate, startMsgServer } from '@skynet/msgserver';
import type playerService from './player.ts';

type Player = ServiceHandle<CommandsOf<typeof playerService>>;

/** Where a message server listens: one gate for each address, all of one service. */
export interface MsgGateOptions {
  servername: string;
  urls: readonly string[];
}

/** Why a login is over, as the player's client is told: a push that begins with this word. */
const OVER = 'over';

/** Gates on several addresses that look like one to the message server. */
const startGates: StartGate = (skynet, events) => {
  const gates: ReturnType<typeof startGateserver>[] = [];
  skynet.dispatch('lua', async (request, command: string, ...args: unknown[]) => {
    if (command !== 'open') return events.command(command, request.source, ...(args as never[]));
    const options = args[0] as MsgGateOptions;
    const { open: _once, ...handler } = events;
    for (const url of options.urls) {
      const gate = startGateserver(skynet, { ...handler, embed: true }, { url });
      gates.push(gate);
      await gate.open({});
    }
    await events.open(request.source, { ...options });
    return gates.map(({ address }) => address);
  });
  const first = (act: (gate: (typeof gates)[number]) => boolean): boolean => gates.some(act);
  return {
    get address(): string | undefined {
      return gates[0]?.address;
    },
    openClient: (fd) => first((gate) => gate.openClient(fd)),
    closeClient: (fd) => first((gate) => gate.closeClient(fd)),
    send: (fd, payload) => first((gate) => gate.send(fd, payload)),
  };
};

export default defineService((skynet, ...logins: string[]) => {
  const players = new Map<string, Player>();
  const subids = new Map<string, number>();
  let last = 0;

  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });

  const nameOf = (uid: string, subid: string | number | bigint | Uint8Array): string =>
    msgserver.username(uid, subid, msgserver.servername);

  const msgserver = startMsgServer(skynet, startGates, {
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
