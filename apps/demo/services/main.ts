import { defineService } from '@skynet/core';

/** First service of the demo (the original's examples/main, book §3.2): starts the others and ends. */
export default defineService(async (skynet) => {
  const gatePort = Number(skynet.getenv('gatePort'));
  const debugPort = Number(skynet.getenv('debugPort'));
  skynet.error('Server start');
  await skynet.newService('console');
  await skynet.newService('debug_console', debugPort);
  await skynet.newService('simpledb');
  const watchdog = await skynet.newService('watchdog');
  await skynet.call(watchdog, 'lua', 'start', { port: gatePort, maxclient: 1024, nodelay: true });
  skynet.error('Watchdog listen on', gatePort);
  skynet.error(welcome(gatePort, debugPort));
  skynet.exit();
});

function welcome(gatePort: number, debugPort: number): string {
  const terminal = process.stdin.isTTY
    ? 'Type here the name of a service to start it: test, testsleep, mydb, testmydb name nengzhong, socketserver …'
    : 'No terminal is attached: the node serves until it is told to stop.';
  return `A skynet node is running.

  gate           port ${gatePort}     in another terminal: npm run client
  debug console  port ${debugPort}     nc 127.0.0.1 ${debugPort}, then: help

  ${terminal}
  docs/book.md lists the book's examples. Ctrl-C stops the node.
`;
}
