import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Ports the system gives to whoever does not ask for one begin here. */
const GIVEN_FROM = firstGiven();
const FIRST = 12_000;
const claims = new Map<number, Server>();

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
 * Until this process ends no other test is given them, so that a server may leave its port and come back to it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = anyPort();
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** One port of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** The first of so many ports of {@link freePorts} that follow each other. */
export async function freeRow(count: number): Promise<number> {
  for (;;) {
    const first = anyPort(count);
    let found = 0;
    while (found < count && (await isFree(first + found))) found++;
    if (found === count) return first;
  }
}

function anyPort(row = 1): number {
  return FIRST + Math.floor(Math.random() * (GIVEN_FROM - FIRST - row));
}

async function isFree(port: number): Promise<boolean> {
  if (!(await isClaimed(port))) return false;
  const server = createServer().listen(port);
  if ((await failure(server)) !== undefined) return false;
  await once(server.close(), 'close');
  return true;
}

/**
 * Whether a port is this process's among all tests on this machine. The claim is a socket with a name of Linux's own
 * namespace, which is gone with the process. Where there is none, each process goes by what it has claimed itself.
 */
async function isClaimed(port: number): Promise<boolean> {
  if (claims.has(port)) return false;
  const claim = createServer()
    .listen({ path: `\0skynet-test-port-${port}` })
    .unref();
  const error = await failure(claim);
  if (error === 'EADDRINUSE') return false;
  claims.set(port, claim);
  return true;
}

/** Why a server does not listen: a code, or undefined where it does. */
function failure(server: Server): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('listening', () => resolve(undefined));
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
