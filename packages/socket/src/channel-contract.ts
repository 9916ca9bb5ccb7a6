import type { AwaitOptions } from '@skynet/core';
import type { Answer } from '@skynet/core/channel';
import type { AnswerValue } from './channel-answer.ts';
import type { ChannelSource } from './channel-link.ts';
import type { Encoding, WriteData } from './data.ts';

/** A host to connect to: a name or ip on the channel's own port, a URL of any transport, or host and port. */
export type ChannelHost = string | { readonly host: string; readonly port?: number };

/** What limits a request, and what belongs to it. A list is short for its `parts`. */
export interface ChannelRequest extends AwaitOptions {
  /** Further pieces of the request. It is sent with low priority then, see `socket.lwrite`. */
  parts?: readonly WriteData[];
}

/** What a channel does beside its requests. */
export interface ChannelControl {
  /**
   * Connects, if it is not, and opens a closed channel again. Tries for ever, with pauses; with `true` once.
   * @throws ERR_CHANNEL_CONNECT, ERR_CHANNEL_CLOSED when it is closed meanwhile.
   */
  connect(once?: boolean): Promise<void>;
  /** Closes it: requests that wait fail, later ones too until {@link connect}. */
  close(): void;
  /** Uses another host from now on: drops the connection, the next request makes one. @throws ERR_ADDRESS_INVALID. */
  changeHost(host: string, port?: number): void;
  /** Uses other backup hosts from the next attempt to connect on. @throws ERR_ARGUMENT, ERR_ADDRESS_INVALID. */
  changeBackup(backup: readonly ChannelHost[]): void;
}

/** Requests of a channel without a `response`: answers come in the order of the requests. */
export interface OrderedRequests<E extends Encoding = 'utf8'> {
  /** Sends without expecting an answer. @throws as below. */
  request(
    data: WriteData,
    response?: undefined,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<void>;
  /**
   * Sends, and waits for what `response` reads: `[true, value]`; `[true, value, true]` when more parts follow, which
   * gives the list of them; `[false, error]` makes this request fail. When `response` throws, where the next answer begins
   * is not known: the connection is given up, this request fails with what was thrown and the waiting ones with it.
   * @throws ERR_CHANNEL_CONNECT, _LOST, _CLOSED, _REFUSED, _READER, _FULL, ERR_TIMEOUT, ERR_ABORTED, ERR_SOCKET_DATA.
   */
  request<const Given extends Answer>(
    data: WriteData,
    response: (source: ChannelSource<E>) => Given | PromiseLike<Given>,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<AnswerValue<Given>>;
  /** Waits for an answer without sending; connects for ever, if it must. */
  response<const Given extends Answer>(
    response: (source: ChannelSource<E>) => Given | PromiseLike<Given>,
    options?: AwaitOptions,
  ): Promise<AnswerValue<Given>>;
}

/** Requests of a channel with a `response`: each answer carries the session of its request. */
export interface SessionRequests<Session = unknown, Value = unknown> {
  /** Sends without expecting an answer. */
  request(
    data: WriteData,
    session?: undefined,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<void>;
  /**
   * Sends, and waits for the answer with that session. Any value can be one.
   * @throws as {@link OrderedRequests.request}; ERR_CHANNEL_SESSION when an answer of that session is still to come.
   */
  request<Result = Value>(
    data: WriteData,
    session: Session,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<Result>;
  /** Waits for an answer without sending. */
  response<Result = Value>(session: Session, options?: AwaitOptions): Promise<Result>;
}

/** A channel whose answers come in the order of the requests. */
export type OrderedChannel<E extends Encoding = 'utf8'> = ChannelControl & OrderedRequests<E>;
/** A channel whose answers carry a session. */
export type SessionChannel<Session = unknown, Value = unknown> = ChannelControl &
  SessionRequests<Session, Value>;
/** What `auth` is given: the channel, whose requests go through the new connection. */
export type ChannelLogin<E extends Encoding = 'utf8'> = Omit<ChannelControl, 'connect'> & {
  request<Result = unknown>(
    data: WriteData,
    response: (source: ChannelSource<E>) => Answer | PromiseLike<Answer>,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<Result>;
  request<Result = unknown>(
    data: WriteData,
    session?: unknown,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<Result>;
  response<Result = unknown>(response: unknown, options?: AwaitOptions): Promise<Result>;
};
