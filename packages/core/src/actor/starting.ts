import type { CommandTable } from '../contracts/request.ts';
import { Brood } from './brood.ts';
import type { Service } from './service.ts';

// What a service that starts has under way.

/** What `skynet.init` started, to be waited for before the service counts as started. */
export function takeInits(service: Service): Promise<unknown>[] | undefined {
  const inits = service.extrasSoFar?.inits;
  return inits === undefined || inits.length === 0 ? undefined : inits.splice(0);
}

/** What its start function starts is noted here. */
export function broodOf(service: Service): Brood {
  const { extras } = service;
  extras.brood ??= new Brood();
  return extras.brood;
}

/** The start has ended: what it has started, if it has started anything. */
export function takeBrood(service: Service): Brood | undefined {
  const brood = service.extrasSoFar?.brood;
  if (brood !== undefined) service.extras.brood = undefined;
  return brood;
}

/** What the start function returned, once it and everything given to `skynet.init` meanwhile have finished. */
export async function whenReady(
  service: Service,
  result: unknown,
  inits: readonly Promise<unknown>[],
): Promise<unknown> {
  const [value] = await Promise.all([result, ...inits]);
  for (let more = takeInits(service); more !== undefined; more = takeInits(service)) await Promise.all(more);
  return value;
}

/** Whether what a start function returned handles `lua` messages. */
export function isCommandTable(value: unknown): value is CommandTable {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((part) => typeof part === 'function')
  );
}
