// One node of the demo's cluster: `tsx node.ts NAME TABLE [PLAYERS' PORT]`; see demo.ts.
import { isSkynetError, startNode } from '@skynet/core';

const [name = '', table = '{}', playersPort = ''] = process.argv.slice(2);

try {
  const starting = startNode(
    {
      harbor: 0,
      start: 'main',
      startArgs: [name, table, playersPort].filter((word) => word !== ''),
      services: ['./services/?'],
    },
    { base: import.meta.dirname },
  );
  const stop = (): void => {
    starting
      .then((node) => node.stop())
      .catch(() => {})
      .finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  // Whoever has started it holds the other end: it does not outlive that.
  process.stdin.resume().once('end', stop);
  await starting;
} catch (error) {
  process.stderr.write(`${name}: ${isSkynetError(error) ? error.message : String(error)}\n`);
  process.exit(1);
}
