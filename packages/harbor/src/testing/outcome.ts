import { isSkynetError } from '@skynet/core';

/** How a call ends: with its answer, or the code it fails with. */
export async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await call };
  } catch (error) {
    if (isSkynetError(error)) return error.code;
    throw error;
  }
}
