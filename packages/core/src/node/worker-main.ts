import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { errorToData } from '../codec/error.ts';
import { resolveConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { SkynetConfig } from '../config/skynet-config.ts';
import type { FromWorker, StopOrder, ToWorker, WorkerSetup } from '../threads/wire.ts';
import { NodeThread } from './node-thread.ts';
import { createNodeTransports } from './node-transports.ts';
import { partsOver } from './shared-parts.ts';
import { logRejection, logUncaught } from './stray-errors.ts';

// What a worker thread runs: it reads its setup, builds its part of the node and takes orders from the rings.

const setup = workerData as WorkerSetup;
const post = (message: FromWorker): void => parentPort?.postMessage(message);

// For services; the maps of the framework, which is loaded, are not read. See `bin/run-node.ts`.
process.setSourceMapsEnabled(true);

async function main(): Promise<void> {
  const config =
    'file' in setup.config
      ? await loadConfig(setup.config.file)
      : resolveConfig(setup.config.plain as SkynetConfig, setup.config.base);
  const thread = new NodeThread(
    config,
    createNodeTransports(config),
    partsOver(setup.memory, setup.thread, setup.incarnation, setup.peers),
    (_source, text) => process.stderr.write(`${text}\n`),
    () => Promise.resolve(),
  );
  hearStop(thread);
  await thread.starter.code.prepare(config.preload);
  thread.lines.logger = setup.logger;
  thread.endings.monitor = setup.monitor;
  parentPort?.on('message', (note: ToWorker) => thread.threadLost(note.thread, note.handles, note.peer));
  process.on('unhandledRejection', (reason) => logRejection(thread, reason));
  process.on('uncaughtException', (error) => logUncaught(thread, error));
  post({ kind: 'ready' });
}

/** Stops the services of this thread when the watchdog says so, because thread 0 cannot. */
function hearStop(thread: NodeThread): void {
  const channel = new BroadcastChannel(setup.stopChannel);
  channel.unref();
  channel.onmessage = (event) => {
    const order = (event as { data: StopOrder }).data;
    if (order.kind !== 'stop') return;
    const stopped: StopOrder = { kind: 'stopped', thread: setup.thread };
    void thread.shutdown(order.deadline).then(() => channel.postMessage(stopped));
  };
}

main().catch((error: unknown) => {
  post({ kind: 'failed', error: errorToData(error) });
  process.exitCode = 1;
});
