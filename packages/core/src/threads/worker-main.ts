import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { describe } from '../actor/failure.ts';
import { isExit } from '../actor/task.ts';
import { errorToData } from '../codec/error.ts';
import { loadConfig, resolveConfig, type SkynetConfig } from '../config.ts';
import { isSkynetError } from '../errors.ts';
import { NodeThread } from '../node-thread.ts';
import { createNodeTransports } from '../node-transports.ts';
import { Activity } from './activity.ts';
import { RouteTable } from './route-table.ts';
import { SharedRegistry } from './shared-registry.ts';
import type { FromWorker, StopOrder, ToWorker, WorkerSetup } from './wire.ts';

// What a worker thread runs: it reads its setup, builds its part of the node and takes orders from the rings.

const setup = workerData as WorkerSetup;
const post = (message: FromWorker): void => parentPort?.postMessage(message);

async function main(): Promise<void> {
  const config =
    'file' in setup.config
      ? await loadConfig(setup.config.file)
      : resolveConfig(setup.config.plain as SkynetConfig, setup.config.base);
  const thread = new NodeThread(
    config,
    createNodeTransports(config),
    {
      thread: setup.thread,
      threads: setup.threads,
      incarnation: setup.incarnation,
      origin: setup.origin,
      names: new SharedRegistry(setup.names, setup.thread),
      environment: new SharedRegistry(setup.environment, setup.thread),
      packages: new SharedRegistry(setup.packages, setup.thread),
      routes: new RouteTable(setup.routes),
      counters: new Int32Array(setup.counters),
      activity: new Activity(setup.activity, setup.thread),
      peers: setup.peers,
    },
    (_source, text) => process.stderr.write(`${text}\n`),
    () => Promise.resolve(),
  );
  hearStop(thread);
  await thread.prepare();
  thread.setLogger(setup.logger);
  thread.adoptMonitor(setup.monitor);
  parentPort?.on('message', (note: ToWorker) => thread.threadLost(note.thread, note.handles, note.peer));
  // A service's stray errors must not take the others of the thread with it.
  process.on('unhandledRejection', (reason) => {
    if (isSkynetError(reason, 'ERR_SERVICE_ENDED') || isExit(reason)) return;
    thread.log(0, `unhandled rejection: ${describe(reason)}`);
  });
  process.on('uncaughtException', (error) => thread.log(0, `uncaught: ${describe(error)}`));
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
