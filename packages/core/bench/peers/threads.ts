import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { callRate } from '../calls.ts';
import type { Measure } from '../case.ts';
import { loadPeer, peersFolder } from './peer.ts';

interface Comlink {
  wrap(endpoint: object): { echo(value: unknown): Promise<unknown> };
}

interface Pool {
  run(value: unknown): Promise<unknown>;
  destroy(): Promise<void>;
}

interface Piscina {
  readonly Piscina: new (options: object) => Pool;
}

/** Calls of a function in another thread that answers with what it got. */
export function comlinkCalls(value: unknown, flight = 1): Measure {
  return async (effort) => {
    const { wrap } = loadPeer<Comlink>('comlink');
    const endpoint = loadPeer<{ default?: (worker: object) => object }>('comlink/dist/umd/node-adapter');
    const nodeEndpoint = (endpoint.default ?? endpoint) as (worker: object) => object;
    const worker = new Worker(path.join(import.meta.dirname, 'comlink-worker.cjs'), {
      workerData: { folder: peersFolder() },
      execArgv: [],
    });
    const { echo } = wrap(nodeEndpoint(worker));
    const rate = await callRate(effort, () => echo(value), flight, 500);
    await worker.terminate();
    return [rate];
  };
}

/** The same in a pool of one thread. */
export function piscinaCalls(value: unknown, flight = 1): Measure {
  return async (effort) => {
    const { Piscina } = loadPeer<Piscina>('piscina');
    const pool = new Piscina({
      filename: path.join(import.meta.dirname, 'piscina-worker.cjs'),
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: flight,
      execArgv: [],
    });
    const rate = await callRate(effort, () => pool.run(value), flight, 500);
    await pool.destroy();
    return [rate];
  };
}
