// node scripts/debian-packages.mjs [PROGRAM…]: installs the Debian packages that bring these programs, if they are
// missing; without a name those that tests compare with. Does nothing when all are there. Vitest runs it before the
// tests. It needs apt-get, and root (in CI it asks sudo); where it cannot install, the tests say so and are left out.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { locked } from './lock.mjs';

/** Programs that tests compare with or talk to, and the packages that bring them. */
const TESTED_WITH = {
  protoc: 'protobuf-compiler',
  script: 'bsdutils',
  mariadbd: 'mariadb-server',
  mysqladmin: 'mariadb-client',
  'redis-server': 'redis-server',
  mosquitto: 'mosquitto',
  mcs: 'mono-mcs',
  mono: 'mono-runtime',
  dnsmasq: 'dnsmasq-base',
  nginx: 'nginx',
  haproxy: 'haproxy',
  openssl: 'openssl',
  'nats-server': 'nats-server',
  ip: 'iproute2',
};
/** Others that can be asked for by name. */
const OTHERS = { chromium: 'chromium' };

const lock = path.join(os.tmpdir(), 'skynet-debian-packages.lock');
/** Milliseconds that one run of apt-get may take. */
const LIMIT = 300_000;

/** Folders in which programs are looked for; servers stand in `sbin`, which users' paths leave out. */
const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];

function isThere(program) {
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const isRoot = process.getuid?.() === 0;

/** Runs apt-get as root; the reason if that did not work. */
function apt(args) {
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::http::Timeout=20'];
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
  const [program = '', ...rest] = isRoot ? command : ['sudo', '-n', ...command];
  const result = spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT });
  if (result.status === 0) return undefined;
  const said = String(result.stderr ?? '')
    .trim()
    .split('\n')
    .at(-1);
  return `apt-get ${args[0]}: ${result.error?.message ?? said}`;
}

/** Installs what is missing of these programs. Returns why that was not possible; undefined when all are there. */
export function installPrograms(programs = Object.keys(TESTED_WITH)) {
  const packages = { ...TESTED_WITH, ...OTHERS };
  const missing = () => programs.filter((program) => !isThere(program));
  if (missing().length === 0) return undefined;
  if (!isThere('apt-get')) return 'there is no apt-get';
  if (!isRoot && !process.env.CI) return `only root can install ${missing().join(' ')}`;
  // One installation at a time, also of several test runs.
  return locked(lock, () => {
    if (missing().length === 0) return undefined;
    const wanted = missing().map((program) => packages[program] ?? program);
    console.error(`skynet: installing ${wanted.join(' ')} …`);
    // Lists that are there are mostly good enough, and updating them takes longest.
    const install = ['install', '-y', '--no-install-recommends', ...wanted];
    return apt(install) === undefined ? undefined : (apt(['update']) ?? apt(install));
  });
}

/** What Vitest runs before the tests. */
export function setup() {
  const why = installPrograms();
  if (why !== undefined) console.error(`skynet: could not install what some tests compare with: ${why}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const why = installPrograms(asked.length > 0 ? asked : undefined);
  if (why !== undefined) {
    console.error(`skynet: could not install: ${why}`);
    process.exit(1);
  }
}
