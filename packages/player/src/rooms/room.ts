import { type Handle, type Request, type Skynet, SkynetError, type TimerHandle } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { Channel } from '@skynet/core/multicast';
import { bodyOfPush } from '../body.ts';
import type { PlayerCommands } from '../contract.ts';
import { playerError } from '../errors.ts';
import type { Lag, LeaveReason, Member, ResolvedRoom, Room, RoomBody } from './contract.ts';
import { Ticker } from './ticker.ts';

/** Commands of a room's service, for the services of players. */
export type RoomCommands = {
  /** Number of the channel on which it broadcasts. */
  channel(): number;
  /** Takes a seat; returns what `join` of the room returns. */
  join(this: Request, uid: string, online: boolean, input: unknown): Promise<unknown>;
  /** Gives it back. */
  leave(this: Request): Promise<void>;
  /** The member's client has a connection now, or has none any more. */
  online(this: Request, is: boolean): Promise<void>;
  /** Calls a command of the room. */
  command(this: Request, name: string, ...args: unknown[]): unknown;
};

class MemberOfRoom implements Member {
  readonly uid: string;
  readonly handle: Handle;
  online: boolean;
  stopWatching: () => void = () => {};
  away: TimerHandle | undefined = undefined;

  constructor(uid: string, handle: Handle, online: boolean) {
    this.uid = uid;
    this.handle = handle;
    this.online = online;
  }
}

const NO_LAG: Lag = { last: 0, mean: 0, worst: 0, skipped: 0, steps: 0 };

/** The room of a service. */
export class RoomOfService implements Room {
  readonly name: string;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #channel: Channel<[body: Uint8Array]>;
  readonly #options: ResolvedRoom;
  readonly #members = new Map<string, MemberOfRoom>();
  readonly #byHandle = new Map<Handle, MemberOfRoom>();
  #body: RoomBody = {};
  #ticker: Ticker | undefined;
  #empty: TimerHandle | undefined;
  #isClosed = false;
  /** The last broadcast, while it is on its way. */
  #publishing: Promise<void> | undefined;

