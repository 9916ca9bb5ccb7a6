#!/usr/bin/env node
import { existsSync } from 'node:fs';
import type { Node } from '../node.ts';

const USAGE = `usage: skynet <config>

  config   skynet.config.ts, .js, .mjs or .json (default: skynet.config.ts in this folder); a file with another
           ending is read as a configuration of the original

Ctrl-C or SIGTERM stops the node: exit hooks run, sockets close, the log is flushed. A second Ctrl-C ends it at once.
SIGHUP opens the log file anew.
`;

/** Exit code for a signal, as shells count. */
const BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<void> {
  const [file = 'skynet.config.ts', ...rest] = process.argv.slice(2);
  if (file === '--help' || file === '-h') {
    process.stdout.write(USAGE);
    return;
  }
  if (file.startsWith('-') || rest.length > 0 || (process.argv.length === 2 && !existsSync(file))) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
    return;
  }
  // Before the framework is loaded, or its own lines in stacks would be those of the built files.
  process.setSourceMapsEnabled(true);
  const [{ loadConfig }, { startResolved }] = await Promise.all([
    import('../config.ts'),
    import('../node.ts'),
  ]);
  const node = await startResolved(await loadConfig(file));
  stopOnSignals(node);
  // What a service starts besides the framework (a timer of the host, say) must not take the others with it.
  process.on('uncaughtException', (error) =>
    process.stderr.write(`uncaught: ${error.stack ?? String(error)}\n`),
  );
  await node.stopped;
  process.exit();
}

function stopOnSignals(node: Node): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    let asked = false;
    process.on(signal, () => {
      if (asked) process.exit(BY_SIGNAL[signal]);
      asked = true;
      void node.stop();
    });
  }
  process.on('SIGHUP', () => node.reopenLog());
}

main().catch((error: unknown) => {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  process.stderr.write(`skynet: ${error instanceof Error ? error.message : String(error)}${code}\n`);
  process.exit(1);
});
