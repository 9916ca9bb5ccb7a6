import type { ResolvedConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { StartingNode } from '../node/node.ts';
import { beginNode } from '../node/outset.ts';
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
    // For configuration and services. Of the framework, whose frames are kept out of most stacks, the maps are not read: in
    // each thread that takes as long as loading it.
    process.setSourceMapsEnabled(true);
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
    const signals = new StopSignals(config);
    // What only a node needs is loaded while its other threads start.
    const outset = beginNode(config);
    process.setSourceMapsEnabled(false);
    const { createProcessNode } = await import('./process-node.ts');
    process.setSourceMapsEnabled(true);
    const node = createProcessNode(watch ? { ...config, watch } : config, outset);
    signals.obeyedBy(node);
    await startUnlessStopped(node);
    const { stoppedBy } = signals;
    if (stoppedBy === undefined) daemon?.started();
    await node.stopped;
    if (stoppedBy !== undefined) await daemon?.failed('stopped while it was starting');
  } catch (error) {
    const reason = startFailure(error, { file, keys, variables: process.env });
    await daemon?.failed(reason);
    process.stderr.write(`skynet: ${reason}\n`);
    process.exit(1);
  }
}

/** Lets the process be stopped: at once while there is no node yet. */
class StopSignals {
  /** The signal that has stopped the node. */
  stoppedBy: keyof typeof BY_SIGNAL | undefined = undefined;
  #node: StartingNode | undefined;

  constructor({ logger, logService }: ResolvedConfig) {
    // Without a log to open anew, SIGHUP from a terminal says that it was closed.
    const hangsUp = logger === undefined && logService === undefined && process.stdout.isTTY;
    takeSignals({
      stop: (signal) => this.#stop(signal),
      hangUp: () => (hangsUp ? this.#stop('SIGHUP') : this.#node?.reopenLog()),
    });
  }

  obeyedBy(node: StartingNode): void {
    this.#node = node;
  }

  #stop(signal: keyof typeof BY_SIGNAL): void {
    if (this.#node === undefined) process.exit(BY_SIGNAL[signal]);
    this.stoppedBy ??= signal;
    void this.#node.stop(BY_SIGNAL[signal]);
  }
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
