/** `ip:port` of one end, or the path of a unix socket; one piece of memory, since each connection keeps it. */
export function endpoint(host: string | undefined, port: number | undefined, path: string): string {
  if (host === undefined || port === undefined) return path;
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  const name = plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
  // V8 keeps the parts of a text that was put together, and the order to do so, until somebody looks into it.
  name.charCodeAt(0);
  return name;
}
