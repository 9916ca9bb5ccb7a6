import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Ports the system gives to whoever does not ask for one begin here. */
const GIVEN_FROM = firstGiven();
const FIRST = 12_000;
const taken = new Set<number>();

function firstGiven(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t')[0]);
  } catch {
    return 32_768;
  }
}

/**
 * Ports that nobody listens on, for what must know its port before it listens. They lie below those that the system
 * gives to clients and to servers without a wish, which are many while tests run: such a port would soon be somebody's.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const port = FIRST + Math.floor(Math.random() * (GIVEN_FROM - FIRST));
    if (taken.has(port)) continue;
    const server = createServer().listen(port);
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    if (!isFree) continue;
    taken.add(port);
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** One port of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}
