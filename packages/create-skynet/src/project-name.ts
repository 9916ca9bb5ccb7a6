import type path from 'node:path';
import { CreateError } from './errors.ts';

/** Where a project is made, and what it is called. */
export interface Place {
  /** The whole path of its folder. */
  readonly folder: string;
  /** Name of its package: small letters, digits, `-`, `.` and `_`. */
  readonly name: string;
}

/** Names that npm keeps for itself. */
const TAKEN = new Set(['node_modules', 'favicon.ico']);
/** Names that Windows keeps for devices, with any ending. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;
/** What no folder can have in its name on one system or another (a clone would fail there), and controls of terminals. */
const FOREIGN = /[<>:"|?*\p{Cc}]/u;

/** What of the system matters for names; tests have another one. */
export interface System {
  readonly path: typeof path.posix;
  /** Where relative paths start. */
  readonly folder: string;
}

/**
 * The place for a folder as it was typed: a name, a path, or `.` for this folder.
 * @param dependencies - packages that the project needs: npm installs none into a project of the same name.
 * @throws ERR_CREATE_NAME.
 */
export function readPlace(typed: string, system: System, dependencies: readonly string[] = []): Place {
  const bad = (why: string): CreateError =>
    new CreateError('ERR_CREATE_NAME', `${JSON.stringify(typed)} is no name for a project: ${why}`);
  if (typed.trim() === '') throw bad('it is empty');
  if (system.path.sep === '/' && typed.includes('\\'))
    throw bad('on this system the parts of a path are separated by /');
  const folder = system.path.resolve(system.folder, typed);
  const base = system.path.basename(folder);
  if (base === '') throw bad('it is the top of the disk');
  const sign = FOREIGN.exec(base)?.[0];
  if (sign !== undefined) throw bad(`${JSON.stringify(sign)} cannot be in it on every system`);
  if (/[. ]$/.test(base)) throw bad('Windows takes no name that ends with a dot or a blank');
  if (DEVICES.test(base)) throw bad('Windows keeps it for a device');
  const name = packageName(base);
  if (name === '') throw bad('it needs a letter or a digit');
  if (name.length > 214) throw bad('it is longer than 214 letters');
  if (TAKEN.has(name)) throw bad('npm keeps it for itself');
  if (dependencies.includes(name)) throw bad('the project needs a package of that name');
  return { folder, name };
}

/** The nearest name that npm takes for a package: `My Game!` gives `my-game`. */
function packageName(base: string): string {
  return base
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z\d._-]+/g, '-')
    .replace(/^[-._]+|-+$/g, '');
}
