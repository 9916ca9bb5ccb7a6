// npm run --silent httpref -- <port> [--thread N] [--unmasked]
//
// A server for HTTP and WebSocket clients from outside, on 127.0.0.1: HTTP on <port>, and WebSocket on its path /ws;
// WebSocket alone on <port> + 1. Prints `ready` when it listens. See the README of @skynet/http.
import { parseArgs } from 'node:util';
import { isSkynetError, startNode } from '@skynet/core';

const MAX_THREADS = 64;

function usage(why: string): never {
  process.stderr.write(`httpref: ${why}\nusage: npm run httpref -- <port> [--thread N] [--unmasked]\n`);
  process.exit(2);
}

function readArguments(): { port: number; thread: number; unmasked: boolean } {
  try {
    const { values, positionals } = parseArgs({
      // npm hands a `--` of its own on.
      args: process.argv.slice(2).filter((word) => word !== '--'),
      allowPositionals: true,
      options: { thread: { type: 'string', default: '1' }, unmasked: { type: 'boolean', default: false } },
    });
    const port = Number(positionals[0]);
    const thread = Number(values.thread);
    if (positionals.length !== 1 || !Number.isInteger(port) || port < 1 || port > 65_534)
      usage('one port is expected, 1 to 65534');
    if (!Number.isInteger(thread) || thread < 1 || thread > MAX_THREADS) usage(`1 to ${MAX_THREADS} threads`);
    return { port, thread, unmasked: values.unmasked };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

const { port, thread, unmasked } = readArguments();
try {
  const starting = startNode(
    {
      thread,
      start: 'main',
      startArgs: [`${port}`, `${thread}`, unmasked ? 'unmasked' : 'masked'],
      services: ['./services/?'],
    },
    // What others read is `ready`; the log is for whoever looks.
    { base: import.meta.dirname, onLog: (_, text) => process.stderr.write(`${text}\n`) },
  );
  // Whoever is told to end while it starts does so once it has started; a start that fails is told of below.
  const stop = (): void => void starting.then((node) => node.stop()).catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  await starting;
  process.stdout.write('ready\n');
} catch (error) {
  process.stderr.write(`httpref: ${isSkynetError(error) ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
