import { isSkynetError, printable, type SkynetError } from '@skynet/core';
import { type AnswerReader, OrderedAnswers, SessionAnswers, type Waiter } from '@skynet/core/channel';
import type { ServiceKernel } from '@skynet/core/kernel';
import { checkedAnswer, type SessionAnswer } from './channel-answer.ts';
import type { Encoding, SocketData } from './data.ts';
import { socketError } from './errors.ts';
import type { ReadResult, SocketApi } from './socket.ts';

/** What a response function reads from. */
export class ChannelSource<E extends Encoding = Encoding> {
  readonly #socket: SocketApi<E>;
  readonly #id: number;

  constructor(socket: SocketApi<E>, id: number) {
    this.#socket = socket;
    this.#id = id;
  }

  /** Exactly `size` bytes, or without it whatever is there. @throws ERR_CHANNEL_LOST at the end of the stream. */
  async read(size?: number): Promise<SocketData<E>> {
    return this.#data(await this.#socket.read(this.#id, size));
  }

  /** Up to a separator, which is not part of the result; default a newline. @throws as {@link read}. */
  async readLine(separator?: string | Uint8Array): Promise<SocketData<E>> {
    return this.#data(await this.#socket.readLine(this.#id, separator));
  }

  #data([data]: ReadResult<SocketData<E>>): SocketData<E> {
    if (data === undefined) throw connectionLost(this.#socket.failure(this.#id));
    return data;
  }
}

/** Who is told what a link meets. */
export interface LinkEvents {
  /** The connection is over; nothing can be asked through it any more. */
  lost(link: Link): void;
  /** An answer that nobody has asked for. */
  unknownSession(session: unknown): void;
}

/** Reads answers with their session. */
export type SessionReader = (source: ChannelSource) => SessionAnswer | PromiseLike<SessionAnswer>;

/** How a request gives its answer up. */
export type Abandon = () => void;

/** One connection of a channel, and the answers that are to come through it. */
export abstract class Link {
  protected readonly kernel: ServiceKernel;
  protected readonly source: ChannelSource;
  protected readonly events: LinkEvents;
  readonly id: number;
  readonly #socket: SocketApi<Encoding>;
  #over = false;

  constructor(kernel: ServiceKernel, socket: SocketApi<Encoding>, id: number, events: LinkEvents) {
    this.kernel = kernel;
    this.#socket = socket;
    this.id = id;
    this.events = events;
    this.source = new ChannelSource(socket, id);
  }

  /** Answers to come. */
  abstract readonly size: number;
  /** Expects one more answer: `key` is its session or what reads it. @throws ERR_CHANNEL_SESSION, ERR_ARGUMENT. */
  abstract expect(key: unknown, waiter: Waiter): Abandon;
  /** All answers that are to come fail. */
  protected abstract fail(first: () => unknown, others: () => unknown): void;

  /** Whether it can be written to. */
  get alive(): boolean {
    return !this.#over;
  }

  /** Whether the peer has ended its side. */
  get disconnected(): boolean {
    return this.#over || this.#socket.disconnected(this.id);
  }

  /** Sends the pieces, each as one. Whether they were taken; otherwise the link is lost. */
  send(pieces: readonly Uint8Array[], low: boolean): boolean {
    for (const piece of pieces) {
      const taken = low ? this.#socket.lwrite(this.id, piece) : this.#socket.write(this.id, piece);
      if (taken) continue;
      this.lose(() => connectionLost(this.#socket.failure(this.id)));
      return false;
    }
    return true;
  }

  /** Gives the connection up; answers to come fail. */
  lose(first: () => unknown, others: () => unknown = first): void {
    if (this.#over) return;
    this.#over = true;
    this.events.lost(this);
    this.fail(first, others);
    // In a task of its own: closing waits until who reads has run.
    this.kernel.enqueue(() => this.#socket.close(this.id));
  }

  /** A response function has thrown, or the stream has ended under it. */
  protected broken(error: unknown): void {
    if (isSkynetError(error, 'ERR_CHANNEL_LOST'))
      this.lose(() => connectionLost(this.#socket.failure(this.id)));
    else
      this.lose(
        () => error,
        () => readerFailed(error),
      );
  }
}

/** Answers come in the order of the requests. */
export class OrderedLink extends Link {
  readonly #answers = new OrderedAnswers<ChannelSource>();

  get size(): number {
    return this.#answers.size;
  }

  expect(key: unknown, waiter: Waiter): Abandon {
    const reader = key as AnswerReader<ChannelSource>;
    const expected = this.#answers.expect(async (source) => checkedAnswer(await reader(source)), waiter);
    if (!this.#answers.reading) this.kernel.enqueue(this.#read);
    return () => expected.abandon();
  }

  readonly #read = async (): Promise<void> => {
    if (this.#answers.reading) return;
    try {
      await this.#answers.read(this.source);
    } catch (error) {
      this.broken(error);
    }
  };

  protected fail(first: () => unknown, others: () => unknown): void {
    this.#answers.fail(first, others);
  }
}

/** Each answer carries the session of its request. */
export class SessionLink extends Link {
  readonly #answers = new SessionAnswers<unknown>();
  readonly #response: SessionReader;

  constructor(
    kernel: ServiceKernel,
    socket: SocketApi<Encoding>,
    id: number,
    events: LinkEvents,
    response: SessionReader,
  ) {
    super(kernel, socket, id, events);
    this.#response = response;
    kernel.enqueue(this.#read);
  }

  get size(): number {
    return this.#answers.size;
  }

  expect(session: unknown, waiter: Waiter): Abandon {
    const expected = this.#answers.expect(session, waiter);
    if (expected === undefined)
      throw socketError('ERR_CHANNEL_SESSION', `an answer of session ${printable(session)} is still to come`);
    return () => this.#answers.abandon(expected);
  }

  readonly #read = async (): Promise<void> => {
    try {
      while (this.alive) {
        const given: readonly unknown[] = await this.#response(this.source);
        const [session, ...answer] = Array.isArray(given) ? given : [];
        if (session === undefined || session === null) throw new TypeError('an answer without a session');
        if (!this.#answers.take(session, checkedAnswer(answer))) this.events.unknownSession(session);
      }
    } catch (error) {
      this.broken(error);
    }
  };

  protected fail(first: () => unknown, others: () => unknown): void {
    // The reader belongs to no request.
    this.#answers.fail(first === others ? first : others);
  }
}

/** The connection is over before the answer has come. */
function connectionLost(cause: SkynetError | undefined): SkynetError {
  return socketError('ERR_CHANNEL_LOST', '[Error: socket]', cause === undefined ? undefined : { cause });
}

function readerFailed(cause: unknown): SkynetError {
  return socketError('ERR_CHANNEL_READER', cause instanceof Error ? cause.message : String(cause), { cause });
}
