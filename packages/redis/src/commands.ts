import type { AwaitOptions } from '@skynet/core';
import type { RedisCommander } from 'ioredis';
import { redisError } from './errors.ts';
import type { Argument, Session } from './session.ts';

/** Commands that answer otherwise here than in the library, or that it gives a meaning of its own. */
type Different =
  | 'exists'
  | 'sismember'
  | 'hgetall'
  | 'multi'
  | 'exec'
  | 'pipeline'
  | 'subscribe'
  | 'psubscribe'
  | 'ssubscribe'
  | 'unsubscribe'
  | 'punsubscribe'
  | 'sunsubscribe'
  | 'monitor'
  | 'quit';

type Of<Key> = Key extends `${string}Buffer` ? never : Key extends Different ? never : Key;

/** Any command that the server knows, as a method. */
export type RedisCommands = { readonly [Key in keyof RedisCommander as Of<Key>]: RedisCommander[Key] } & {
  /** Whether there is one of these keys. */
  exists(...keys: Argument[]): Promise<boolean>;
  /** Whether a set has this member. */
  sismember(key: Argument, member: Argument): Promise<boolean>;
  /** Fields and values of a hash, in one list after another, as the server sends them. */
  hgetall(key: Argument): Promise<string[]>;
  multi(): Promise<'OK'>;
  /** What the commands since `multi` gave; null if a watched key has changed. @throws ERR_REDIS_REPLY with `details.results`. */
  exec(): Promise<unknown[] | null>;
};

/** A command for a pipeline: its name, and its arguments. */
export type PipelineCommand = readonly [name: string, ...args: Argument[]];

/** What one command of a pipeline gave; `out` is absent for nil, and the error's text when it is not `ok`. */
export interface PipelineResult {
  /** False where the server has refused it. */
  readonly ok: boolean;
  readonly out?: unknown;
}

/** What a connection can do besides commands. */
export interface RedisMethods {
  /** Any command by its name, also one that the types do not know. */
  command(name: string, ...args: Argument[]): Promise<unknown>;
  /**
   * Sends commands at once. With a list as second argument each result is put there, and the list is the answer; without,
   * the answer is the last command's, or its error (`db:pipeline`).
   * @throws ERR_ARGUMENT for no command.
   */
  pipeline(commands: readonly PipelineCommand[], out: PipelineResult[]): Promise<PipelineResult[]>;
  pipeline(commands: readonly PipelineCommand[]): Promise<unknown>;
  /** The same connection, whose commands have a deadline or can be given up. */
  with(limits: AwaitOptions): RedisDb;
  /** Closes the connection. The object cannot be used afterwards. */
  disconnect(): void;
}

/** A connection to Redis: commands are methods, in lower case (`skynet.db.redis`). */
export type RedisDb = RedisCommands & RedisMethods;

/** Gives a session its methods. `check` refuses what cannot be sent through it. */
export function withCommands(
  session: Session,
  check: (name: string, args: readonly unknown[]) => void,
  limits?: AwaitOptions,
): RedisDb {
  const own: RedisMethods = {
    command: async (name, ...args) => {
      const upper = String(name).toUpperCase();
      check(upper, args);
      return session.run(upper, args, limits);
    },
    pipeline: (async (commands: readonly PipelineCommand[], out?: PipelineResult[]) => {
      mustBePipeline(commands);
      for (const [name, ...args] of commands) check(name.toUpperCase(), args);
      const results = await session.runAll(commands, limits);
      if (out === undefined) {
        const last = results.at(-1) as PromiseSettledResult<unknown>;
        if (last.status === 'rejected') throw last.reason;
        return last.value;
      }
      out.push(...results.map(pipelineResult));
      return out;
    }) as RedisMethods['pipeline'],
    with: (given) => withCommands(session, check, { ...limits, ...given }),
    disconnect: () => session.close(),
  };
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  return new Proxy(own, {
    get: (target, key) => {
      if (typeof key === 'symbol' || key in target) return Reflect.get(target, key, target);
      // An object with a method of this name would be taken for a promise.
      if (key === 'then') return undefined;
      let method = methods.get(key);
      if (method === undefined) {
        const name = key.toUpperCase();
        method = async (...args) => {
          check(name, args);
          return session.run(name, args, limits);
        };
        methods.set(key, method);
      }
      return method;
    },
  }) as RedisDb;
}

function pipelineResult(result: PromiseSettledResult<unknown>): PipelineResult {
  if (result.status === 'rejected') return { ok: false, out: (result.reason as Error).message };
  const { value } = result;
  return value === null || value === undefined ? { ok: true } : { ok: true, out: value };
}

function mustBePipeline(commands: readonly PipelineCommand[]): void {
  if (!Array.isArray(commands)) throw redisError('ERR_ARGUMENT', 'a pipeline is a list of commands');
  if (commands.length === 0) throw redisError('ERR_ARGUMENT', 'pipeline is null: it has no commands');
  for (const command of commands as readonly unknown[])
    if (!Array.isArray(command) || typeof command[0] !== 'string')
      throw redisError('ERR_ARGUMENT', 'a command of a pipeline must be a list that begins with its name');
}
