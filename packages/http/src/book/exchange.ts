import type { SkynetError } from '@skynet/core';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import type { Connection, Receiver } from '@skynet/core/transport';
import { httpError } from '../errors.ts';
import { Headers } from '../headers.ts';
import { type BodySource, IncomingBody } from '../incoming-body.ts';
import {
  type MessageHead,
  type MessageLimits,
  MessageParser,
  type MessageSink,
} from '../parser/message-parser.ts';

/** An answer whose body comes, or has come. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: IncomingBody;
}

/** Answers with 1xx that may come before the answer. */
const MAX_INTERIMS = 32;

/** One request on a connection of its own, and its answer. */
export class Exchange implements Receiver, MessageSink, BodySource {
  readonly #kernel: ServiceKernel;
  readonly #connection: Connection;
  readonly #parser: MessageParser;
  readonly #arrival: Suspension<Answer>;
  #answer: Answer | undefined = undefined;
  #failure: SkynetError | undefined = undefined;
  #interim = false;
  #interims = 0;
  #over = false;
  /** Bytes behind the head of an answer that changes the protocol. */
  rest: Buffer = Buffer.alloc(0);
  /** Whether an answer with 101 is taken. */
  readonly #upgrade: boolean;

  constructor(
    kernel: ServiceKernel,
    connection: Connection,
    limits: MessageLimits,
    { bodyless = false, upgrade = false }: { bodyless?: boolean; upgrade?: boolean } = {},
  ) {
    this.#kernel = kernel;
    this.#connection = connection;
    this.#upgrade = upgrade;
    this.#parser = new MessageParser('response', limits, this);
    this.#parser.bodyless = bodyless;
    this.#arrival = kernel.suspend<Answer>();
    connection.start(this);
  }

  /** The answer, as soon as its head is there. @throws ERR_HTTP_SOCKET, ERR_HTTP_MESSAGE, ERR_HTTP_HEAD_LIMIT. */
  get answer(): Promise<Answer> {
    return this.#arrival.promise;
  }

  /** It is given up: whoever waits gets the error. */
  fail(error: SkynetError): void {
    if (this.#over) return;
    this.#failure = error;
    this.#over = true;
    this.#parser.free();
    if (this.#answer === undefined) this.#arrival.reject(error);
    else this.#answer.body.fail(error);
    this.#connection.destroy();
  }

  /** Ends the connection. */
  close(): void {
    if (!this.#over) this.#parser.free();
    this.#over = true;
    this.#connection.destroy();
  }

  // --- receiver

  data(chunk: Uint8Array): void {
    try {
      for (let at = 0; at < chunk.length && !this.#over; ) {
        at += this.#parser.read(at === 0 ? chunk : chunk.subarray(at));
        if (this.#failure !== undefined) this.#give(this.#failure);
        else if (this.#parser.stopped) {
          this.rest = Buffer.from(chunk.subarray(at));
          this.#upgraded();
          return;
        } else if (this.#interim) {
          this.#interim = false;
          this.#parser.next();
        } else if (this.#parser.complete) this.#complete();
      }
    } catch (error) {
      this.fail(error as SkynetError);
    }
  }

  #give(error: SkynetError): void {
    this.#failure = undefined;
    this.fail(error);
  }

  #upgraded(): void {
    this.#connection.pause();
    this.#over = true;
    this.#parser.free();
    this.#arrival.resolve(this.#answer as Answer);
  }

  #complete(): void {
    this.#over = true;
    this.#parser.free();
    this.#connection.close();
  }

  end(): void {
    if (this.#over) return;
    try {
      this.#parser.finish();
      if (this.#parser.complete && this.#answer !== undefined) this.#complete();
      else this.fail(this.#closedEarly());
    } catch {
      this.fail(this.#closedEarly());
    }
  }

  drained(): void {
    // What is sent is there as a whole.
  }

  error(error: SkynetError): void {
    if (this.#answer !== undefined)
      this.fail(httpError('ERR_HTTP_BODY', 'the body breaks off', { cause: error }));
    else this.fail(httpError('ERR_HTTP_SOCKET', `[Socket Error] : ${error.message}`, { cause: error }));
  }

  closed(): void {
    if (!this.#over) this.fail(this.#closedEarly());
  }

  #closedEarly(): SkynetError {
    return this.#answer === undefined
      ? httpError('ERR_HTTP_SOCKET', '[Socket Error] : the peer has closed before it answered')
      : httpError('ERR_HTTP_BODY', 'the body breaks off');
  }

  // --- sink

  head(head: MessageHead): boolean {
    if (head.status < 200 && !(head.status === 101 && this.#upgrade)) {
      this.#interim = true;
      this.#interims += 1;
      if (this.#interims <= MAX_INTERIMS) return false;
      this.#failure = httpError('ERR_HTTP_MESSAGE', 'the server only says that it will answer');
      return true;
    }
    const headers = new Headers(head.fields);
    const coding = headers.get('transfer-encoding');
    if (coding !== undefined && !/^(?:identity|chunked)$/i.test(coding)) {
      this.#failure = httpError('ERR_HTTP_MESSAGE', 'Unsupport transfer-encoding');
      return true;
    }
    this.#answer = { status: head.status, headers, body: new IncomingBody(this.#kernel, this) };
    if (head.status === 101) return true;
    this.#arrival.resolve(this.#answer);
    return false;
  }

  body(piece: Uint8Array): void {
    if (!this.#interim) this.#answer?.body.copy(piece);
  }

  complete(trailers: readonly string[]): void {
    if (!this.#interim) this.#answer?.body.end(trailers);
  }

  // --- source

  wanted(): void {
    // It comes by itself.
  }

  hold(on: boolean): void {
    if (this.#over) return;
    if (on) this.#connection.pause();
    else this.#connection.resume();
  }

  malformed(why: string): SkynetError {
    return httpError('ERR_HTTP_MESSAGE', why);
  }
}