  constructor(
    skynet: Skynet,
    kernel: ServiceKernel,
    name: string,
    channel: Channel<[body: Uint8Array]>,
    options: ResolvedRoom,
  ) {
    this.name = name;
    this.#skynet = skynet;
    this.#kernel = kernel;
    this.#channel = channel;
    this.#options = options;
    skynet.own(() => channel.delete());
    skynet.onExit(() => this.#end());
  }

  // --- for the application

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  get lag(): Lag {
    return this.#ticker?.lag ?? NO_LAG;
  }

  broadcast(name: string, ...[value]: readonly unknown[]): void {
    const body = this.#bodyOf(name, value);
    if (this.#members.size === 0) return;
    const published = this.#channel.publish(body).catch((error: unknown) => {
      if (this.#kernel.alive) this.#kernel.reportError(`broadcast of room ${this.#title}`, error);
    });
    this.#publishing = published;
    void published.then(() => {
      if (this.#publishing === published) this.#publishing = undefined;
    });
  }

  tell(member: Member, name: string, ...[value]: readonly unknown[]): void {
    const body = this.#bodyOf(name, value);
    const send = (): void => {
      if (this.#byHandle.has(member.handle)) this.#skynet.sender<PlayerCommands>(member.handle).tell(body);
    };
    if (this.#publishing === undefined) send();
    else void this.#publishing.then(send);
  }

  remove(member: Member): void {
    this.#skynet.fork(() => this.#leave(member.handle, 'removed'));
  }

  refuse(code: string, message: string = code, details?: Readonly<Record<string, unknown>>): SkynetError {
    return new SkynetError<string>(code, message, details === undefined ? {} : { details });
  }

  close(): void {
    this.#isClosed = true;
    this.#skynet.fork(() => this.#skynet.exit());
  }

  get #title(): string {
    return JSON.stringify(this.name.slice(0, 80));
  }

  #bodyOf(name: string, value: unknown): Uint8Array {
    if (!Object.hasOwn(this.#options.pushes, name))
      throw playerError('ERR_ARGUMENT', `no push ${JSON.stringify(name)} was declared`, {
        details: { key: name },
      });
    return bodyOfPush(name, value);
  }

  // --- for players

  /** Begins to take players. */
  serve(body: RoomBody): RoomCommands {
    this.#body = body;
    const { tick } = this.#options;
    if (tick !== undefined)
      this.#ticker = new Ticker(
        this.#skynet,
        () => this.#kernel.thread.clock(),
        tick,
        this.#options.catchUp,
        (step) => body.tick?.(step),
      );
    this.#skynet.info(() => `room ${this.#title}: ${this.#members.size} members, ${this.#lagText()}`);
    this.#watchEmpty();
    const room = this;
    return {
      channel: () => this.#channel.channel,
      join(uid, online, input) {
        return room.#join(uid, this.source, online, input);
      },
      async leave() {
        await room.#leave(this.source, 'left');
      },
      online(is) {
        return room.#online(this.source, is);
      },
      command(name, ...args) {
        return room.#command(this.source, name, args);
      },
    };
  }

  #lagText(): string {
    const { steps, mean, worst, skipped } = this.lag;
    return steps === 0
      ? 'no tick'
      : `${steps} steps, ${mean.toFixed(1)} ms late on average, ${worst.toFixed(1)} at worst, ${skipped} left out`;
  }

  async #join(uid: string, handle: Handle, online: boolean, input: unknown): Promise<unknown> {
    if (this.#isClosed) throw playerError('ERR_ROOM_CLOSED', `the room ${this.#title} is closed`);
    const known = this.#members.get(uid);
    // The player was lost with its thread, and is here again before that was heard.
    if (known !== undefined && known.handle !== handle) await this.#leave(known.handle, 'ended', false);
    if (this.#members.size >= this.#options.seats)
      throw playerError('ERR_ROOM_FULL', `the room ${this.#title} is full`, {
        details: { seats: this.#options.seats },
      });
    const member = new MemberOfRoom(uid, handle, online);
    this.#members.set(uid, member);
    this.#byHandle.set(handle, member);
    this.#empty?.cancel();
    member.stopWatching = this.#skynet.watch(handle, () => this.#leave(handle, 'ended', false));
    try {
      const info = await this.#body.join?.(member, input as never);
      if (!member.online) this.#keep(member);
      return info;
    } catch (error) {
      this.#forget(member);
      throw error;
    }
  }

  #forget(member: MemberOfRoom): void {
    member.stopWatching();
    member.away?.cancel();
    this.#byHandle.delete(member.handle);
    if (this.#members.get(member.uid) === member) this.#members.delete(member.uid);
    this.#watchEmpty();
  }

  /** @param tells whether the player hears of it. */
  async #leave(handle: Handle, reason: LeaveReason, tells = reason !== 'left'): Promise<void> {
    const member = this.#byHandle.get(handle);
    if (member === undefined) return;
    this.#forget(member);
    if (tells) this.#skynet.sender<PlayerCommands>(handle).left(this.#skynet.self(), reason);
    await this.#body.leave?.(member, reason);
  }

  async #online(handle: Handle, is: boolean): Promise<void> {
    const member = this.#byHandle.get(handle);
    if (member === undefined || member.online === is) return;
    member.online = is;
    if (is) {
      member.away?.cancel();
      await this.#body.back?.(member);
    } else {
      this.#keep(member);
      await this.#body.lost?.(member);
    }
  }

  #keep(member: MemberOfRoom): void {
    const { keepSeat } = this.#options;
    member.away?.cancel();
    if (keepSeat !== undefined)
      member.away = this.#skynet.timeout(`${keepSeat}ms`, () => this.#leave(member.handle, 'away'));
  }

  #command(handle: Handle, name: string, args: unknown[]): unknown {
    const member = this.#byHandle.get(handle);
    if (member === undefined)
      throw playerError('ERR_ROOM_MEMBER', `who calls ${name} is no member of the room ${this.#title}`);
    const { commands = {} } = this.#body;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
      throw playerError('ERR_UNKNOWN_COMMAND', `Unknown command ${name}`, { details: { command: name } });
    return command(member, ...(args as never[]));
  }

  #watchEmpty(): void {
    this.#empty?.cancel();
    if (this.#members.size > 0) return;
    this.#empty = this.#skynet.timeout(`${this.#options.emptyFor}ms`, () => {
      if (this.#members.size === 0) this.close();
    });
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    this.#ticker?.stop();
    for (const { handle } of [...this.#members.values()]) await this.#leave(handle, 'closed');
    this.#empty?.cancel();
    await this.#body.end?.();
  }
}
