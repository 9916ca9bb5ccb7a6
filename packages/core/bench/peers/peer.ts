import { createRequire } from 'node:module';
import path from 'node:path';

// Other libraries, measured in turns with ours: `npm run bench -- --peers`. They stand outside the workspace, in the versions of
// tools/peers/package.json; SKYNET_PEERS says where.

/** Folder of the installed peers. */
export function peersFolder(): string {
  const folder = process.env['SKYNET_PEERS'];
  if (folder === undefined) throw new Error('SKYNET_PEERS does not say where the peers are');
  return folder;
}

/** Loads a peer; `Library` is what is used of it. */
export function loadPeer<Library>(name: string): Library {
  return createRequire(path.join(peersFolder(), 'package.json'))(name) as Library;
}
