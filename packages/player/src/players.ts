import {
  type Address,
  type CriticalSection,
  type Duration,
  type EndReason,
  type Handle,
  isSkynetError,
  type PlacedService,
  printable,
  type ServiceHandle,
  type Skynet,
  type TimerHandle,
  toMilliseconds,
} from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import type { PlayerCommands } from './contract.ts';
import { playerError } from './errors.ts';
import type { EndOfPlayer } from './player.ts';
import type { MessageHandlers, MessageServer, StartMessages } from './ports.ts';
import { encodeClosing, encodeKick, type KickReason } from './wire.ts';

/** How players are served. */
export interface PlayersOptions {
  /** Starts the message server: `(handlers) => startMsgServer(skynet, startGateserver, handlers)`. */
  messages: StartMessages;
  /** The service that is started for each player, made by `definePlayer`; `{ name, thread: 'spread' }` places it. */
  player: string | PlacedService;
  /** Login servers to register at when this one is opened: addresses, or texts of them. Default none. */
  logins?: readonly Address[];
  /** How long a player lives without a connection. Default `"60s"`. */
  linger?: Duration;
  /** How long a client that was away hears why its login is over, when it comes back. Default `"10m"`. */
  remember?: Duration;
  /** How long a player may take to end, before its next login and before the node stops. Default `"5s"`. */
  patience?: Duration;
}

/** What `drain` is told. */
export interface DrainOptions {
  /** What clients are told. Default `"the server closes, come back"`. */
  text?: string;
  /** Within which time they come back, each at a moment of its own. Default `"2s"`. */
  after?: Duration;
}

/** A player, for operators. */
export interface PlayerState {
  readonly uid: string;
  /** Whether its client has a connection. */
  readonly online: boolean;
  /** `ip:port`, undefined without a connection. */
  readonly address: string | undefined;
  /** Its service. */
  readonly handle: Handle;
}

/** Commands of a service that serves players, besides those of its message server (`open`, `close`, `login` …). */
export type PlayersCommands = {
  /** Who is logged in. */
  players(): PlayerState[];
  /** Throws a player out, and tells the client why. Whether there was one. */
  expel(uid: string, text?: string): boolean;
  /** Listens no more, tells all clients to come back, ends all players. Returns how many there were. */
  drain(options?: DrainOptions): Promise<number>;
};

/** Players, as the service that serves them sees them. */
export interface Players {
  /** Who is logged in. */
  readonly all: readonly PlayerState[];
  /** Throws a player out, and tells the client why. Whether there was one. */
  expel(uid: string, text?: string): boolean;
  /** Listens no more, tells all clients to come back, ends all players. Returns how many there were. */
  drain(options?: DrainOptions): Promise<number>;
}

/** A player who is logged in. */
interface Entry {
  readonly uid: string;
  readonly player: ServiceHandle<PlayerCommands>;
  subid: string;
  username: string;
  online: boolean;
  /** Ends it when no connection comes. */
  away: TimerHandle | undefined;
}

/** Ended logins whose clients are still to hear of it, at most. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes this service one that serves players: a message server, and for each user who logs in a service made by
 * `definePlayer`, to which the requests of the user's client go. It listens after the `lua` message
 * `open { servername, listen }`. A user who logs in again gets the same player; the client of the former login is told
 * that. When the node stops all clients are told to come back.
 * @throws ERR_ARGUMENT.
 */
export function startPlayers(skynet: Skynet, options: PlayersOptions): Players {
  kernelOf(skynet);
  return new PlayersOfService(skynet, resolve(options));
}

type Resolved = ReturnType<typeof resolve>;

