import { defineService, type ServiceDefinition } from '@skynet/core';
import { Instance } from './instance.ts';
import { Scripts } from './scripts.ts';

/** Runs one instance of a script; every snax service is one of these, as in the original. */
const snaxd: ServiceDefinition = defineService(async function snaxd(skynet, script) {
  const scripts = Scripts.of(skynet);
  const { file, definition } = await skynet.await(scripts.load(skynet, script));
  const instance = new Instance(skynet, script, file, definition);
  await instance.prepare();
});

export default snaxd;
