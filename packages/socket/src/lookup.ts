import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { printable } from '@skynet/core';
import { reasonOf } from '@skynet/core/transport';
import { socketError } from './errors.ts';

/**
 * The addresses of a host name, by the system's resolver; a numeric address is its own.
 * @throws ERR_SOCKET_LOOKUP.
 */
export async function lookup(host: string, family: 4 | 6 | undefined): Promise<string[]> {
  if (typeof host !== 'string' || host === '') {
    const shown = printable(host);
    throw socketError('ERR_ADDRESS_INVALID', `Invalid address ${shown}.`, { details: { host: shown } });
  }
  const version = isIP(host);
  if (version !== 0 && (family === undefined || family === version)) return [host];
  try {
    const found = await systemLookup(host, { all: true, family: family ?? 0 });
    return found.map(({ address }) => address);
  } catch (cause) {
    throw socketError(
      'ERR_SOCKET_LOOKUP',
      `${printable(host)}: ${reasonOf(cause as NodeJS.ErrnoException)}`,
      {
        cause,
        details: { host },
      },
    );
  }
}
