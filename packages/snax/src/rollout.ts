import { type Handle, isSkynetError, type Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { Rollout } from './contract.ts';
import { snaxError } from './errors.ts';
import { patchesOf, setPatches } from './patch-list.ts';
import { ask } from './question.ts';
import type { ReadSource } from './source.ts';

/** How long the canary is watched if nothing is said. */
const WATCH = '5s';

/** What is to be given to all instances of a script of this node. */
export interface RolloutOrder {
  readonly script: string;
  readonly source: ReadSource;
  readonly args: readonly unknown[];
  readonly by: string;
  readonly snapshot: boolean;
  readonly canary: { readonly watch?: number | string; readonly tolerance?: number } | undefined;
}

/** Waits while a canary is watched, for so long or until somebody says how it goes on. @throws ERR_PATCH_ROLLOUT. */
export type WatchCanary = (order: RolloutOrder, canary: Handle, time: number | string) => Promise<void>;

interface Health {
  readonly calls: number;
  readonly failures: number;
}

/** Instances of a script in all threads of this node, lowest handle first. */
export async function instancesOf(skynet: Skynet, script: string): Promise<Handle[]> {
  const titles = await skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');
  const title = `snlua snaxd ${script}`;
  return Object.entries(titles)
    .filter(([, shown]) => shown === title)
    .map(([address]) => Number.parseInt(address.slice(1), 16));
}

/** One that ended meanwhile needs nothing. */
function isGone(error: unknown): boolean {
  return isSkynetError(error, 'ERR_NO_SERVICE') || isSkynetError(error, 'ERR_SERVICE_GONE');
}

/** Gives a patch to all instances of a script, one after another; all of them have it in the end, or none. */
export async function rollout(skynet: Skynet, order: RolloutOrder, watch: WatchCanary): Promise<Rollout> {
  const { script, source, args, by, snapshot, canary } = order;
  const listed = patchesOf(skynet, script);
  // Never that of one that was taken back: instances remember which they have had.
  const number = kernelOf(skynet).thread.nextId();
  const results = new Map<Handle, unknown>();
  const give = async (handle: Handle): Promise<boolean> => {
    try {
      const hotfix = { source, args, by, snapshot, patch: number };
      const { result } = await ask<{ result: unknown }>(skynet, handle, 'hotfix', hotfix);
      results.set(handle, result);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  };
  let isListed = false;
  const takeBack = async (): Promise<void> => {
    if (isListed) setPatches(skynet, script, listed);
    for (const handle of [...results.keys()].reverse())
      await ask(skynet, handle, 'rollback', { by }).catch(() => {});
  };
  try {
    if (canary !== undefined) {
      for (const handle of await instancesOf(skynet, script))
        if (await watched(skynet, handle, give, order, watch)) break;
    }
    // Whoever starts from here on takes it from the list; who started before is among those that are asked.
    setPatches(skynet, script, [...listed, { number, source, by }]);
    isListed = true;
    for (const handle of await instancesOf(skynet, script)) if (!results.has(handle)) await give(handle);
    // What is undefined would leave a hole on the way to another node.
    return { instances: [...results.keys()], results: [...results.values()].map((each) => each ?? null) };
  } catch (error) {
    await takeBack();
    throw error;
  }
}

/** Patches one instance and looks how it fares. Whether it lived to get it. @throws ERR_PATCH_ROLLOUT. */
async function watched(
  skynet: Skynet,
  handle: Handle,
  give: (handle: Handle) => Promise<boolean>,
  order: RolloutOrder,
  watch: WatchCanary,
): Promise<boolean> {
  const { watch: time = WATCH, tolerance = 0 } = order.canary ?? {};
  const health = (): Promise<Health> => ask<Health>(skynet, handle, 'health');
  const before = await health().catch(() => undefined);
  if (before === undefined || !(await give(handle))) return false;
  await watch(order, handle, time);
  const after = await health().catch(() => undefined);
  if (after === undefined)
    throw snaxError('ERR_PATCH_ROLLOUT', `the canary ${skynet.address(handle)} ended while it was watched`);
  const share = (calls: number, failures: number): number => (calls === 0 ? 0 : failures / calls);
  const old = share(before.calls, before.failures);
  const now = share(after.calls - before.calls, after.failures - before.failures);
  if (now <= old + tolerance) return true;
  throw snaxError(
    'ERR_PATCH_ROLLOUT',
    `the canary ${skynet.address(handle)} fails in ${percent(now)} of its requests, before the patch in ${percent(old)}`,
    { details: { service: skynet.address(handle), before: old, after: now } },
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Puts all instances of a script back; those that start later get what is left of the list. */
export async function rollback(
  skynet: Skynet,
  script: string,
  version: number | undefined,
  by: string,
): Promise<void> {
  const listed = patchesOf(skynet, script);
  setPatches(skynet, script, version === undefined ? listed.slice(0, -1) : listed.slice(0, version));
  for (const handle of await instancesOf(skynet, script)) {
    try {
      await ask(skynet, handle, 'rollback', { n: version, by });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}
