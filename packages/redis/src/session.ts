import { type AwaitOptions, printable, type Skynet, type SkynetError } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import { Command } from 'ioredis';
import { isReply, redisError, replyError } from './errors.ts';
import type { CommonSettings } from './options.ts';

/** What an argument of a command can be. */
export type Argument = string | number | bigint | boolean | Uint8Array;

/** A client of the library, for one server or for a cluster: what is used of it. */
export interface Library {
  readonly status: string;
  connect(): Promise<void>;
  sendCommand(command: Command): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Commands that answer whether, in place of a number, as the original's methods do. */
const WHETHER = new Set(['EXISTS', 'SISMEMBER']);

/** Commands that tasks of a service send over one client of the library, answered in their order. */
export class Session {
  readonly settings: CommonSettings;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #library: Library;
  readonly #address: string;
  readonly #disown: () => void;
  #waiting = 0;
  #isClosed = false;
  #lastError: Error | undefined;
  /** What connecting has run, once for all who wait for it. */
  #connecting: Promise<void> | undefined;
  #isHeld = false;

  constructor(skynet: Skynet, library: Library, settings: CommonSettings, address: string) {
    this.settings = settings;
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#library = library;
    this.#address = address;
    library.on('error', (error) => {
      this.#lastError = error as Error;
    });
    this.#disown = this.#kernel.own(() => this.#close());
  }

  /** Connects now. @throws ERR_REDIS_CONNECT. */
  async connect(): Promise<void> {
    try {
      await this.#skynet.await(this.#connect());
    } catch (error) {
      this.close();
      throw this.#connectFailure(error);
    }
  }

  /** Sends a command; resolves to its answer in the task's turn. */
  run(name: string, args: readonly unknown[], limits?: AwaitOptions): Promise<unknown> {
    let answer: Promise<unknown>;
    try {
      answer = this.#send(name, args);
    } catch (error) {
      return Promise.reject(error);
    }
    if (limits !== undefined || this.settings.timeout > 0)
      return this.#skynet.await(answer, { timeout: `${this.settings.timeout}ms`, ...limits });
    const { promise, resolve, reject } = this.#kernel.suspend<unknown>();
    answer.then(resolve, reject);
    return promise;
  }

  /** Sends commands at once; resolves to what each was answered with, or failed with. */
  async runAll(
    commands: readonly (readonly [string, ...unknown[]])[],
    limits?: AwaitOptions,
  ): Promise<PromiseSettledResult<unknown>[]> {
    // All of them are looked at before the first is sent.
    const checked = commands.map(([name, ...args]) => [name.toUpperCase(), argumentsOf(args)] as const);
    const answers = Promise.allSettled(checked.map(([name, args]) => this.#send(name, args)));
    const timeout = `${this.settings.timeout}ms` as const;
    return this.#skynet.await(answers, { timeout, ...limits });
  }

  /** Closes the connection. What is awaited fails. */
  close(): void {
    this.#disown();
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#library.disconnect();
  }

  #send(name: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed) throw redisError('ERR_REDIS_CLOSED', `the connection to ${this.#address} was closed`);
    if (this.#waiting >= this.settings.maxWaiting)
      throw redisError('ERR_REDIS_BUSY', `${this.#waiting} requests wait for Redis already`, {
        details: { waiting: this.#waiting },
      });
    const { status } = this.#library;
    const wasReady = status === 'ready';
    const given = argumentsOf(args);
    // What has to wait must not change under the caller's hands; otherwise the library copies it at once.
    const taken = wasReady
      ? given
      : given.map((value) => (typeof value === 'string' ? value : Buffer.from(value)));
    const command = new Command(name, taken as (string | Buffer)[], { replyEncoding: null });
    if (status === 'end' || status === 'wait') this.#connect().catch(() => {});
    this.#hold();
    this.#waiting += 1;
    return this.#library.sendCommand(command).then(
      (answer) => {
        this.#waiting -= 1;
        const value = received(answer, this.settings.replies === 'text');
        if (Array.isArray(value)) throwErrorsIn(value);
        return WHETHER.has(name) && typeof value === 'number' ? value !== 0 : value;
      },
      (error: unknown) => {
        this.#waiting -= 1;
        throw this.#coded(error, wasReady);
      },
    );
  }

  /**
   * Keeps what is sent until this turn of the event loop has sent all it has: one write for all of it. A command that
   * nothing else waits beside goes at once.
   */
  #hold(): void {
    if (this.#isHeld || this.#waiting === 0) return;
    const { stream } = this.#library as { stream?: { cork?(): void; uncork?(): void } | null };
    if (typeof stream?.cork !== 'function') return;
    this.#isHeld = true;
    stream.cork();
    process.nextTick(() => {
      this.#isHeld = false;
      stream.uncork?.();
    });
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#library.connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #coded(error: unknown, wasReady: boolean): SkynetError {
    if (isReply(error)) return replyError(error.message);
    if (this.#isClosed)
      return redisError('ERR_REDIS_CLOSED', `the connection to ${this.#address} was closed`);
    const { name, message } = error as Error;
    if (/^Too many Cluster|CROSSSLOT|same slot/i.test(message))
      return redisError('ERR_REDIS_DISPATCH', message);
    if (!wasReady || name === 'ClusterAllFailedError') return this.#connectFailure(error);
    return redisError(
      'ERR_REDIS_LOST',
      `the connection to ${this.#address} was lost: ${printable(message)}`,
      {
        cause: error,
      },
    );
  }

  #connectFailure(error: unknown): SkynetError {
    const cause = this.#lastError ?? (error as Error);
    const reason = printable(cause.message || cause.name);
    return redisError('ERR_REDIS_CONNECT', `cannot connect to Redis at ${this.#address}: ${reason}`, {
      cause,
    });
  }
}

/** Arguments as the library takes them; one list stands for all. @throws ERR_REDIS_ARGUMENT. */
function argumentsOf(args: readonly unknown[]): readonly (string | Buffer)[] {
  const [list] = args;
  const all: readonly unknown[] = args.length === 1 && Array.isArray(list) ? list : args;
  return all.map((value, index) => {
    switch (typeof value) {
      case 'string':
        return value;
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(value);
      case 'object':
        if (Buffer.isBuffer(value)) return value;
        if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const what = value === null ? 'null' : typeof value === 'object' ? 'an object' : `${typeof value}`;
    throw redisError('ERR_REDIS_ARGUMENT', `argument ${index + 1} of a command cannot be ${what}`, {
      details: { index },
    });
  });
}

/** An answer as tasks get it. The library gives text as bytes, and integers as text, so that none loses digits. */
function received(answer: unknown, asText: boolean): unknown {
  if (typeof answer === 'string') {
    const number = Number(answer);
    return Number.isSafeInteger(number) ? number : BigInt(answer);
  }
  if (Buffer.isBuffer(answer)) return asText ? answer.toString() : answer;
  return Array.isArray(answer) ? answer.map((item) => received(item, asText)) : answer;
}

/** The original throws a list that has an error in it, as EXEC gives it, errors as text. */
function throwErrorsIn(answer: readonly unknown[]): void {
  const first = answer.find((item) => item instanceof Error);
  if (first === undefined) return;
  throw redisError('ERR_REDIS_REPLY', (first as Error).message, {
    details: {
      kind: /^\S*/.exec((first as Error).message)?.[0] ?? '',
      results: answer.map((item) => (item instanceof Error ? item.message : item)),
    },
  });
}
