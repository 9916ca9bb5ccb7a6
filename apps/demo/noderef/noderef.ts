// A node of a harbor network with reference services, for kits that try nodes of several kinds against each other:
//
//   npm run --silent noderef -- --harbor 2 --address 127.0.0.1:Q --master 127.0.0.1:P [--standalone 127.0.0.1:P]
//     [--name refecho] [--thread N]
//
// Prints the line `ready` when everything is up; ends with status 0 on SIGTERM and SIGINT.
import { parseArgs } from 'node:util';
import { isSkynetError, type Node, startNode } from '@skynet/core';

function fail(text: string, status: number): never {
  process.stderr.write(`noderef: ${text.split('\n', 1)[0]}\n`);
  process.exit(status);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        harbor: { type: 'string' },
        address: { type: 'string' },
        master: { type: 'string' },
        standalone: { type: 'string' },
        name: { type: 'string', default: 'refecho' },
        thread: { type: 'string', default: '1' },
      },
    });
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), 2);
  }
}

const { harbor, address, standalone, name, thread, master = standalone } = readArguments();
if (harbor === undefined || address === undefined || master === undefined)
  fail('--harbor, --address and --master are needed', 2);

let node: Node;
try {
  const starting = startNode(
    {
      harbor: Number(harbor),
      address,
      master,
      ...(standalone === undefined ? {} : { standalone }),
      thread: Number(thread),
      start: 'main',
      startArgs: [name, thread],
      services: ['./services/?'],
    },
    { base: import.meta.dirname },
  );
  // Who is told to end while it starts does so once it has started, or at once when that may take for ever.
  const stop = (): void => {
    const patience = setTimeout(() => process.exit(0), 3000);
    starting
      .then((started) => started.stop())
      .catch(() => {})
      .finally(() => {
        clearTimeout(patience);
        process.exit(0);
      });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  node = await starting;
} catch (error) {
  fail(isSkynetError(error) ? error.message : String(error), 1);
}
process.stdout.write('ready\n');
await node.stopped;
