import { httpError } from '../errors.ts';

/** Where a request goes. */
export interface Host {
  /** `http` or `https`. */
  readonly protocol: string;
  /** Name or address, v6 without brackets. */
  readonly name: string;
  readonly port: number;
  /** For the field of that name: as it was given. */
  readonly field: string;
}

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };
const BAD = /[^\x21-\x7e]|[/?#@\\]/;

/**
 * Takes `name`, `name:port`, `ip:port` or `[v6]:port` apart, with `http://` or `https://` in front or without.
 * @throws ERR_HTTP_URL.
 */
export function parseHost(text: string): Host {
  if (typeof text !== 'string') throw httpError('ERR_HTTP_URL', `a host is text, not ${typeof text}`);
  const [, given, rest = text] = /^([A-Za-z]+):\/\/(.*)$/.exec(text) ?? [];
  const protocol = (given ?? 'http').toLowerCase();
  const standard = Object.hasOwn(PORTS, protocol) ? PORTS[protocol] : undefined;
  if (standard === undefined) throw httpError('ERR_HTTP_URL', `Invalid protocol: ${protocol.slice(0, 32)}`);
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(rest);
  const port = match?.[3] === undefined ? standard : Number(match[3]);
  if (match === null || BAD.test(rest) || port > 65_535 || port === 0)
    throw httpError('ERR_HTTP_URL', 'not a host: name, name:port or [v6]:port is expected');
  return { protocol, name: (match[1] ?? match[2]) as string, port, field: rest };
}

/** The address to connect to. */
export function addressOf({ protocol, name, port }: Host, address: string = name): string {
  const scheme = protocol === 'https' || protocol === 'wss' ? 'tls' : 'tcp';
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
