import { printable, type Skynet } from '@skynet/core';
import { type Host, HostRound, Pauses } from '@skynet/core/channel';
import type { ServiceKernel } from '@skynet/core/kernel';
import { reasonOf } from '@skynet/core/transport';
import type { Link } from './channel-link.ts';
import { type ChannelSettings, urlOf } from './channel-options.ts';
import type { Encoding } from './data.ts';
import { socketError } from './errors.ts';
import type { SocketApi } from './socket.ts';

/** How often `auth` may change the host in one attempt. */
const MAX_HOPS = 16;

/** Somebody who needs a connection. */
export interface ConnectionWaiter {
  /** Whether one failed attempt is enough to give up. */
  readonly once: boolean;
  /** It is there. */
  ready(link: Link): void;
  /** There is none. */
  failed(error: unknown): void;
}

/** What a connector has of its channel. */
export interface ConnectorHost {
  /** A new connection as a link. */
  link(id: number): Link;
  /** Logs in; undefined when there is nothing to do. */
  readonly auth: ((link: Link) => unknown) | undefined;
  /** The channel has a connection again. */
  connected(link: Link): void;
}

/** Connects a channel when somebody waits for it, to the first of its hosts that works. */
export class Connector {
  /** The host that was used last, or is to be used next. */
  host: Host;
  backup: readonly Host[];
  readonly #first: Host;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #socket: SocketApi<Encoding>;
  readonly #settings: ChannelSettings;
  readonly #channel: ConnectorHost;
  readonly #pauses: Pauses;
  #waiting: ConnectionWaiter[] = [];
  #running = false;
  #pausing = false;

  constructor(
    kernel: ServiceKernel,
    socket: SocketApi<Encoding>,
    settings: ChannelSettings,
    channel: ConnectorHost,
  ) {
    this.#kernel = kernel;
    this.#skynet = kernel.skynet;
    this.#socket = socket;
    this.#settings = settings;
    this.#channel = channel;
    this.host = settings.host;
    this.#first = settings.host;
    this.backup = settings.backup;
    this.#pauses = new Pauses(settings.pauses);
  }

  /** Those who wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Connects for one more, with those who wait already. */
  wait(waiter: ConnectionWaiter): void {
    this.#waiting.push(waiter);
    if (!this.#running) {
      this.#running = true;
      this.#kernel.enqueue(this.#run);
    } else if (waiter.once && this.#pausing) this.#skynet.wakeup(this);
  }

  /** One does not wait any more. */
  forget(waiter: ConnectionWaiter): void {
    this.#waiting = this.#waiting.filter((each) => each !== waiter);
  }

  /** Nobody waits any more: the channel was closed. */
  stop(error: () => unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.failed(error());
    if (this.#pausing) this.#skynet.wakeup(this);
  }

  readonly #run = async (): Promise<void> => {
    try {
      this.#pauses.reset();
      while (this.#waiting.length > 0) {
        const outcome = await this.#attempt();
        if ('link' in outcome) this.#settle(outcome.link);
        else await this.#failed(outcome.error);
      }
    } finally {
      this.#running = false;
    }
  };

  #settle(link: Link): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) {
      // The channel was closed while this one came about.
      link.lose(() => socketError('ERR_CHANNEL_CLOSED', 'the channel is closed'));
      return;
    }
    this.#channel.connected(link);
    if (waiting.some(({ once }) => !once)) this.#log(`socket: connect to ${shown(this.host)}`);
    for (const each of waiting) each.ready(link);
  }

  /** Those who have enough give up; for the others there is a pause. */
  async #failed(cause: unknown): Promise<void> {
    const reason = printable(reasonOf(cause as NodeJS.ErrnoException));
    const [given, patient] = [
      this.#waiting.filter(({ once }) => once),
      this.#waiting.filter(({ once }) => !once),
    ];
    this.#waiting = patient;
    if (given.length > 0) {
      this.#log(`Connect failed ${reason} ${shown(this.host)}`);
      for (const each of given)
        each.failed(socketError('ERR_CHANNEL_CONNECT', `cannot connect: ${reason}`, { cause }));
    }
    if (patient.length === 0) return;
    this.#log(`socket: connect ${reason}`);
    const { pause, last } = this.#pauses.next();
    if (last) this.#log(`socket: try to reconnect ${shown(this.host)}`);
    this.#pausing = true;
    await this.#skynet.sleep(pause / 10, this);
    this.#pausing = false;
  }

  /** Tries the hosts once, one after another. */
  async #attempt(): Promise<{ link: Link } | { error: unknown }> {
    for (let hops = 0; hops <= MAX_HOPS; hops++) {
      const round = new HostRound([this.host, this.#first, ...this.backup]);
      let error: unknown;
      let link: Link | undefined;
      for (let host = round.next(); host !== undefined && this.#waiting.length > 0; host = round.next()) {
        if (error !== undefined) this.#log(`socket: connect to backup host ${shown(host)}`);
        const outcome = await this.#connect(host);
        if ('link' in outcome) {
          link = outcome.link;
          break;
        }
        error = outcome.error;
        // `auth` may have brought others.
        round.add(this.backup);
      }
      if (link === undefined)
        return { error: error ?? socketError('ERR_CHANNEL_CLOSED', 'the channel is closed') };
      // Lost already when `auth` has changed the host: once more, there.
      if (link.alive) return { link };
    }
    return { error: socketError('ERR_CHANNEL_CONNECT', 'auth changes the host again and again') };
  }

  async #connect(host: Host): Promise<{ link: Link } | { error: unknown }> {
    let link: Link | undefined;
    try {
      const id = await this.#socket.open(urlOf(host));
      this.host = host;
      link = this.#channel.link(id);
      await this.#authenticate(link);
      return { link };
    } catch (error) {
      if (link !== undefined) {
        if (link.alive && !link.disconnected) this.#log(`socket: auth failed ${printable(error)}`);
        link.lose(() => error);
      }
      return { error };
    }
  }

  async #authenticate(link: Link): Promise<void> {
    const { auth } = this.#channel;
    if (auth === undefined) return;
    const timeout = this.#settings.connectTimeout / 10;
    const working = Promise.resolve(auth(link));
    if (timeout === 0) await working;
    else await this.#skynet.await(working, { timeout });
    if (link.alive && link.disconnected)
      throw socketError('ERR_CHANNEL_LOST', 'the connection was lost during auth');
  }

  #log(text: string): void {
    this.#skynet.error(text);
  }
}

/** A host as log lines show it. */
export function shown({ host, port }: Host): string {
  return port === undefined ? printable(host) : `${printable(host)} ${port}`;
}
