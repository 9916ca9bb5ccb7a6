import { type Handle, isSkynetError } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';

/** All the kinds of values that a message can hold, but for those that the original's wire changes. */
export const VALUES: readonly unknown[] = [
  'a',
  -0,
  undefined,
  null,
  5n,
  2n ** 70n,
  new Map<unknown, unknown>([
    [1, { a: undefined }],
    [[], 'x'],
  ]),
  {},
  [],
  new Uint8Array([1, 2]),
  Buffer.from('b'),
  '\ud800',
];

/** Starts `echo` in a node, perhaps with a name; its handle. */
export function echoIn(node: TestNode, name = ''): Promise<Handle> {
  return node.run((skynet) => (name === '' ? skynet.newService('echo') : skynet.newService('echo', name)));
}

/** The code that a call fails with, or what it was answered. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await call };
  } catch (error) {
    return isSkynetError(error) ? error.code : error;
  }
}

/** Calls a service, as {@link codeOf} tells. */
export function calling(
  node: TestNode,
  to: Handle | string,
  ...values: [string, ...unknown[]]
): Promise<unknown> {
  return node.run((skynet) => codeOf(skynet.call(to as Handle, 'lua', ...values)));
}
