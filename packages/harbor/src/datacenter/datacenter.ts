import { type Handle, isSkynetError, type Skynet } from '@skynet/core';
import { kernelOf, type ThreadKernel } from '@skynet/core/kernel';
import { createDatacenterService, DATACENTER, LOCAL_NAME } from './service.ts';
import type { Key } from './tree.ts';

/** A tree of values that all nodes of a network share (the original's `skynet.datacenter`). */
export interface Datacenter {
  /**
   * The value at a path, undefined if there is none; of a branch a copy of all below.
   * @throws ERR_DATACENTER_PATH when the path goes through a value that is no branch.
   */
  get<Value = unknown>(...path: Key[]): Promise<Value | undefined>;
  /**
   * Sets the value at a path, and gives the one before. Branches on the way are made; undefined takes the value out.
   * @throws ERR_DATACENTER_PATH as {@link get}.
   */
  set<Value = unknown>(...pathAndValue: [...path: Key[], value: unknown]): Promise<Value | undefined>;
  /**
   * The value at a path, waited for until somebody sets it.
   * @throws ERR_DATACENTER_PATH when the path becomes a branch, or is waited for as one.
   */
  wait<Value = unknown>(...path: Key[]): Promise<Value>;
  /**
   * Sets the value at a path if it is the expected one, by value; undefined for none. Whether it was. Needs a datacenter of
   * ours: that of the original has nothing like it and makes the call fail.
   */
  compareAndSet(
    ...pathExpectedAndValue: [...path: Key[], expected: unknown, value: unknown]
  ): Promise<boolean>;
}

const STARTING = Symbol('datacenter');

/** The datacenter, for one service: that of the network, or of this node where there is no network. */
export function createDatacenter(skynet: Skynet): Datacenter {
  const { thread } = kernelOf(skynet);
  let known: Handle | undefined;
  const find = async (): Promise<Handle> => {
    if (known !== undefined) return known;
    // In a network it is where the master is; on its own the first who asks starts it.
    if (!thread.hasNetwork && skynet.localName(LOCAL_NAME) === undefined) await skynet.await(start(thread));
    known = (await skynet.queryName(DATACENTER)) as Handle;
    return known;
  };
  const call = async <Result>(command: string, args: readonly unknown[]): Promise<Result> => {
    try {
      return await skynet.call<Result>(await find(), 'lua', command, ...args);
    } catch (error) {
      // It may have been started again elsewhere.
      if (isSkynetError(error, 'ERR_NO_SERVICE') || isSkynetError(error, 'ERR_NODE_LOST')) known = undefined;
      throw error;
    }
  };
  return {
    get: (...path) => call('QUERY', path),
    set: (...pathAndValue) => call('UPDATE', pathAndValue),
    async wait<Value>(...path: Key[]): Promise<Value> {
      return skynet.call<Value>({ to: await find(), timeout: 0 }, 'lua', 'WAIT', ...path);
    },
    compareAndSet: (...args) => call('COMPARE', args),
  };
}

/** Starts the service in this thread, unless another thread is quicker. */
function start(thread: ThreadKernel): Promise<unknown> {
  return thread.local(STARTING, () => ({
    started: thread.start(createDatacenterService(), 'datacenterd').catch((error: unknown) => {
      if (!isSkynetError(error, 'ERR_SERVICE_EXITED')) throw error;
    }),
  })).started;
}
