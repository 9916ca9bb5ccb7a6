import { isIP } from 'node:net';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { SkynetError } from '../errors.ts';
import type { OptionReader } from '../options.ts';

/** Settings of node:tls for both sides, as the transports that encrypt take them. */
export interface TlsSettings {
  /**
   * For listening: certificate and key, and whatever else `tls.createServer` takes. `handshakeTimeout` counts from the
   * accept on, in milliseconds; default 10 000, 0 for ever. What a listener asks for itself counts before it.
   */
  server?: TlsOptions;
  /**
   * For connecting: what `tls.connect` takes. The certificate of the server is checked unless told otherwise. The host is
   * named to the server, unless it is an ip; `servername` names another one.
   */
  client?: Omit<ConnectionOptions, 'host' | 'port' | 'path' | 'socket'>;
}

/** For Node's own limit of handshakes, which begins anew with every byte: ours does not. In milliseconds. */
const NEVER = 0x7fff_ffff;
/** Without one of these no client could ever be talked to. */
const IDENTITIES = ['cert', 'pfx', 'SNICallback', 'pskCallback', 'secureContext', 'ciphers'] as const;

/** node:tls and node:crypto are loaded when they are needed: in each thread they take 5 ms of its start, and 2 MB. */
export function nodeTls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}

/** Reads them; what is inside is node:tls's to judge. @throws ERR_ARGUMENT. */
export function readTlsSettings(options: OptionReader<TlsSettings>): Required<TlsSettings> {
  const group = (key: 'server' | 'client'): object => {
    const value = options.value(key) ?? {};
    return typeof value === 'object' && !Array.isArray(value)
      ? value
      : options.wrong(key, 'an object with settings of node:tls');
  };
  const server: TlsOptions = group('server');
  const { handshakeTimeout } = server;
  if (handshakeTimeout !== undefined && !(Number.isInteger(handshakeTimeout) && handshakeTimeout >= 0))
    options.wrong('server', 'with a handshakeTimeout in milliseconds', handshakeTimeout);
  return { server, client: group('client') };
}

function unusable(title: string, key: keyof TlsSettings, text: string, cause?: unknown): SkynetError {
  return new SkynetError('ERR_ARGUMENT', `${title} option ${key} cannot be used: ${text}`, {
    cause,
    details: { key },
  });
}

/**
 * Makes a server that gets its sockets from a port, which also limits the time of handshakes.
 * @param title The transport's name.
 * @throws ERR_ARGUMENT if its settings cannot be used.
 */
export function secureServer<Server>(
  title: string,
  settings: TlsOptions,
  make: (settings: TlsOptions) => Server,
): Server {
  if (!IDENTITIES.some((key) => (settings as Record<string, unknown>)[key] !== undefined))
    throw unusable(title, 'server', 'there is no certificate (cert and key, pfx, or SNICallback)');
  try {
    return make({ ...settings, handshakeTimeout: NEVER });
  } catch (cause) {
    throw unusable(title, 'server', (cause as Error).message, cause);
  }
}

/** Begins to connect. @throws ERR_ARGUMENT if the settings cannot be used. */
export function connectSecurely(
  title: string,
  settings: ConnectionOptions,
  host: string,
  port: number,
  allowHalfOpen: boolean,
): TLSSocket {
  // A name has no dot at its end there, and an ip is no name.
  const servername = isIP(host) === 0 ? host.replace(/\.$/, '') : '';
  const named: ConnectionOptions = servername === '' ? settings : { servername, ...settings };
  try {
    // An option of net that the types of tls lack.
    return nodeTls().connect(Object.assign({ ...named, host, port }, { allowHalfOpen }));
  } catch (cause) {
    throw unusable(title, 'client', (cause as Error).message, cause);
  }
}
