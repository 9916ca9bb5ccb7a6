import { loadConfig, type ResolvedConfig } from '../config/config.ts';
import { createNode, type StartingNode } from '../node/node.ts';
import { reportUncaught } from '../node/stray-errors.ts';
import { background, runInBackground } from './daemon.ts';
import { followParent } from './parent.ts';
import { claimPidFile } from './pid-file.ts';
import { BY_SIGNAL, takeSignals } from './signals.ts';
import { startFailure } from './start-failure.ts';

/** Starts the node of a configuration in this process, or in the background; resolves when it has stopped. */
export async function runNode(file: string, watch = false): Promise<void> {
  const daemon = background();
  let keys: ReadonlyMap<string, string> = new Map();
  try {
    const config = await loadConfig(file);
    keys = config.environment;
    for (const doubt of config.doubts) process.stderr.write(`skynet: ${file}: ${doubt}\n`);
    if (config.daemon !== undefined) {
      if (daemon === undefined) {
        process.stdout.write(`skynet: runs as process ${await runInBackground(config)}\n`);
        return;
      }
      claimPidFile(config.daemon);
    } else followParent();
    const node = createNode(watch ? { ...config, watch } : config);
    const stopSignal = obey(node, config);
    await startUnlessStopped(node);
    const signal = stopSignal();
    if (signal === undefined) daemon?.started();
    await node.stopped;
    if (signal !== undefined) await daemon?.failed('stopped while it was starting');
  } catch (error) {
    const reason = startFailure(error, { file, keys, variables: process.env });
    await daemon?.failed(reason);
    process.stderr.write(`skynet: ${reason}\n`);
    process.exit(1);
  }
}

/** Lets the process be stopped, and survive what services throw besides their turns. Returns who stopped it. */
function obey(node: StartingNode, { logger, logService }: ResolvedConfig): () => string | undefined {
  // Without a log to open anew, SIGHUP from a terminal says that it was closed.
  const hangsUp = logger === undefined && logService === undefined && process.stdout.isTTY;
  let stoppedBy: string | undefined;
  const stop = (signal: keyof typeof BY_SIGNAL): void => {
    stoppedBy ??= signal;
    void node.stop(BY_SIGNAL[signal]);
  };
  takeSignals({ stop, hangUp: () => (hangsUp ? stop('SIGHUP') : node.reopenLog()) });
  // What a service starts besides the framework (a timer of the host, say) must not take the others with it.
  process.on('uncaughtException', (error) => {
    if (!reportUncaught(error)) process.stderr.write(`uncaught: ${error.stack ?? String(error)}\n`);
  });
  return () => stoppedBy;
}

/** Starts a node. One that is stopped meanwhile need not have started, however long it would have taken. */
async function startUnlessStopped(node: StartingNode): Promise<void> {
  try {
    await Promise.race([node.boot(true, []), node.stopped]);
  } catch (error) {
    // What failed because the node was stopped is no failure.
    const { isStopping } = node;
    await node.stop();
    if (!isStopping) throw error;
  }
}
