// For clients that run in Node.
import { createTransports, type Transports, tcp, tls } from '@skynet/core/transport';
import { ClientError } from './errors.ts';
import type { Dial } from './stream.ts';

/**
 * Dials a server by tcp, tls or a unix socket: `127.0.0.1:8888`, `tls://game.example:443`, `unix:///run/game`.
 * @throws ERR_CLIENT_ARGUMENT.
 * @param transports Others, for settings or schemes of one's own: `createTransports([ws()])`.
 */
export function dialer(
  address: string,
  transports: Transports = createTransports([tcp({ keepAlive: 60_000 }), tls()]),
): Dial {
  if (typeof address !== 'string' || typeof transports?.connect !== 'function')
    throw new ClientError(
      'ERR_CLIENT_ARGUMENT',
      'a dialer needs the text of an address, and transports if any',
    );
  return (signal) => transports.connect(address, { signal });
}
