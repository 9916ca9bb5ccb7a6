import { isIP, SocketAddress } from 'node:net';

/** An ip as it is written everywhere here: version 6 in its short form, version 4 as such. Undefined if it is none. */
export function canonicalIp(text: string): string | undefined {
  const version = isIP(text);
  if (version === 4) return text;
  // With a zone it would mean something on the machine of whoever wrote it only.
  if (version === 0 || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/.test(address) ? address.slice(7) : address;
}

/** The ip in `ip:port`; undefined for the path of a unix socket. */
export function ipOf(address: string): string | undefined {
  const [, v6, v4] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(address) ?? [];
  const ip = v6?.replace(/%.*$/s, '') ?? v4;
  return ip !== undefined && isIP(ip) !== 0 ? ip : undefined;
}
