import type { AwaitOptions, Skynet } from '@skynet/core';
import { kernelOf, type ServiceKernel, type Suspension } from '@skynet/core/kernel';
import { Redis } from 'ioredis';
import { libraryOptions } from './connect.ts';
import { isReply, redisError, replyError } from './errors.ts';
import { addressOf, readWatchOptions, type WatchOptions } from './options.ts';

/** A message: its data, the channel it was published in, and the pattern it was found by, if it was one. */
export type RedisMessage<Data = string> = readonly [data: Data, channel: string, pattern?: string];

/** A connection for messages (`redis.watch`). */
export interface RedisWatch<Data = string> {
  /** Subscribes to channels; resolves when the server has confirmed it. @throws ERR_REDIS_REPLY, ERR_REDIS_CONNECT, ERR_REDIS_CLOSED. */
  subscribe(...channels: string[]): Promise<void>;
  /** Subscribes to channels by patterns: `news.*`. @throws as {@link subscribe}. */
  psubscribe(...patterns: string[]): Promise<void>;
  /** Ends subscriptions; all if none is named. @throws as {@link subscribe}. */
  unsubscribe(...channels: string[]): Promise<void>;
  /** Ends subscriptions by patterns; all if none is named. @throws as {@link subscribe}. */
  punsubscribe(...patterns: string[]): Promise<void>;
  /** The next message. @throws ERR_REDIS_CLOSED, ERR_TIMEOUT, ERR_ABORTED. */
  message(limits?: AwaitOptions): Promise<RedisMessage<Data>>;
  /** Messages until the connection is closed: `for await (const [data, channel] of watch)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<RedisMessage<Data>>;
  /** Closes the connection. */
  disconnect(): void;
}

/** Longest pause between two tries to connect again, in milliseconds. */
const LONGEST_PAUSE = 2000;

/**
 * Connects for messages (`redis.watch`). When the connection is lost it is made again, and the subscriptions with it;
 * messages of the meantime are lost, as Redis keeps none. It is closed when the service ends.
 * @throws ERR_REDIS_CONNECT, ERR_ARGUMENT.
 */
export function watch(
  skynet: Skynet,
  options: WatchOptions & { readonly replies: 'bytes' },
): Promise<RedisWatch<Buffer>>;
export function watch(skynet: Skynet, options?: WatchOptions): Promise<RedisWatch>;
export async function watch(skynet: Skynet, options: WatchOptions = {}): Promise<RedisWatch<unknown>> {
  const settings = readWatchOptions(options);
  let isConnected = false;
  const redis = new Redis(
    libraryOptions(settings, (times) => (isConnected ? Math.min(times * 50, LONGEST_PAUSE) : null)),
  );
  const watching = new Watch(
    skynet,
    redis,
    settings.maxMessages,
    settings.replies === 'bytes',
    addressOf(settings),
  );
  await watching.connect();
  isConnected = true;
  return watching;
}

class Watch implements RedisWatch<unknown> {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #redis: Redis;
  readonly #limit: number;
  readonly #address: string;
  readonly #disown: () => void;
  readonly #messages: RedisMessage<unknown>[] = [];
  readonly #readers: Suspension<RedisMessage<unknown>>[] = [];
  readonly #channels = new Set<string>();
  readonly #patterns = new Set<string>();
  #lastError: Error | undefined;
  #isClosed = false;
  #isPaused = false;

  constructor(skynet: Skynet, redis: Redis, limit: number, asBytes: boolean, address: string) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#redis = redis;
    this.#limit = limit;
    this.#address = address;
    const shown = (data: Buffer): unknown => (asBytes ? data : data.toString());
    redis.on('error', (error: Error) => {
      this.#lastError = error;
    });
    redis.on('messageBuffer', (channel: Buffer, data: Buffer) =>
      this.#take([shown(data), channel.toString()]),
    );
    redis.on('pmessageBuffer', (pattern: string, channel: Buffer, data: Buffer) =>
      this.#take([shown(data), channel.toString(), String(pattern)]),
    );
    this.#disown = this.#kernel.own(() => this.#close());
  }

  async connect(): Promise<void> {
    try {
      await this.#skynet.await(this.#redis.connect());
    } catch (error) {
      this.disconnect();
      const cause = this.#lastError ?? (error as Error);
      throw redisError('ERR_REDIS_CONNECT', `cannot connect to Redis at ${this.#address}: ${cause.message}`, {
        cause,
      });
    }
  }

  async subscribe(...channels: string[]): Promise<void> {
    await this.#ask(channels, () => this.#redis.subscribe(...channels));
    for (const channel of channels) this.#channels.add(channel);
  }

  async psubscribe(...patterns: string[]): Promise<void> {
    await this.#ask(patterns, () => this.#redis.psubscribe(...patterns));
    for (const pattern of patterns) this.#patterns.add(pattern);
  }

  unsubscribe(...channels: string[]): Promise<void> {
    return this.#end(this.#channels, channels, (names) => this.#redis.unsubscribe(...names));
  }

  punsubscribe(...patterns: string[]): Promise<void> {
    return this.#end(this.#patterns, patterns, (names) => this.#redis.punsubscribe(...names));
  }

  async message(limits?: AwaitOptions): Promise<RedisMessage<unknown>> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      if (this.#isPaused && this.#messages.length < this.#limit / 2) this.#pause(false);
      return message;
    }
    this.#mustBeOpen();
    const reader = this.#kernel.suspend<RedisMessage<unknown>>();
    this.#readers.push(reader);
    if (limits === undefined) return reader.promise;
    try {
      return await this.#skynet.await(reader.promise, limits);
    } catch (error) {
      const at = this.#readers.indexOf(reader);
      if (at !== -1) this.#readers.splice(at, 1);
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<RedisMessage<unknown>> {
    while (!this.#isClosed || this.#messages.length > 0) yield await this.message();
  }

  disconnect(): void {
    this.#disown();
    this.#close();
  }

  /** Without names the library would wait until there is no subscription of any kind. */
  async #end(
    subscribed: Set<string>,
    given: readonly string[],
    start: (names: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    const names = given.length === 0 ? [...subscribed] : given;
    await this.#ask(names, () => (names.length === 0 ? Promise.resolve() : start(names)));
    for (const name of names) subscribed.delete(name);
  }

  async #ask(names: readonly unknown[], start: () => Promise<unknown>): Promise<void> {
    this.#mustBeOpen();
    if (!names.every((name) => typeof name === 'string'))
      throw redisError('ERR_REDIS_ARGUMENT', 'channels and patterns must be text');
    try {
      await this.#skynet.await(start());
    } catch (error) {
      if (isReply(error)) throw replyError(error.message);
      if (this.#isClosed) this.#mustBeOpen();
      throw redisError('ERR_REDIS_LOST', `the connection to ${this.#address} was lost`, { cause: error });
    }
  }

  #take(message: RedisMessage<unknown>): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve(message);
      return;
    }
    this.#messages.push(message);
    if (this.#messages.length >= this.#limit && !this.#isPaused) this.#pause(true);
  }

  /** Not read from, the server keeps what it has, as long as its limit for that allows. */
  #pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    const { stream } = this.#redis as unknown as { stream?: { pause(): void; resume(): void } };
    if (isPaused) stream?.pause();
    else stream?.resume();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw redisError('ERR_REDIS_CLOSED', `the connection to ${this.#address} was closed`);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#redis.disconnect();
    for (const reader of this.#readers.splice(0))
      reader.reject(redisError('ERR_REDIS_CLOSED', `the connection to ${this.#address} was closed`));
  }
}