function resolve(given: PlayersOptions): {
  readonly messages: StartMessages;
  readonly place: PlacedService;
  readonly logins: readonly Address[];
  readonly linger: number;
  readonly remember: number;
  readonly patience: number;
} {
  return readOptions('players option', given, (options) => {
    options.callable('messages', true);
    const player = options.value('player') as PlayersOptions['player'] | undefined;
    const place = typeof player === 'string' ? { name: player } : player;
    if (typeof place?.name !== 'string' || place.name === '')
      options.wrong('player', 'the name of a service, or { name, thread }');
    const logins = options.value('logins') ?? [];
    if (!Array.isArray(logins)) options.wrong('logins', 'a list of addresses');
    return {
      messages: given.messages,
      place: place as PlacedService,
      logins: logins as Address[],
      linger: options.duration('linger', 60_000),
      remember: options.duration('remember', 600_000),
      patience: options.duration('patience', 5000),
    };
  });
}

const milliseconds = (time: number): Duration => `${time}ms`;

class PlayersOfService implements Players {
  readonly #skynet: Skynet;
  readonly #options: Resolved;
  readonly #messages: MessageServer;
  readonly #byUid = new Map<string, Entry>();
  readonly #byName = new Map<string, Entry>();
  /** Login names that are over, whose clients have not heard of it yet. */
  readonly #over = new Map<string, TimerHandle>();
  /** Players whose service is ending. */
  readonly #ending = new Map<string, Promise<void>>();
  /** One login of a user at a time. */
  readonly #sections = new Map<string, { readonly enter: CriticalSection; waiting: number }>();
  /** Tells logins of this service from those of one before it. */
  readonly #life = Math.floor(Math.random() * 2 ** 32).toString(36);
  #last = 0;
  #isDraining = false;
  /** Told when a connection is gone. */
  readonly #whenAway = new Set<() => void>();

  constructor(skynet: Skynet, options: Resolved) {
    this.#skynet = skynet;
    this.#options = options;
    this.#messages = options.messages(this.#handlers());
    skynet.onExit(() => this.drain());
    skynet.info(() => `${this.#byUid.size} players, ${this.#over.size} ended logins to be told of`);
  }

