// What a player does, as text: `player <message server> <uid> <subid>`. Lives from login to logout, whatever happens to
// connections. Ends after ten minutes without a request.
import { defineService, PTYPE, type Request } from '@skynet/core';

const IDLE_LIMIT = 10;
const HELP =
  'add <number> | slow <text> | push <text> | fail | quit | anything else comes back in upper case';

export default defineService((skynet, gate = '', uid = '', subid = '') => {
  const msgserver = Number(gate);
  let total = 0;
  let idle = 0;

  const leave = (): void => {
    skynet.send(msgserver, 'lua', 'logout', uid, Number(subid));
  };

  const work = async (line: string): Promise<string> => {
    const [command = '', ...words] = line.split(' ');
    const rest = words.join(' ');
    switch (command) {
      case 'add':
        total += Number(rest) || 0;
        return String(total);
      case 'slow':
        await skynet.sleep('2s');
        return rest.toUpperCase();
      case 'push':
        skynet.send(msgserver, 'lua', 'push', uid, Number(subid), rest);
        return 'pushed';
      case 'fail':
        throw new Error(`${uid} asked for it`);
      case 'quit':
        leave();
        return 'bye';
      case 'help':
        return HELP;
      default:
        return line.toUpperCase();
    }
  };

  skynet.registerProtocol({
    name: 'client',
    id: PTYPE.CLIENT,
    unpack: (body) => new TextDecoder().decode(body as Uint8Array),
  });
  skynet.dispatch('client', async (request: Request, line: string) => {
    idle = 0;
    request.rawRet(new TextEncoder().encode(await work(line)));
  });
  skynet.interval(6000, () => {
    if (++idle >= IDLE_LIMIT) leave();
  });

  return {
    quit(): void {
      skynet.exit();
    },
  };
});
