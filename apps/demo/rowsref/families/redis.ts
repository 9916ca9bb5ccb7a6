import { type Skynet, startNode } from '@skynet/core';
import { type Argument, connect, type RedisDb, type RedisWatch, watch } from '@skynet/redis';
import type { Family } from '../family.ts';
import type { Typed } from '../typed.ts';
import { Table, typed, untyped } from '../typed-value.ts';

interface Step {
  readonly op: string;
  readonly cmd?: string;
  readonly args?: readonly Typed[];
  readonly cmds?: readonly (readonly Typed[])[];
  readonly channels?: readonly string[];
}

/** Redis: each row on a connection of its own, to an empty database. */
export const run: Family = async (file, { port = 6379 }) => {
  const node = await startNode({ harbor: 1, watchdog: false }, { onLog: () => {} });
  const results: unknown[] = [];
  for (const row of file.rows)
    results.push(
      await node.run(async (skynet) => {
        const db = await connect(skynet, { port, replies: 'bytes' });
        await db.command('flushall');
        const runner = new Runner(skynet, db, port);
        const done: unknown[] = [];
        for (const step of row['steps'] as readonly Step[]) done.push(await runner.run(step));
        runner.close();
        return done;
      }),
    );
  await node.stop();
  return results;
};

/** Does the steps of a row. */
class Runner {
  readonly #skynet: Skynet;
  readonly #db: RedisDb;
  readonly #port: number;
  #watch: RedisWatch<Buffer> | undefined;
  /** Messages that were published to somebody and not read yet. */
  #expected = 0;

  constructor(skynet: Skynet, db: RedisDb, port: number) {
    this.#skynet = skynet;
    this.#db = db;
    this.#port = port;
  }

  async run(step: Step): Promise<unknown> {
    try {
      return { ok: typed(exact(await this.#do(step))) };
    } catch (error) {
      const { message, details } = error as Error & { details?: { results?: unknown[] } };
      return details?.results === undefined ? { err: message } : { errvalue: typed(details.results) };
    }
  }

  close(): void {
    this.#watch?.disconnect();
    this.#db.disconnect();
  }

  async #do({ op, cmd = '', args = [], cmds = [], channels = [] }: Step): Promise<unknown> {
    switch (op) {
      case 'cmd': {
        const answer = await this.#db.command(cmd, ...args.map(argument));
        if (cmd === 'publish') this.#expected += Number(answer);
        return answer;
      }
      case 'pipeline': {
        const commands = cmds.map(
          ([name, ...rest]) => [String(untyped(name as Typed)), ...rest.map(argument)] as const,
        );
        const results = await this.#db.pipeline(commands, []);
        return results.map(({ ok, out }) => new Table([], [...Object.entries({ ok, out })].map(named)));
      }
      case 'subscribe':
        this.#watch = await watch(this.#skynet, { port: this.#port, replies: 'bytes' });
        await this.#watch.subscribe(...channels);
        return true;
      case 'got':
        return this.#got();
      case 'kill': {
        const other = await connect(this.#skynet, { port: this.#port });
        await other.command('client', 'kill', 'type', 'normal', 'skipme', 'yes');
        other.disconnect();
        await this.#skynet.sleep('200ms');
        return 'killed';
      }
      default:
        throw new Error(`unknown step ${op}`);
    }
  }

  async #got(): Promise<unknown> {
    const messages: Table[] = [];
    for (; this.#expected > 0; this.#expected--) {
      const [data, channel, pattern] = (await this.#watch?.message({ timeout: '2s' })) ?? [];
      messages.push(new Table([], Object.entries({ channel, data, pattern }).map(named)));
    }
    return messages;
  }
}

/** All numbers of Redis are integers of 64 bits. */
function exact(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  return Array.isArray(value) ? value.map(exact) : value;
}

function named([key, value]: readonly [string, unknown]): readonly [unknown, unknown] {
  return [key, value];
}

/** A number is written as the original does: 2.5 as `2.5`. */
function argument(value: Typed): Argument {
  return untyped(value) as Argument;
}
