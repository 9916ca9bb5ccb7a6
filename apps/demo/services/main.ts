import { defineService, type Skynet } from '@skynet/core';
import type { MsgGateOptions } from './msggate.ts';

/** Ports of the demo, as its configuration names them. */
interface Ports {
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
  const ports: Ports = {
    gate: port('gate'),
    debug: port('debug'),
    login: port('login'),
    msg: port('msg'),
    ws: port('ws'),
    web: port('web'),
  };
  skynet.error('Server start');
  await skynet.newService('console');
  await skynet.newService('debug_console', ports.debug);
  await skynet.newService('simpledb');
  const watchdog = await skynet.newService('watchdog');
  await skynet.call(watchdog, 'lua', 'start', { port: ports.gate, maxclient: 1024, nodelay: true });
  skynet.error('Watchdog listen on', ports.gate);
  await startLogins(skynet, ports);
  skynet.error(welcome(ports));
  skynet.exit();
});

/** Chapters 14 and 15: login and message server, each by tcp and by WebSocket, and a page for them. */
async function startLogins(skynet: Skynet, { login, msg, ws, web }: Ports): Promise<void> {
  const logins = [
    await skynet.newService('login', 'login', `tcp://0.0.0.0:${login}`),
    await skynet.newService('login', 'wslogin', `ws://0.0.0.0:${ws}/login`),
  ];
  const gate = await skynet.newService('msggate', ...logins.map(String));
  const options: MsgGateOptions = {
    servername: 'sample',
    urls: [`tcp://0.0.0.0:${msg}`, `ws://0.0.0.0:${ws}/game`],
  };
  await skynet.call(gate, 'lua', 'open', options);
  await skynet.newService('webpage', web, ws);
}

function welcome({ gate, debug, login, msg, web }: Ports): string {
  const terminal = process.stdin.isTTY
    ? 'Type here the name of a service to start it: test, testsleep, mydb, testmydb name nengzhong, socketserver …'
    : 'No terminal is attached: the node serves until it is told to stop.';
  return `A skynet node is running.

  page           http://127.0.0.1:${web}   log in, drop the connection, come back
  gate           port ${gate}     in another terminal: npm run client
  login, msg     port ${login}, ${msg}
  debug console  port ${debug}     nc 127.0.0.1 ${debug}, then: help

  ${terminal}
  docs/book.md lists the book's examples. Ctrl-C stops the node.
`;
}
