import type { SkynetError } from '@skynet/core';
import { ReadBuffer } from '@skynet/core/channel';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import { httpError } from './errors.ts';

/** What a body asks of the connection it comes by. */
export interface BodySource {
  /** Somebody wants it. */
  wanted(): void;
  /** Too much lies unread, or room is there again. */
  hold(on: boolean): void;
  /** What a body that cannot be read as what it should be is to be called. */
  malformed(why: string): SkynetError;
}

/** Unread bytes above which the connection is not read from. */
const HIGH = 65_536;
/** Up to this many bytes whose number is known get one piece of memory. */
const TOGETHER = 262_144;

/**
 * A body that comes in: read whole by {@link bytes}, {@link text}, {@link json}, or piece by piece with `for await`. Once.
 * Whoever waits goes on in the service's turn.
 */
export class IncomingBody implements AsyncIterable<Buffer> {
  readonly #kernel: ServiceKernel;
  readonly #source: BodySource;
  readonly #unread = new ReadBuffer();
  #ended = false;
  #held = false;
  #error: SkynetError | undefined = undefined;
  #waiting: Suspension<void> | undefined = undefined;
  #used: 'no' | 'whole' | 'stream' = 'no';
  /** Fields behind a chunked body, names in lower case and values in turn; empty until it has ended. */
  trailers: readonly string[] = [];

  constructor(kernel: ServiceKernel, source: BodySource) {
    this.#kernel = kernel;
    this.#source = source;
  }

  /** Whether somebody reads it. */
  get used(): boolean {
    return this.#used !== 'no';
  }

  /** Whether everything has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * All of it.
   * @throws ERR_HTTP_BODY_LIMIT, ERR_HTTP_BODY when it breaks off, ERR_HTTP_BODY_USED.
   */
  async bytes(): Promise<Buffer> {
    this.#use('whole');
    while (!this.#ended && this.#error === undefined) await this.#more();
    if (this.#error !== undefined) throw this.#error;
    const bytes = this.#unread.take(this.#unread.size);
    this.#hold(false);
    return bytes;
  }

  /** All of it as UTF-8; what is none becomes U+FFFD. Errors as {@link bytes}. */
  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8');
  }

  /** All of it, read as JSON. @throws ERR_HTTP_MESSAGE (400) when it is none, and as {@link bytes}. */
  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch {
      throw this.#source.malformed('the body is no JSON');
    }
  }

  /** Pieces as they come; what is left when the loop is left early is thrown away. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    this.#use('stream');
    for (;;) {
      for (;;) {
        const piece = this.#unread.takePiece();
        if (this.#unread.size === 0) this.#hold(false);
        if (piece === undefined) break;
        yield piece;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await this.#more();
    }
  }

  #use(how: 'whole' | 'stream'): void {
    if (this.#used !== 'no') throw httpError('ERR_HTTP_BODY_USED', 'the body is read already');
    this.#used = how;
    // What was too much to lie unread is wanted now.
    if (how === 'whole') this.#hold(false);
    if (!this.#ended) this.#source.wanted();
  }

  #hold(on: boolean): void {
    if (this.#held === on) return;
    this.#held = on;
    this.#source.hold(on);
  }

  #more(): Promise<void> {
    this.#waiting = this.#kernel.suspend<void>();
    return this.#waiting.promise;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve();
  }

  // --- for the connection

  /** It will have so many bytes. */
  expect(length: number): void {
    if (length <= TOGETHER) this.#unread.expect(length);
  }

  /** A piece came, whose memory is somebody else's. */
  copy(piece: Uint8Array): void {
    if (this.#error !== undefined) return;
    this.#unread.push(piece);
    if (this.#used === 'stream') this.#wake();
    if (this.#unread.size > HIGH && this.#used !== 'whole') this.#hold(true);
  }

  /** It is complete. */
  end(trailers: readonly string[]): void {
    this.trailers = trailers;
    this.#ended = true;
    this.#wake();
  }

  /** It comes to nothing: who reads gets the error. */
  fail(error: SkynetError): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#error = error;
    this.#unread.clear();
    this.#wake();
  }

  /** Nobody wants what has come and will come. */
  discard(): void {
    this.#unread.clear();
    this.#hold(false);
  }
}
