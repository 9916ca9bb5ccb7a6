import { type Body, defineService, type Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { calls } from '../calls.ts';
import type { BenchCase, Measure } from '../case.ts';
import { inNode } from '../node.ts';

/** Calls in a batch. */
const BATCH = 2000;

const echo = defineService((skynet) => {
  skynet.dispatch('lua', (request) => void request.rawRet(request.body));
});

/** One call after another, each made by the function that gets the answer to the one before. */
function chain(skynet: Skynet, to: number, count: number): Promise<void> {
  const kernel = kernelOf(skynet);
  const body: Body = skynet.pack(42);
  return new Promise((resolve, reject) => {
    let left = count;
    const answered = (error: unknown): void => {
      if (error !== undefined) reject(error);
      else if (--left === 0) resolve();
      else kernel.ask(to, 'lua', body, answered);
    };
    kernel.ask(to, 'lua', body, answered);
  });
}

const asks: Measure = (effort) =>
  inNode(async (skynet) => {
    const to = await skynet.newService(echo);
    return [await effort.rate((count) => skynet.await(chain(skynet, to, count)), BATCH)];
  });

const ask: BenchCase = {
  lines: [{ name: 'ask', unit: 'calls/s' }],
  floors: { 'awaited calls': calls(42) },
  run: asks,
};
export default ask;
