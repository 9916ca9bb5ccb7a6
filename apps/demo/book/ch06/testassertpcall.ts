// Book 6.8 (there again `testassert`): the error is caught, so nothing is logged.
import assert from 'node:assert/strict';
import { defineService } from '@skynet/core';

/** Runs a function and swallows its error, as `skynet.fork(pcall, f)` does in the original. */
async function pcall(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}

export default defineService((skynet) => {
  async function task1(): Promise<void> {
    skynet.error('task1', skynet.running());
    await skynet.sleep(100);
    assert(null, 'assertion failed!');
    skynet.error('task1', skynet.running(), 'end');
  }

  async function task2(): Promise<void> {
    skynet.error('task2', skynet.running());
    await skynet.sleep(500);
    skynet.error('task2', skynet.running(), 'end');
  }

  skynet.error('start', skynet.running());
  skynet.fork(pcall, task1);
  skynet.fork(pcall, task2);
});
