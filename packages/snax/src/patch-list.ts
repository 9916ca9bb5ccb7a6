import type { Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { ReadSource } from './source.ts';

/** A patch that every instance of a script has, also those that start later. */
export interface ListedPatch {
  readonly number: number;
  readonly source: ReadSource;
  readonly by: string;
}

const keyOf = (script: string): string => `snax.patches.${script}`;

/** The patches of a script that are in force in this node, in their order. */
export function patchesOf(skynet: Skynet, script: string): ListedPatch[] {
  return JSON.parse(kernelOf(skynet).thread.registry.get(keyOf(script)) ?? '[]') as ListedPatch[];
}

/** Changes that list; services that start from now on see it, in every thread. */
export function setPatches(skynet: Skynet, script: string, patches: readonly ListedPatch[]): void {
  const { registry } = kernelOf(skynet).thread;
  registry.remove(keyOf(script));
  if (patches.length > 0) registry.add(keyOf(script), JSON.stringify(patches));
}
