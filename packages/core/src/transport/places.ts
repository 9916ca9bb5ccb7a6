import type { OptionReader } from '../options.ts';
import type { Listener } from './contract.ts';

/** Options that say where a server listens. */
export interface PlaceOptions {
  /** Address to listen on: a host name or ip. Default `0.0.0.0`. */
  host?: string;
  /** Port to listen on; 0 takes any that is free. */
  port?: number;
  /** Instead of host and port: an address of any transport, such as `unix:///run/game` or `tls://0.0.0.0:8443`. */
  url?: string;
  /** Instead of these: several such addresses. The server listens on all of them, or on none. */
  listen?: readonly string[];
}

/** One address that a server listens on. */
export interface Place {
  /** Where: an address of a transport. */
  readonly url: string;
  /** Whether peers have addresses of their own. On unix sockets and in `memory://` all are of one. */
  readonly hasAddresses: boolean;
  /** Whether a connection is handed out the moment it is accepted, so that the server counts all there are. */
  readonly atOnce: boolean;
}

const WITHOUT_ADDRESSES = /^(unix|memory):/i;
const AT_ONCE = /^(tcp|unix|memory):/i;

/** Where options say that a server is to listen; `host` is what they say of that. At least one place. */
export function readPlaces(
  options: OptionReader<PlaceOptions>,
  host: string | undefined = options.text('host', undefined, 'a host name or ip'),
): readonly Place[] {
  const url = options.text('url', undefined, 'an address such as tcp://0.0.0.0:8888');
  const port = options.whole('port', 0, 0xffff, undefined);
  const urls = options.texts('listen', 'a list of addresses such as tcp://0.0.0.0:8888');
  if (urls !== undefined) {
    if (url !== undefined || host !== undefined || port !== undefined)
      options.wrong('listen', 'left out, or given without url, host and port');
    return urls.map(placeAt);
  }
  if (url !== undefined) return [placeAt(url)];
  if (port === undefined) options.wrong('port', 'given (0 takes any that is free)');
  const where = host ?? '0.0.0.0';
  return [placeAt(`tcp://${where.includes(':') ? `[${where}]` : where}:${port}`)];
}

function placeAt(url: string): Place {
  return { url, hasAddresses: !WITHOUT_ADDRESSES.test(url), atOnce: AT_ONCE.test(url) };
}

/**
 * Listens on all places, one after the other; on none, when one of them cannot be had.
 * @throws what `listen` throws.
 */
export async function listenOnAll(
  places: readonly Place[],
  listen: (place: Place) => Promise<Listener>,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const place of places) listeners.push(await listen(place));
    return listeners;
  } catch (error) {
    for (const listener of listeners) void listener.close().catch(() => {});
    throw error;
  }
}
