import { type AwaitOptions, printable, type Skynet } from '@skynet/core';
import { kernelOf, type ServiceKernel, type Suspension } from '@skynet/core/kernel';
import type { SessionAnswer } from './channel-answer.ts';
import { type ConnectionWaiter, Connector, shown } from './channel-connector.ts';
import type {
  ChannelControl,
  ChannelHost,
  ChannelLogin,
  ChannelRequest,
  OrderedChannel,
  SessionChannel,
} from './channel-contract.ts';
import {
  type ChannelSource,
  type Link,
  OrderedLink,
  SessionLink,
  type SessionReader,
} from './channel-link.ts';
import {
  type ChannelOptions,
  type ChannelSettings,
  channelSettings,
  hostOf,
  hostsOf,
} from './channel-options.ts';
import { type Encoding, encode, type WriteData } from './data.ts';
import { socketError } from './errors.ts';
import { createSocket, type SocketApi } from './socket.ts';

class RequestChannel implements ChannelControl {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #socket: SocketApi<Encoding>;
  readonly #settings: ChannelSettings;
  readonly #options: ChannelOptions;
  readonly #connector: Connector;
  #link: Link | undefined = undefined;
  #closed = false;
  #overloaded = false;

  constructor(skynet: Skynet, options: ChannelOptions) {
    const settings = channelSettings(options);
    const { encoding, connectTimeout, readLimit, writeLimit, noDelay } = settings;
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#settings = settings;
    this.#options = options;
    this.#socket = createSocket<Encoding>(skynet, {
      encoding,
      connectTimeout: connectTimeout / 10,
      ...(readLimit === undefined ? {} : { readLimit }),
      ...(writeLimit === undefined ? {} : { writeLimit }),
      ...(noDelay === undefined ? {} : { noDelay }),
    });
    const { auth } = options;
    this.#connector = new Connector(this.#kernel, this.#socket, settings, {
      link: (id) => this.#newLink(id),
      connected: (link) => {
        this.#link = link;
      },
      auth: auth === undefined ? undefined : (link) => auth(this.#login(link) as ChannelLogin<Encoding>),
    });
  }

  // --- requests ---------------------------------------------------------------------------------------------------

  async request(
    data: WriteData,
    response?: unknown,
    options?: ChannelRequest | readonly WriteData[],
  ): Promise<unknown> {
    return this.#request(this.#current(), data, response, options);
  }

  async response(response: unknown, options: AwaitOptions = {}): Promise<unknown> {
    return this.#ask(this.#current(), { response: this.#key(response), options, once: false });
  }

  #request(
    link: Link | undefined,
    data: WriteData,
    response: unknown,
    given: ChannelRequest | readonly WriteData[] = {},
  ): unknown {
    const options: ChannelRequest = Array.isArray(given)
      ? { parts: given as readonly WriteData[] }
      : ((given ?? {}) as ChannelRequest);
    const { encoding } = this.#settings;
    const pieces = [data, ...(options.parts ?? [])].map((piece) => encode(piece, encoding));
    const low = options.parts !== undefined;
    if (response !== undefined && response !== null)
      return this.#ask(link, { pieces, low, response: this.#key(response), options, once: true });
    if (link === undefined) return this.#ask(undefined, { pieces, low, options, once: true });
    if (!link.send(pieces, low)) throw this.#lost();
    return undefined;
  }

  /** What the answer is known by. @throws ERR_ARGUMENT. */
  #key(response: unknown): unknown {
    if (this.#options.response === undefined && typeof response !== 'function')
      throw socketError('ERR_ARGUMENT', `an answer is read by a function, not ${printable(response)}`);
    return response;
  }

  /** Sends through a link, or as soon as there is one, and waits for the answer. */
  async #ask(link: Link | undefined, ask: Ask): Promise<unknown> {
    if ((link?.size ?? 0) + this.#connector.size >= this.#settings.maxWaiting)
      throw socketError('ERR_CHANNEL_FULL', `${this.#settings.maxWaiting} requests wait already`);
    const wait = this.#suspend(ask.options);
    let abandon = (): void => {};
    const send = (through: Link): void => {
      try {
        if (ask.response !== undefined) abandon = through.expect(ask.response, settling(wait));
        const sent = ask.pieces === undefined || through.send(ask.pieces, ask.low === true);
        if (ask.response === undefined) {
          if (sent) wait.resolve(undefined);
          else wait.reject(this.#lost());
        }
      } catch (error) {
        wait.reject(error);
      }
    };
    if (link !== undefined) send(link);
    else {
      const waiter: ConnectionWaiter = { once: ask.once, ready: send, failed: wait.reject };
      abandon = () => this.#connector.forget(waiter);
      this.#connector.wait(waiter);
    }
    try {
      return await wait.promise;
    } catch (error) {
      abandon();
      throw error;
    }
  }

  #suspend({ timeout = this.#settings.timeout / 10, signal }: AwaitOptions): Suspension<unknown> {
    if (timeout === 0 && signal === undefined) return this.#kernel.suspend<unknown>();
    let resolve!: (value: unknown) => void;
    let reject!: (error: unknown) => void;
    const promise = new Promise<unknown>((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
    return { promise: this.#skynet.await(promise, limits), resolve, reject };
  }

  // --- connections ------------------------------------------------------------------------------------------------

  /** The link to ask through; undefined when one has to be made. @throws ERR_CHANNEL_CLOSED. */
  #current(): Link | undefined {
    if (this.#closed) throw closed();
    const link = this.#link;
    if (link === undefined || !link.disconnected) return link;
    if (link.alive) {
      this.#skynet.error(`socket: disconnect detected  ${shown(this.#connector.host)}`);
      // What it has received may still be read.
      if (link.size === 0) link.lose(() => this.#lost());
    }
    this.#link = undefined;
    return undefined;
  }

  #newLink(id: number): Link {
    const events = {
      lost: (link: Link): void => {
        if (this.#link === link) this.#link = undefined;
      },
      unknownSession: (session: unknown): void =>
        this.#skynet.error(`socket: unknown session : ${printable(session)}`),
    };
    const response = this.#options.response as SessionReader | undefined;
    const link =
      response === undefined
        ? new OrderedLink(this.#kernel, this.#socket, id, events)
        : new SessionLink(this.#kernel, this.#socket, id, events, response);
    if (response === undefined) this.#socket.onClose(id, () => this.#closedByPeer(link));
    this.#watchBacklog(link);
    return link;
  }

  /** In session mode the reader sees it; here nobody may be reading. */
  #closedByPeer(link: Link): void {
    if (!link.alive || link.size > 0) return;
    this.#skynet.error(`socket closed by peer :  ${shown(this.#connector.host)}`);
    link.lose(() => this.#lost());
  }

  #watchBacklog(link: Link): void {
    const { overload } = this.#options;
    if (overload === undefined) return;
    const tell = (overloaded: boolean): void => {
      if (this.#overloaded === overloaded) return;
      this.#overloaded = overloaded;
      overload(overloaded);
    };
    // A new connection has nothing to send.
    this.#kernel.enqueue(tell, false);
    this.#socket.warning(link.id, (id, kilobytes) => {
      if (!link.alive) return;
      if (kilobytes > 0 && this.#overloaded) {
        const where = shown(this.#connector.host);
        this.#skynet.error(`WARNING: ${kilobytes} K bytes need to send out (fd = ${id}) ${where}`);
      }
      tell(kilobytes > 0);
    });
  }

  #lost(): Error {
    return socketError('ERR_CHANNEL_LOST', '[Error: socket]');
  }

  /** The channel as `auth` sees it. */
  #login(link: Link): Record<keyof ChannelLogin, unknown> {
    const through = (): Link => {
      if (this.#closed) throw closed();
      if (!link.alive) throw this.#lost();
      return link;
    };
    return {
      request: async (data: WriteData, response?: unknown, options?: ChannelRequest) =>
        this.#request(through(), data, response, options),
      response: async (response: unknown, options: AwaitOptions = {}) =>
        this.#ask(through(), { response: this.#key(response), options, once: true }),
      changeHost: (host: string, port?: number) => {
        this.changeHost(host, port);
        link.lose(() => this.#lost());
      },
      changeBackup: (backup: readonly ChannelHost[]) => this.changeBackup(backup),
      close: () => {
        this.close();
        link.lose(closed);
      },
    };
  }

  async connect(once = false): Promise<void> {
    if (typeof once !== 'boolean')
      throw socketError('ERR_ARGUMENT', `once is true or false, not ${printable(once)}`);
    this.#closed = false;
    if (this.#current() === undefined) await this.#ask(undefined, { options: {}, once });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connector.stop(closed);
    this.#link?.lose(closed);
  }

  changeHost(host: string, port?: number): void {
    this.#connector.host = hostOf(
      { host, ...(port === undefined ? {} : { port }) },
      this.#connector.host.port,
    );
    this.#link?.lose(() => this.#lost());
  }

  changeBackup(backup: readonly ChannelHost[]): void {
    this.#connector.backup = hostsOf(backup, this.#connector.host.port);
  }
}

/** One request. */
interface Ask {
  /** What is sent; nothing in `response`. */
  readonly pieces?: readonly Uint8Array[];
  readonly low?: boolean;
  /** Session or reader of the answer; without one none is expected. */
  readonly response?: unknown;
  readonly options: AwaitOptions;
  /** Whether one failed attempt to connect is enough. */
  readonly once: boolean;
}

/** A refusal reaches who waits as an error, whatever was given. */
function settling(wait: Suspension<unknown>): Pick<Suspension<unknown>, 'resolve' | 'reject'> {
  return {
    resolve: wait.resolve,
    reject: (error) =>
      wait.reject(
        error instanceof Error
          ? error
          : socketError('ERR_CHANNEL_REFUSED', printable(error), { details: { value: error } }),
      ),
  };
}

function closed(): Error {
  return socketError('ERR_CHANNEL_CLOSED', 'the channel is closed');
}

/**
 * A connection to a server that answers requests (`socketchannel.channel`, book §10): made by the first request, made
 * again after it was lost, closed with the service. Many tasks ask at the same time; nobody waits for another's answer
 * before sending.
 *
 * With `response` every answer carries the session of its request; without it answers come in the order of the requests,
 * and each request brings along what reads its answer.
 * @throws ERR_ARGUMENT, ERR_ADDRESS_INVALID.
 */
export function createChannel<Session = unknown, Value = unknown, E extends Encoding = 'utf8'>(
  skynet: Skynet,
  options: ChannelOptions<E> & {
    response: (
      source: ChannelSource<E>,
    ) => SessionAnswer<Session, Value> | PromiseLike<SessionAnswer<Session, Value>>;
  },
): SessionChannel<Session, Value>;
export function createChannel<E extends Encoding = 'utf8'>(
  skynet: Skynet,
  options: ChannelOptions<E> & { response?: undefined },
): OrderedChannel<E>;
export function createChannel(skynet: Skynet, options: ChannelOptions): unknown {
  return new RequestChannel(skynet, options);
}
