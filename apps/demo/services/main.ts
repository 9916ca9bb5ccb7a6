import { defineService, type Skynet } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';
import items from './items.json' with { type: 'json' };

/** Where the demo listens, as its configuration says. */
interface Places {
  readonly host: string;
  readonly gate: number;
  readonly debug: number;
  readonly login: number;
  readonly msg: number;
  readonly ws: number;
  readonly web: number;
}

/** First service of the demo (the original's examples/main, book §3.2): starts the others and ends. */
export default defineService(async (skynet) => {
  const port = (name: string): number => Number(skynet.getenv(`${name}Port`));
  const places: Places = {
    host: skynet.getenv('host') ?? '127.0.0.1',
    gate: port('gate'),
    debug: port('debug'),
    login: port('login'),
    msg: port('msg'),
    ws: port('ws'),
    web: port('web'),
  };
  const { host, gate, debug } = places;
  skynet.error('Server start');
  await skynet.newService('console');
  await skynet.newService('debug_console', debug);
  await skynet.newService('simpledb');
  const watchdog = await skynet.newService('watchdog');
  await skynet.call(watchdog, 'lua', 'start', { host, port: gate, maxclient: 1024, nodelay: true });
  skynet.error('Watchdog listen on', gate);
  await createShareData(skynet).update('items', items);
  await skynet.newService('playerstore');
  await startLogins(skynet, places);
  warn(skynet, host);
  skynet.error(welcome(places));
  skynet.exit();
});

/** Chapters 14 and 15: login and message server, each by tcp and by WebSocket, and a page for them. */
async function startLogins(skynet: Skynet, { host, login, msg, ws, web }: Places): Promise<void> {
  const at = host.includes(':') ? `[${host}]` : host;
  const logins = await skynet.newService('login', `tcp://${at}:${login}`, `ws://${at}:${ws}/login`);
  const gate = await skynet.newService('msggate', logins);
  const listen = [`tcp://${at}:${msg}`, `ws://${at}:${ws}/game`];
  await skynet.call(gate, 'lua', 'open', { servername: 'sample', listen });
  await skynet.newService('webpage', host, web, ws);
}

/** Others may come: with a password that everybody knows. */
function warn(skynet: Skynet, host: string): void {
  if (/^(127\.|localhost$|::1$)/.test(host) || (skynet.getenv('password') ?? 'password') !== 'password')
    return;
  skynet.error(`Anybody who reaches ${host} can log in: the password is "password". Set SKYNET_PASSWORD.`);
}

function welcome({ host, gate, debug, login, msg, web }: Places): string {
  const terminal = process.stdin.isTTY
    ? 'Type here the name of a service to start it: test, testsleep, mydb, testmydb name nengzhong, socketserver …'
    : 'No terminal is attached: the node serves until it is told to stop.';
  const everywhere = host === '0.0.0.0' || host === '::';
  const from = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `A skynet node is running${everywhere ? ', for everybody who reaches this machine' : ''}.

  page           http://${from}:${web}   log in, drop the connection, come back
  gate           ${from}:${gate}     in another terminal: npm run client
  login, msg     ${from}:${login}, ${from}:${msg}
  debug console  127.0.0.1:${debug}     nc 127.0.0.1 ${debug}, then: help

  ${terminal}
  docs/book.md lists the book's examples. Ctrl-C stops the node.
`;
}
