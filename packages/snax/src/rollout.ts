import { type Handle, isSkynetError, type Skynet } from '@skynet/core';
import type { Rollout, RolloutOptions } from './contract.ts';
import { snaxError } from './errors.ts';
import { patchesOf, setPatches } from './patch-list.ts';
import { ask } from './question.ts';
import type { ReadSource } from './source.ts';

/** How long the canary is watched if nothing is said. */
const WATCH = '5s';

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

/** Gives a patch to all instances of a script, one after another; all of them have it in the end, or none. */
export async function rollout(
  skynet: Skynet,
  script: string,
  source: ReadSource,
  { args = [], canary, snapshot = false }: RolloutOptions,
): Promise<Rollout> {
  const by = skynet.address(skynet.self());
  const listed = patchesOf(skynet, script);
  const number = Math.max(0, ...listed.map((patch) => patch.number)) + 1;
  const instances: Handle[] = [];
  const results: unknown[] = [];
  const patched: Handle[] = [];
  const give = async (handle: Handle): Promise<boolean> => {
    try {
      const { result } = await ask<{ result: unknown }>(skynet, handle, 'hotfix', {
        source,
        args,
        by,
        snapshot,
        patch: number,
      });
      patched.push(handle);
      instances.push(handle);
      results.push(result);
      return true;
    } catch (error) {
      // One that ended meanwhile needs no patch.
      if (isSkynetError(error, 'ERR_NO_SERVICE') || isSkynetError(error, 'ERR_SERVICE_GONE')) return false;
      throw error;
    }
  };
  let isListed = false;
  try {
    const first = await instancesOf(skynet, script);
    if (canary !== undefined) {
      let bird = first.shift();
      while (bird !== undefined && !(await watched(skynet, bird, give, canary))) bird = first.shift();
    }
    // Whoever starts from here on takes it from the list; who started before is among those that are asked.
    setPatches(skynet, script, [...listed, { number, source, by }]);
    isListed = true;
    for (const handle of await instancesOf(skynet, script)) if (!patched.includes(handle)) await give(handle);
    return { instances, results };
  } catch (error) {
    if (isListed) setPatches(skynet, script, listed);
    for (const handle of patched.reverse()) await ask(skynet, handle, 'rollback', { by }).catch(() => {});
    throw error;
  }
}

/** Patches one instance and looks how it fares. Whether it lived to get it. @throws ERR_PATCH_ROLLOUT. */
async function watched(
  skynet: Skynet,
  handle: Handle,
  give: (handle: Handle) => Promise<boolean>,
  { watch = WATCH, tolerance = 0 }: NonNullable<RolloutOptions['canary']>,
): Promise<boolean> {
  const health = (): Promise<Health> => ask<Health>(skynet, handle, 'health');
  const before = await health().catch(() => undefined);
  if (before === undefined || !(await give(handle))) return false;
  await skynet.sleep(watch as never);
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
export async function rollback(skynet: Skynet, script: string, version: number | undefined): Promise<void> {
  const listed = patchesOf(skynet, script);
  setPatches(skynet, script, version === undefined ? listed.slice(0, -1) : listed.slice(0, version));
  const by = skynet.address(skynet.self());
  for (const handle of await instancesOf(skynet, script)) {
    try {
      await ask(skynet, handle, 'rollback', { n: version, by });
    } catch (error) {
      if (!isSkynetError(error, 'ERR_NO_SERVICE') && !isSkynetError(error, 'ERR_SERVICE_GONE')) throw error;
    }
  }
}
