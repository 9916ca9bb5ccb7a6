import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Happenings } from '@skynet/core/testing';
import type { Host } from '../../../../test/hosts.ts';

const COMMAND = fileURLToPath(new URL('../../../core/dist/bin/skynet.js', import.meta.url));
const FOLDER = fileURLToPath(new URL('../fixtures/hosts', import.meta.url));

/** A node on a host, driven by what is typed to it. */
export class HostNode {
  readonly lines: Happenings<string> = new Happenings('lines of a node', { patience: '90s' });
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #number = 0;

  constructor(host: Host, network: 'harbor' | 'link' | 'nats', options: object) {
    const [file = '', ...args] = [...host.prefix, process.execPath, COMMAND, 'skynet.config.mjs'];
    this.#child = spawn(file, args, {
      cwd: FOLDER,
      env: { ...process.env, NETWORK: network, OPTIONS: JSON.stringify(options) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = '';
      stream?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.lines.add(line);
      });
    }
  }

  /** Resolves when it is in its network. */
  async ready(): Promise<void> {
    await this.lines.find((line) => line.endsWith('ready'), 'that the node is ready');
  }

  /** Waits for a line of its log. */
  async logged(pattern: RegExp): Promise<void> {
    await this.lines.find((line) => pattern.test(line), String(pattern));
  }

  /** Has its driver do something: what came of it, or the code of an error. */
  async does(what: 'call' | 'query' | 'claim' | 'connect', ...values: unknown[]): Promise<unknown> {
    const number = ++this.#number;
    this.#child.stdin?.write(`${JSON.stringify([number, what, ...values])}\n`);
    const mark = `result ${number} `;
    const line = await this.lines.find((text) => text.includes(mark), `the result of ${what} ${values}`);
    const { answered, failed } = JSON.parse(line.slice(line.indexOf(mark) + mark.length)) as {
      answered?: unknown;
      failed?: string;
    };
    return failed ?? answered;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
