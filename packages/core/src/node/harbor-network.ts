import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { textOf } from '../codec/error.ts';
import type { HarborKeys } from '../config/keys.ts';
import type { Network } from '../contracts/remote.ts';
import { SkynetError } from '../errors.ts';

const PACKAGE = '@skynet/harbor';

/**
 * The network that the original's keys `harbor`, `address`, `master` and `standalone` mean: that of `@skynet/harbor`, as
 * the application in that folder has it installed.
 * @throws ERR_CONFIG when it is not there.
 */
export async function loadHarborNetwork(keys: HarborKeys, base: string): Promise<Network> {
  let file: string;
  try {
    file = createRequire(path.join(base, 'skynet.config.js')).resolve(PACKAGE);
  } catch (error) {
    throw new SkynetError(
      'ERR_CONFIG',
      `configuration: ${keys.standalone === undefined ? 'master' : 'standalone'} is set, which needs the package ${PACKAGE}: install it, or take the key out for a node on its own`,
      { cause: error, details: { key: 'master' } },
    );
  }
  try {
    const module = (await import(pathToFileURL(file).href)) as { harbor(keys: HarborKeys): Network };
    return module.harbor(keys);
  } catch (error) {
    if (error instanceof SkynetError) throw error;
    throw new SkynetError('ERR_CONFIG', `configuration: ${PACKAGE} cannot be loaded: ${textOf(error)}`, {
      cause: error,
    });
  }
}
