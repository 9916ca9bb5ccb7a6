/** `ip:port` of one end, or the path of a unix socket. */
export function endpoint(host: string | undefined, port: number | undefined, path: string): string {
  if (host === undefined || port === undefined) return path;
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
