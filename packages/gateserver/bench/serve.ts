import { fileURLToPath } from 'node:url';
import { isSkynetError, type ServiceDefinition, startNode } from '@skynet/core';

/** Where to listen; other machines are served when they are asked for. */
const host = process.env['SKYNET_HOST'] || '127.0.0.1';

/** Runs a gate service on the port that was typed, until Ctrl-C. */
export async function serve(name: string, gate: ServiceDefinition, thread = 1): Promise<void> {
  const [typed] = process.argv.slice(2).filter((word) => word !== '--');
  const port = Number(typed);
  if (typed === undefined || !Number.isInteger(port) || port < 0 || port > 0xffff) {
    process.stderr.write(`usage: npm run ${name} -- <port>\n`);
    process.exitCode = 2;
    return;
  }
  const starting = startNode(
    { thread, services: ['./services/?'] },
    { base: fileURLToPath(new URL('.', import.meta.url)) },
  );
  // Whoever is told to end while it starts does so once it has started.
  const stop = (): void => void starting.then((running) => running.stop()).catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const node = await starting;
  try {
    const handle = await node.newService(gate);
    await node.run((skynet) =>
      skynet.call(handle, 'lua', 'open', { host, port, maxclient: 100_000, maxPerAddress: 0 }),
    );
  } catch (error) {
    process.stderr.write(`${name}: ${isSkynetError(error) ? error.message : String(error)}\n`);
    process.exitCode = 1;
    await node.stop();
    return;
  }
}
