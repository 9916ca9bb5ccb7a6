// Book 6.8: an error ends its own task and nothing else.
import assert from 'node:assert/strict';
import { defineService } from '@skynet/core';

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
  skynet.fork(task1);
  skynet.fork(task2);
});
