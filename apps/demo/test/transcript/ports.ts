import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A free port of this machine for each port of the book, for the option `ports` of a run. */
export async function freePorts(...book: number[]): Promise<Record<number, number>> {
  const servers = book.map(() => createServer().listen(0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const free = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return Object.fromEntries(book.map((port, i) => [port, free[i] as number]));
}
