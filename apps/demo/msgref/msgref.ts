// A login server and a message server for clients from outside: `npm run msgref -- <login port> <msgserver port> [threads]`.
// Listens on 127.0.0.1, or on the address in SKYNET_HOST. Users: any, with the password `password`, on the server
// `sample`. See the README of @skynet/msgserver.
import { isSkynetError, startNode } from '@skynet/core';

const words = process.argv.slice(2).filter((word) => word !== '--');
const host = process.env.SKYNET_HOST || '127.0.0.1';
const [loginPort = Number.NaN, gatePort = Number.NaN, thread = 1] = words.map(Number);

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 0xffff;
}

if (!isPort(loginPort) || !isPort(gatePort) || !Number.isInteger(thread)) {
  process.stderr.write('usage: npm run msgref -- <login port> <msgserver port> [threads]\n');
  process.exit(2);
}

try {
  const starting = startNode(
    { thread, start: 'main', startArgs: [host, `${loginPort}`, `${gatePort}`], services: ['./services/?'] },
    { base: import.meta.dirname },
  );
  // Whoever is told to end while it starts does so once it has started; a start that fails is told of below.
  const stop = (): void => void starting.then((node) => node.stop()).catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  await starting;
  if (!/^(127\.|localhost$|::1$)/.test(host))
    process.stderr.write(`msgref: anybody who reaches ${host} can log in: the password is "password"\n`);
} catch (error) {
  process.stderr.write(`msgref: ${isSkynetError(error) ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
