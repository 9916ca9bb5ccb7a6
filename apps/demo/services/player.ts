// What a player does, as text. Lives from login to logout, whatever happens to connections. Ends after ten minutes without
// a request. What it pushes begins with `said`.
import { type CommandsOf, defineService, type Handle, PTYPE, printable, type Request } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';
import type playerstore from './playerstore.ts';

const IDLE_LIMIT = 10;
const HELP =
  'add <number> | slow <text> | push <text> | items | buy <item> | bag | fail | quit | anything else comes back in upper case';

/** What can be bought: shared with all services of the node. */
interface Items {
  readonly [name: string]: { readonly price: number };
}

export default defineService((skynet) => {
  const sharedata = createShareData(skynet);
  const store = skynet.proxy<CommandsOf<typeof playerstore>>('.playerstore');
  let msgserver: Handle = 0;
  let uid = '';
  let subid = 0;
  let total = 0;
  let idle = 0;

  const tell = (command: 'logout' | 'idle'): void => {
    skynet.send(msgserver, 'lua', command, uid, subid);
  };

  const items = async (): Promise<string> =>
    Object.entries(await sharedata.query<Items>('items'))
      .map(([name, { price }]) => `${name} ${price}`)
      .join(', ');

  const bag = async (): Promise<string> => {
    const { gold, items: owned } = await store.load(uid);
    return [`${gold} gold`, ...owned].join(', ');
  };

  const buy = async (name: string): Promise<string> => {
    const all = await sharedata.query<Items>('items');
    const item = Object.hasOwn(all, name) ? all[name] : undefined;
    if (item === undefined) return `there is no ${name}`;
    return (await store.buy(uid, name, item.price)) ? bag() : 'not enough gold';
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
      case 'items':
        return items();
      case 'buy':
        return buy(rest);
      case 'bag':
        return bag();
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

  // New code goes on where the old one stops, and so does the player in another thread (docs/hotfix.md).
  skynet.handover({
    take: () => ({ msgserver, uid, subid, total, idle }),
    give: (state: { msgserver: Handle; uid: string; subid: number; total: number; idle: number }) => {
      ({ msgserver, uid, subid, total, idle } = state);
    },
  });

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
