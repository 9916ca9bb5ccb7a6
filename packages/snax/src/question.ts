import type { Handle, Skynet } from '@skynet/core';

/** The question of the debug protocol that snax services answer. */
export const QUESTION = 'SNAX';

/** Asks a snax service something that is no method of its script. */
export function ask<Result>(
  skynet: Skynet,
  handle: Handle,
  what: string,
  ...values: unknown[]
): Promise<Result> {
  return skynet.call<Result>(handle, 'debug', QUESTION, what, ...values);
}
