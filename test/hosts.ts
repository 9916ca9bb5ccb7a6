import { spawnSync } from 'node:child_process';
import { testProgram } from './programs.ts';

/** A host of its own on this machine: a network namespace with an address. */
export interface Host {
  readonly address: string;
  /** What comes in front of a command that is to run there. */
  readonly prefix: readonly string[];
  /** Pulls its cable: packets vanish, and nobody is told. */
  cut(): void;
  /** Plugs it in again. */
  heal(): void;
  /** Sets a variable of its system: `net.ipv4.tcp_retries2`. */
  set(variable: string, value: number): void;
}

const { file: ip, missing } = testProgram('ip');
/** Names of namespaces: the process that made them, and a number. */
const NAME = /^skynet-(\d+)-\d+$/;

function run(command: readonly string[]): string {
  const [file = '', ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}

function namespaces(): string[] {
  const lines = run([ip as string, 'netns', 'list']).split('\n');
  return lines.map((line) => line.split(' ')[0] as string).filter((name) => NAME.test(name));
}

/** Namespaces of processes that have ended without removing them. */
function removeOld(): void {
  for (const name of namespaces()) {
    try {
      process.kill(Number(NAME.exec(name)?.[1]), 0);
    } catch {
      // Another process may be quicker.
      spawnSync(ip as string, ['netns', 'delete', name]);
    }
  }
}

let made = 0;

/** Hosts on one switch. The network of this machine does not change. */
export class Hosts {
  readonly all: readonly Host[];
  readonly #names: string[] = [];

  constructor(count: number) {
    try {
      removeOld();
      const hub = this.#namespace();
      this.#ip('-n', hub, 'link', 'add', 'hub', 'type', 'bridge');
      this.#ip('-n', hub, 'link', 'set', 'hub', 'up');
      this.all = Array.from({ length: count }, (_, i) => this.#host(hub, i + 1));
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  #ip(...args: string[]): void {
    run([ip as string, ...args]);
  }

  #namespace(): string {
    const name = `skynet-${process.pid}-${++made}`;
    this.#ip('netns', 'add', name);
    this.#names.push(name);
    this.#ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  }

  #host(hub: string, number: number): Host {
    const name = this.#namespace();
    const port = `port${number}`;
    const address = `10.99.0.${number}`;
    this.#ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    this.#ip('-n', hub, 'link', 'set', port, 'master', 'hub', 'up');
    this.#ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    this.#ip('-n', name, 'link', 'set', 'eth0', 'up');
    const prefix = [ip as string, 'netns', 'exec', name];
    return {
      address,
      prefix,
      cut: () => this.#ip('-n', hub, 'link', 'set', port, 'down'),
      heal: () => this.#ip('-n', hub, 'link', 'set', port, 'up'),
      set: (variable, value) => {
        const file = `/proc/sys/${variable.replaceAll('.', '/')}`;
        run([...prefix, 'sh', '-c', `echo ${value} > ${file}`]);
      },
    };
  }

  /** Removes them. What runs there must have ended. */
  stop(): void {
    for (const name of this.#names.splice(0)) this.#ip('netns', 'delete', name);
  }
}

function whyMissing(): string | undefined {
  if (ip === undefined) return missing;
  try {
    const hosts = new Hosts(1);
    try {
      run([...(hosts.all[0] as Host).prefix, 'true']);
    } finally {
      hosts.stop();
    }
    return undefined;
  } catch (error) {
    const why = `no hosts can be made here: ${(error as Error).message}`;
    console.error(`skynet: tests are left out: ${why}`);
    return why;
  }
}

/** Why there are no hosts: not root, or a machine that permits no namespaces; undefined where there are. */
export const hostsMissing: string | undefined = whyMissing();
