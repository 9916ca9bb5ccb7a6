import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Happenings } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import type { MeshLinkOptions } from '../../src/link.ts';
import type { NatsOptions } from '../../src/nats.ts';

const COMMAND = fileURLToPath(new URL('../../../core/dist/bin/skynet.js', import.meta.url));
const FOLDER = fileURLToPath(new URL('../fixtures/mesh', import.meta.url));

/** A node of a mesh in a process of its own, started as a user does. It ends with the test. */
export class PeerProcess {
  readonly child: ChildProcess;
  readonly lines: Happenings<string> = new Happenings('lines of a process', {
    patience: '30s',
  });
  readonly #ended: Promise<unknown>;

  constructor(
    options: MeshLinkOptions | NatsOptions,
    {
      calls = '',
      threads = 1,
      config = 'skynet.config.mjs',
      nodeOptions = '',
    }: { calls?: string; threads?: number; config?: string; nodeOptions?: string } = {},
  ) {
    this.child = spawn(process.execPath, [COMMAND, path.join(FOLDER, config)], {
      cwd: FOLDER,
      env: {
        ...process.env,
        ...(nodeOptions === '' ? {} : { NODE_OPTIONS: nodeOptions }),
        MESH: JSON.stringify(options),
        MESH_CALLS: calls,
        MESH_THREADS: String(threads),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      let rest = '';
      stream?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.lines.add(line);
      });
    }
    onTestFinished(() => this.end());
  }

  /** Where it listens, once it is in the mesh. */
  async address(): Promise<string> {
    const line = await this.lines.find((text) => text.includes('here at '), 'its address');
    return line.replace(/^.*here at /, '');
  }

  /** Its exit code, once it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}
