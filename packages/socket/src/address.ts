import { isIP, isIPv6 } from 'node:net';
import { printable, type SkynetError } from '@skynet/core';
import { socketError } from './errors.ts';

/** Host and port taken apart. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const URL_FORM = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * What a transport is given for an address as the book writes it: a URL stays as it is, `host:port`, `[v6]:port` and
 * host with port become `tcp://host:port`.
 * @throws ERR_ADDRESS_INVALID with the original's texts `Invalid address x.`, `Invalid port in address x.`, `Invalid port`.
 */
export function transportUrl(
  address: string,
  port: number | string | undefined,
  use: 'open' | 'listen',
): string {
  if (typeof address === 'string' && URL_FORM.test(address) && port === undefined) return address;
  const { host, port: number } = hostPort(address, port, use);
  return `tcp://${joinHostPort(host, number)}`;
}

/** As {@link transportUrl}, for what has no URLs: UDP. */
export function hostPort(
  address: string,
  port: number | string | undefined,
  use: 'open' | 'listen',
): HostPort {
  if (typeof address !== 'string' || address === '') throw invalidAddress(address);
  if (port !== undefined)
    return { host: withoutBrackets(address), port: portNumber(port, use, 'Invalid port', address) };
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(0, colon));
  // A bare IPv6 address has colons too, but no port that could be told from it.
  if (host === '' || (host.includes(':') && !/^\[.*\]$/.test(host))) throw invalidAddress(address);
  return {
    host: withoutBrackets(host),
    port: portNumber(
      address.slice(colon + 1),
      use,
      `Invalid port in address ${printable(address)}.`,
      address,
    ),
  };
}

/** `host:port`, with brackets around an IPv6 host. */
export function joinHostPort(host: string, port: number): string {
  return isIPv6(host) || host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether the text is a numeric IPv6 address. */
export function isV6(host: string): boolean {
  return isIP(host) === 6;
}

function withoutBrackets(host: string): string {
  if (!host.startsWith('[')) return host;
  const inner = host.slice(1, -1);
  if (!host.endsWith(']') || !isIPv6(inner.replace(/%.*$/s, ''))) throw invalidAddress(host);
  return inner;
}

function portNumber(port: number | string, use: 'open' | 'listen', text: string, address: string): number {
  const number = typeof port === 'string' && /^\d{1,5}$/.test(port) ? Number(port) : port;
  if (
    typeof number !== 'number' ||
    !Number.isInteger(number) ||
    number > 65_535 ||
    number < (use === 'listen' ? 0 : 1)
  ) {
    throw socketError('ERR_ADDRESS_INVALID', text, { details: { address, port: printable(port) } });
  }
  return number;
}

export function invalidAddress(address: unknown): SkynetError {
  const shown = printable(address);
  return socketError('ERR_ADDRESS_INVALID', `Invalid address ${shown}.`, { details: { address: shown } });
}
