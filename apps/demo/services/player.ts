// What a player does, as text. Lives from login to logout, whatever happens to connections. Ends after ten minutes without
// a request. What it pushes begins with `said`.
import { defineService, type Handle, PTYPE, printable, type Request } from '@skynet/core';

const IDLE_LIMIT = 10;
const HELP =
  'add <number> | slow <text> | push <text> | fail | quit | anything else comes back in upper case';

export default defineService((skynet) => {
  let msgserver: Handle = 0;
  let uid = '';
  let subid = 0;
  let total = 0;
  let idle = 0;

  const tell = (command: 'logout' | 'idle'): void => {
    skynet.send(msgserver, 'lua', command, uid, subid);
  };

  const work = async (command: string, rest: string): Promise<string> => {
    switch (command) {
      case 'add':
        total += Number(rest) || 0;
        return String(total);
      case 'slow':
        await skynet.sleep('2s');
        return rest.toUpperCase();
      case 'push':
        skynet.send(msgserver, 'lua', 'push', uid, subid, `said ${rest}`);
        return 'pushed';
      case 'fail':
        throw new Error(`${printable(uid)} asked for it`);
      case 'quit':
        return 'bye';
      case 'help':
        return HELP;
      default:
        return [command, rest].join(' ').trimEnd().toUpperCase();
    }
  };

  skynet.registerProtocol({
    name: 'client',
    id: PTYPE.CLIENT,
    unpack: (body) => new TextDecoder().decode(body as Uint8Array),
  });
  skynet.dispatch('client', async (request: Request, line: string) => {
    idle = 0;
    const [command = '', ...words] = line.split(' ');
    request.rawRet(new TextEncoder().encode(await work(command, words.join(' '))));
    // Behind the answer: who is logged out gets none.
    if (command === 'quit') tell('logout');
  });
  skynet.interval(6000, () => {
    if (++idle >= IDLE_LIMIT) tell('idle');
  });

  return {
    /** Whose player this is; called once, by the message server. Names are no start arguments: they may have blanks. */
    start(this: Request, user: string, id: number): void {
      msgserver = this.source;
      uid = user;
      subid = id;
    },
    quit(): void {
      skynet.exit();
    },
  };
});
