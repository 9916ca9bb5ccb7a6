import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { isLocalName, type NameTable } from '../route/name-table.ts';

/** What giving a name needs of the thread. */
export interface NamingHost {
  readonly names: NameTable;
  readonly router: { isOwn(handle: Handle): boolean; isAlive(handle: Handle): boolean };
  /** Gives an alias. Returns whether it was free. */
  giveName(name: string, handle: Handle): boolean;
}

/** Gives a service an alias; a local one that somebody has stays with its owner. @throws ERR_NAME_TAKEN. */
export function giveName(host: NamingHost, name: string, handle: Handle): void {
  if (host.giveName(name, handle)) return;
  const owner = host.names.get(name);
  // New code of a service, or the service in another thread, does so once more.
  if (owner === handle) return;
  if (owner !== undefined && host.router.isOwn(owner) && !host.router.isAlive(owner)) {
    // A service that is gone needs no name; in the original it keeps it for ever.
    host.names.remove(name);
    if (host.giveName(name, handle)) return;
  }
  if (owner !== undefined && !isLocalName(name)) {
    throw new SkynetError(
      'ERR_NAME_TAKEN',
      `global name ${name} belongs to ${formatHandle(owner)}; unregister it first`,
      { details: { name, owner: formatHandle(owner) } },
    );
  }
}