  #handlers(): MessageHandlers {
    return {
      loginHandler: (uid, secret) => this.#login(uid, secret),
      logoutHandler: (uid, subid) => this.#endOf(uid, subid, 'logout', 'you have logged out'),
      kickHandler: (uid, subid) => this.#endOf(uid, subid, 'kicked', 'you have been thrown out'),
      requestHandler() {
        throw playerError('ERR_SERVICE_GONE', 'the player has ended');
      },
      registerHandler: (name) => this.#register(name),
      connectHandler: (username) => this.#connected(username),
      disconnectHandler: (username) => {
        // The connection is there until this returns.
        this.#skynet.fork(() => this.#look(username));
      },
      commandHandler: (command, ...args) => this.#command(command, args),
    };
  }

  async #register(name: string): Promise<readonly string[]> {
    for (const login of this.#options.logins)
      await this.#skynet.call(addressOf(login), 'lua', 'register_gate', name, this.#skynet.self());
    return this.#messages.addresses;
  }

  get all(): readonly PlayerState[] {
    return [...this.#byUid.values()].map(({ uid, online, username, player }) => ({
      uid,
      online,
      address: this.#messages.ip(username),
      handle: player,
    }));
  }

  // --- logging in

  async #login(uid: string, secret: Uint8Array): Promise<string> {
    const section = this.#sections.get(uid) ?? { enter: this.#skynet.queue(), waiting: 0 };
    this.#sections.set(uid, section);
    section.waiting++;
    try {
      return await section.enter(() => this.#enter(uid, secret));
    } finally {
      if (--section.waiting === 0) this.#sections.delete(uid);
    }
  }

  async #enter(uid: string, secret: Uint8Array): Promise<string> {
    this.#refuseDraining();
    const messages = this.#messages;
    const subid = `${this.#life}-${++this.#last}`;
    const username = messages.username(uid, subid, messages.servername);
    const known = this.#byUid.get(uid);
    if (known !== undefined) {
      this.#byName.delete(known.username);
      this.#tell(known.username, 'elsewhere', 'you have logged in somewhere else');
      Object.assign(known, { subid, username, online: false });
      this.#byName.set(username, known);
      messages.login(username, secret);
      messages.forward(username, known.player);
      this.#skynet.sender(known.player).attach(username);
      this.#wait(known);
      return subid;
    }
    await this.#ending.get(uid);
    messages.login(username, secret);
    try {
      const player = await this.#skynet.newService<PlayerCommands>(this.#options.place, {
        uid,
        gate: this.#skynet.self(),
        username,
      });
      if (this.#isDraining) {
        this.#skynet.sender(player).end('closing');
        this.#refuseDraining();
      }
      const entry: Entry = { uid, player, subid, username, online: false, away: undefined };
      this.#byUid.set(uid, entry);
      this.#byName.set(username, entry);
      messages.forward(username, player);
      this.#wait(entry);
      this.#skynet.watch(player, ({ reason }) => this.#gone(entry, reason));
      return subid;
    } catch (error) {
      messages.logout(username);
      throw error;
    }
  }

  #refuseDraining(): void {
    if (this.#isDraining) throw playerError('ERR_NODE_STOPPED', 'the server closes');
  }

  // --- connections

  #connected(username: string): void {
    if (this.#over.has(username)) {
      this.#forget(username);
      return;
    }
    this.#look(username);
  }

  /** Whether the player has a connection may have changed. */
  #look(username: string): void {
    const entry = this.#byName.get(username);
    if (entry === undefined) return;
    const online = this.#messages.ip(username) !== undefined;
    if (online) entry.away?.cancel();
    if (entry.online === online) return;
    entry.online = online;
    this.#skynet.sender(entry.player).online(online);
    if (online) return;
    this.#wait(entry);
    for (const look of this.#whenAway) look();
  }

  #wait(entry: Entry): void {
    entry.away?.cancel();
    entry.away = this.#skynet.timeout(milliseconds(this.#options.linger), () => {
      // It finds out when it comes back, and logs in anew.
      if (!entry.online) this.#end(entry, 'away');
    });
  }

  // --- the end

  #endOf(uid: string, subid: unknown, reason: KickReason, text: string): void {
    const entry = this.#byUid.get(String(uid));
    if (entry !== undefined && entry.subid === String(subid)) this.#end(entry, reason, text);
  }

  /** @param text what the client is told; without it nothing. */
  #end(entry: Entry, reason: EndOfPlayer, text?: string): void {
    if (this.#byUid.get(entry.uid) !== entry) return;
    this.#take(entry);
    if (text === undefined) this.#messages.logout(entry.username);
    else this.#tell(entry.username, reason as KickReason, text);
    void this.#endService(entry, reason);
  }

  #take(entry: Entry): void {
    entry.away?.cancel();
    this.#byUid.delete(entry.uid);
    this.#byName.delete(entry.username);
  }

  /** The service has until the next login to put away what it has. */
  #endService(entry: Entry, reason: EndOfPlayer): Promise<void> {
    const { uid, player } = entry;
    const ending = this.#skynet
      .call({ to: player, timeout: milliseconds(this.#options.patience) }, 'lua', 'end', reason)
      .then(
        () => {},
        (error: unknown) => {
          if (isSkynetError(error, 'ERR_SERVICE_GONE') || isSkynetError(error, 'ERR_NO_SERVICE')) return;
          this.#skynet.error(`player ${printable(uid)} does not end: ${printable(error)}`);
          this.#skynet.kill(player);
        },
      )
      .then(() => {
        if (this.#ending.get(uid) === ending) this.#ending.delete(uid);
      });
    this.#ending.set(uid, ending);
    return ending;
  }

  /** The service has ended by itself. */
  #gone(entry: Entry, reason: EndReason): void {
    if (this.#byUid.get(entry.uid) !== entry) return;
    this.#take(entry);
    // Who ended itself meant it; what failed is had anew by a new login.
    if (reason === 'exited') this.#tell(entry.username, 'logout', 'you have been logged out');
    else this.#messages.logout(entry.username);
  }

  /** Tells a client that its login is over; one that is away hears it when it comes. */
  #tell(username: string, reason: KickReason, text: string): void {
    const messages = this.#messages;
    const takes = messages.push(username, encodeKick(reason, text));
    if (!takes || messages.ip(username) !== undefined) {
      messages.logout(username);
      return;
    }
    messages.forward(username, 0);
    const timer = this.#skynet.timeout(milliseconds(this.#options.remember), () => this.#forget(username));
    this.#over.set(username, timer);
    for (const oldest of this.#over.keys()) {
      if (this.#over.size <= MAX_REMEMBERED) break;
      this.#forget(oldest);
    }
  }

  #forget(username: string): void {
    const timer = this.#over.get(username);
    if (timer === undefined) return;
    timer.cancel();
    this.#over.delete(username);
    this.#messages.logout(username);
  }

  expel(uid: string, text = 'you have been thrown out'): boolean {
    const entry = this.#byUid.get(uid);
    if (entry === undefined) return false;
    this.#end(entry, 'kicked', text);
    return true;
  }

  async drain({ text = 'the server closes, come back', after = '2s' }: DrainOptions = {}): Promise<number> {
    const time = toMilliseconds(after);
    const body = encodeClosing(time, text);
    if (!this.#isDraining) {
      this.#isDraining = true;
      await this.#skynet.call(this.#skynet.self(), 'lua', 'close').catch(() => {
        // It did not listen.
      });
    }
    const entries = [...this.#byUid.values()];
    for (const { username } of entries) this.#messages.push(username, body);
    await this.#left(entries, time);
    for (const entry of entries) {
      if (this.#byUid.get(entry.uid) !== entry) continue;
      this.#take(entry);
      this.#messages.logout(entry.username);
    }
    await Promise.all(entries.map((entry) => this.#endService(entry, 'closing')));
    await Promise.all(this.#ending.values());
    return entries.length;
  }

  /** Clients go when what they have asked is answered. Waits for that, so many milliseconds at most. */
  async #left(entries: readonly Entry[], time: number): Promise<void> {
    const token = {};
    const areGone = (): boolean => entries.every(({ online }) => !online);
    const look = (): void => {
      if (areGone()) this.#skynet.wakeup(token);
    };
    if (areGone()) return;
    this.#whenAway.add(look);
    const limit = this.#skynet.timeout(milliseconds(time), () => this.#skynet.wakeup(token));
    try {
      await this.#skynet.wait(token);
    } finally {
      this.#whenAway.delete(look);
      limit.cancel();
    }
    const late = entries.filter(({ online }) => online).length;
    if (late > 0) this.#skynet.error(`${late} clients have not gone within ${time} ms`);
  }

  // --- messages

  #command(command: string, args: readonly unknown[]): unknown {
    switch (command) {
      case 'tell': {
        const [username, body] = args as [string, Uint8Array];
        return this.#byName.has(username) && this.#messages.push(username, body);
      }
      case 'over': {
        const [uid, reason, text] = args as [string, KickReason, string];
        const entry = this.#byUid.get(uid);
        if (entry !== undefined) this.#end(entry, reason, text);
        return undefined;
      }
      case 'players':
        return this.all;
      case 'expel':
        return this.expel(String(args[0]), args[1] as string | undefined);
      case 'drain':
        return this.drain(args[0] as DrainOptions | undefined);
      default:
        throw playerError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`, {
          details: { command: printable(command) },
        });
    }
  }
}

/** An address that came as a start argument is text. */
function addressOf(login: Address): Address {
  return typeof login === 'string' && /^\d+$/.test(login) ? Number(login) : login;
}
