#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { readArguments } from './arguments.ts';

const USAGE = `usage: skynet [--watch] [config]
       skynet dev [config]
       skynet --help | --version

  config   skynet.config.ts, .mts, .js, .mjs or .json, or the folder it is in (default: this folder); a file with
           another ending is read as a configuration of the original
  --watch, dev
           reloads services whose files change

Ctrl-C or SIGTERM stops the node: exit hooks run, sockets close, the log is flushed. A second Ctrl-C ends it at once.
SIGHUP opens the log file anew; closing the terminal that shows the log stops the node. With "daemon" in the configuration the node runs in the background: kill stops it.
`;

async function main(): Promise<void> {
  // A terminal that is gone takes no text; complaining about that on it would go on for ever.
  process.stderr.on('error', () => {});
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`skynet: Node.js 20.19 or newer is needed, this is ${process.versions.node}\n`);
    process.exit(1);
  }
  const asked = readArguments(process.argv.slice(2), process.cwd());
  switch (asked.what) {
    case 'help':
      process.stdout.write(USAGE);
      break;
    case 'version':
      process.stdout.write(`${version()}\n`);
      break;
    case 'nothing':
      process.stderr.write(`skynet: ${asked.reason}\n${USAGE}`);
      process.exitCode = 1;
      break;
    default:
      await start(asked.file, asked.watch);
  }
}

function version(): string {
  // As far from the built file as from this one.
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Runs a node until it stops. */
async function start(file: string, watch: boolean): Promise<void> {
  const { runNode } = await import('./run-node.ts');
  await runNode(file, watch);
  process.exit();
}

main().catch((error: unknown) => {
  process.stderr.write(`skynet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
