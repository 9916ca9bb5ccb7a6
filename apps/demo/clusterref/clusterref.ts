// A node without a network, with reference services for kits that try nodes of several kinds against each other over
// the cluster:
//
//   npm run --silent clusterref -- --port P [--thread N]
//
// Prints the line `ready` when everything is up; ends with status 0 on SIGTERM and SIGINT.
import { parseArgs } from 'node:util';
import { isSkynetError, type Node, startNode } from '@skynet/core';

function fail(text: string, status: number): never {
  process.stderr.write(`clusterref: ${text.split('\n', 1)[0]}\n`);
  process.exit(status);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, thread: { type: 'string', default: '1' } },
    });
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), 2);
  }
}

const { port, thread } = readArguments();
if (port === undefined || !/^\d{1,5}$/.test(port)) fail('--port is needed, a number', 2);

let node: Node;
try {
  const starting = startNode(
    {
      harbor: 0,
      thread: Number(thread),
      start: 'main',
      startArgs: [port, thread],
      services: ['./services/?'],
      snax: ['./snax/?'],
    },
    { base: import.meta.dirname },
  );
  // Who is told to end while it starts does so once it has started.
  const stop = (): void => {
    starting
      .then((started) => started.stop())
      .catch(() => {})
      .finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  node = await starting;
} catch (error) {
  fail(isSkynetError(error) ? error.message : String(error), 1);
}
process.stdout.write('ready\n');
await node.stopped;
