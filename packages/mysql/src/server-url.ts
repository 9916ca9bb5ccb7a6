import { SkynetError } from '@skynet/core';

/** What a URL says of a server. */
export interface UrlParts {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

/** Reads `mysql://user:password@host:port/database`. @throws ERR_ARGUMENT, which shows nothing of it: it may have a password. */
export function readServerUrl(text: string): UrlParts {
  try {
    const url = new URL(text);
    const { hostname, port, pathname } = url;
    const parts = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(pathname.slice(1)),
    };
    const isWhole = hostname !== '' && url.search === '' && url.hash === '' && !pathname.includes('/', 1);
    if (url.protocol === 'mysql:' && isWhole)
      return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== '' && value !== 0));
  } catch {
    // Told below.
  }
  const form = 'mysql://user:password@host:port/database';
  throw new SkynetError('ERR_ARGUMENT', `mysql pool option url must be ${form}`, { details: { key: 'url' } });
}
