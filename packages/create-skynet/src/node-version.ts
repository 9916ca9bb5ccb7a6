import type { CreateErrorCode } from './errors.ts';

/** The oldest version of Node.js that runs what is made. */
const OLDEST = [20, 19] as const;
const CODE: CreateErrorCode = 'ERR_CREATE_NODE';

/** Why a version of Node.js is not enough; undefined if it is. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `Node.js ${OLDEST.join('.')} or newer is needed, this is ${version} (${CODE})`;
}
