#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import type { Node } from '../node.ts';

const USAGE = `usage: skynet [config]
       skynet --help | --version

  config   skynet.config.ts, .js, .mjs or .json (default: skynet.config.ts in this folder); a file with another
           ending is read as a configuration of the original

Ctrl-C or SIGTERM stops the node: exit hooks run, sockets close, the log is flushed. A second Ctrl-C ends it at once.
SIGHUP opens the log file anew; closing the terminal that shows the log stops the node. With "daemon" in the configuration the node runs in the background: kill stops it.
`;

/** Exit code for a signal, as shells count. */
const BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<void> {
  // A terminal that is gone takes no text; complaining about that on it would go on for ever.
  process.stderr.on('error', () => {});
  const [file = 'skynet.config.ts', ...rest] = process.argv.slice(2);
  if (file === '--help' || file === '-h') {
    process.stdout.write(USAGE);
    return;
  }
  if (file === '--version' || file === '-v') {
    // As far from the built file as from this one.
    const manifest = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    process.stdout.write(`${version}\n`);
    return;
  }
  const refusal = notUnderstood(file, rest);
  if (refusal !== undefined) {
    process.stderr.write(`skynet: ${refusal}\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  // Before the framework is loaded, or its own lines in stacks would be those of the built files.
  process.setSourceMapsEnabled(true);
  const [{ loadConfig }, { reportUncaught, startResolved }, daemon, { startFailure }] = await Promise.all([
    import('../config.ts'),
    import('../node.ts'),
    import('./daemon.ts'),
    import('./start-failure.ts'),
  ]);
  const background = daemon.background();
  // What a service starts besides the framework (a timer of the host, say) must not take the others with it.
  process.on('uncaughtException', (error) => {
    if (!reportUncaught(error)) process.stderr.write(`uncaught: ${error.stack ?? String(error)}\n`);
  });
  let keys: ReadonlyMap<string, string> = new Map();
  try {
    const config = await loadConfig(file);
    keys = config.environment;
    const ownsLog = config.logger !== undefined || config.logService !== undefined;
    for (const doubt of config.doubts) process.stderr.write(`skynet: ${file}: ${doubt}\n`);
    if (config.daemon !== undefined) {
      if (background === undefined) {
        process.stdout.write(`skynet: runs as process ${await daemon.runInBackground(config)}\n`);
        process.exit();
      }
      daemon.claimPidFile(config.daemon);
    }
    const started = await startOrStopped(
      (onStarting) => startResolved(config, { onStarting }),
      !ownsLog && process.stdout.isTTY,
    );
    if (started === undefined) await background?.failed('stopped while it was starting');
    else {
      background?.started();
      await started.stopped;
    }
  } catch (error) {
    const reason = startFailure(error, { file, keys, variables: process.env });
    await background?.failed(reason);
    fail(reason);
  }
  process.exit();
}

/** What is wrong with the arguments, if anything is. */
function notUnderstood(file: string, rest: readonly string[]): string | undefined {
  if (file.startsWith('-')) return `no option ${JSON.stringify(file)}`;
  if (rest.length > 0) return `one configuration is taken, not ${rest.length + 1} arguments`;
  if (process.argv.length === 2 && !existsSync(file)) return `no ${file} in this folder`;
  return undefined;
}

/** The node when it has started; undefined when a signal has stopped it before, whatever its start still waits for. */
function startOrStopped(
  start: (onStarting: (node: Node) => void) => Promise<Node>,
  hangsUp: boolean,
): Promise<Node | undefined> {
  return new Promise((resolve, reject) => {
    let asked = false;
    start((node) =>
      takeSignals(node, hangsUp, () => {
        asked = true;
        void node.stopped.then(() => resolve(undefined));
      }),
    ).then(
      // A start that ends because the node does has not failed.
      (node) => (asked ? undefined : resolve(node)),
      (error: unknown) => (asked ? undefined : reject(error)),
    );
  });
}

/** Without a log to open anew, SIGHUP from a terminal says that it was closed. */
function takeSignals(node: Node, hangsUp: boolean, stopping: () => void): void {
  const stop = (): void => {
    stopping();
    void node.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    let asked = false;
    process.on(signal, () => {
      if (asked) process.exit(BY_SIGNAL[signal]);
      asked = true;
      stop();
    });
  }
  process.on('SIGHUP', () => (hangsUp ? stop() : node.reopenLog()));
}

function fail(reason: string): never {
  process.stderr.write(`skynet: ${reason}\n`);
  process.exit(1);
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
