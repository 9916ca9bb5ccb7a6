import { defineService, type ServiceDefinition } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { Instance } from './instance.ts';
import { Scripts } from './scripts.ts';

/** Whether a thread has seen to the service that patches. */
const PATCHED = Symbol.for('@skynet/snax patched');

/** Runs one instance of a script; every snax service is one of these, as in the original. */
const snaxd: ServiceDefinition = defineService(async function snaxd(skynet, script) {
  const scripts = Scripts.of(skynet);
  const { file, definition } = await skynet.await(scripts.load(skynet, script));
  const instance = new Instance(skynet, script, file, definition);
  await instance.prepare();
  // Patches of other nodes come to that service.
  const { thread } = kernelOf(skynet);
  if (thread.hasNetwork && !thread.local(PATCHED, () => ({ isStarted: false })).isStarted) {
    thread.local(PATCHED, () => ({ isStarted: true })).isStarted = true;
    skynet.fork(() => skynet.uniqueService('snaxpatch'));
  }
});

export default snaxd;
