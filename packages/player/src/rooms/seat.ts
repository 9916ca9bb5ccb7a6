import {
  type Proxy as Calls,
  type Handle,
  isSkynetError,
  type PlacedService,
  type Sender,
  type Skynet,
} from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { type Channel, createMulticast, type Multicast } from '@skynet/core/multicast';
import { playerError } from '../errors.ts';
import type { RoomPlaces } from '../roomd.ts';
import type { LeaveReason, Seat } from './contract.ts';
import type { RoomCommands } from './room.ts';

/** Beside the built package's entry points, as in the sources. */
const ROOMD_FILE = import.meta.url.endsWith('.ts') ? '../roomd.ts' : './roomd.js';
/** How often a room that ends just now is looked for again. */
const ATTEMPTS = 3;
/** What fails when a room ends meanwhile. */
const GONE = ['ERR_SERVICE_GONE', 'ERR_NO_SERVICE', 'ERR_SERVICE_EXITED', 'ERR_ROOM_CLOSED'];

/** The seats of one player. */
export class Seats {
  readonly #skynet: Skynet;
  readonly #uid: string;
  readonly #send: (body: Uint8Array) => void;
  readonly #multicast: Multicast;
  readonly #byKey = new Map<string, Promise<SeatOfPlayer>>();
  readonly #byRoom = new Map<Handle, SeatOfPlayer>();
  #isOnline = false;

  /** @param send Takes bodies of pushes for the client. */
  constructor(skynet: Skynet, uid: string, send: (body: Uint8Array) => void) {
    this.#skynet = skynet;
    this.#uid = uid;
    this.#send = send;
    this.#multicast = createMulticast(skynet);
  }

  get all(): readonly SeatOfPlayer[] {
    return [...this.#byRoom.values()];
  }

  /** Whether it has a seat there, or is about to. */
  isOf(room: Handle): boolean {
    return this.#byRoom.has(room);
  }

  /** @throws ERR_ROOM_FULL, ERR_ROOM_CLOSED, ERR_ARGUMENT, and what the room throws. */
  join(room: string | PlacedService, name: string, input: unknown): Promise<SeatOfPlayer> {
    const place = typeof room === 'string' ? { name: room } : room;
    if (typeof place?.name !== 'string' || place.name === '' || typeof name !== 'string' || name === '')
      throw playerError('ERR_ARGUMENT', 'a seat is taken in a room of a kind and a name', {
        details: { key: 'name' },
      });
    const key = `${place.name}\0${name}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const joining = this.#take(place, name, input, key);
    this.#byKey.set(key, joining);
    joining.catch(() => this.#byKey.delete(key));
    return joining;
  }

  async #take(place: PlacedService, name: string, input: unknown, key: string): Promise<SeatOfPlayer> {
    const skynet = this.#skynet;
    kernelOf(skynet).thread.modules.provide('roomd', new URL(ROOMD_FILE, import.meta.url).href);
    const roomd = await skynet.uniqueService('roomd');
    for (let attempt = 1; ; attempt++) {
      try {
        const places = await skynet.call<RoomPlaces>(roomd, 'lua', 'find', place, name);
        return await this.#sit(places, name, input, key);
      } catch (error) {
        const isGone = GONE.some((code) => isSkynetError(error, code));
        if (!isGone) throw error;
        if (attempt === ATTEMPTS)
          throw playerError('ERR_ROOM_CLOSED', `the room ${JSON.stringify(name.slice(0, 80))} has ended`, {
            cause: error,
          });
      }
    }
  }

  async #sit(
    { room, channel }: RoomPlaces,
    name: string,
    input: unknown,
    key: string,
  ): Promise<SeatOfPlayer> {
    const skynet = this.#skynet;
    const seat = new SeatOfPlayer(skynet, name, room, () => this.#gone(key, seat));
    const bound = this.#multicast.bind<[body: Uint8Array]>(channel, {
      unpack: (bytes) => [bytes],
      dispatch: (_channel, source, body) => {
        if (source === room) seat.hear(body, this.#send);
      },
    });
    seat.bound = bound;
    this.#byRoom.set(room, seat);
    try {
      // Before it is a member, lest it miss what is said right after; what is said before that is kept back.
      await bound.subscribe();
      seat.joined(await skynet.call(room, 'lua', 'join', this.#uid, this.#isOnline, input), this.#send);
      return seat;
    } catch (error) {
      this.#byRoom.delete(room);
      seat.letGo();
      throw error;
    }
  }

  /** A room has let the player go. */
  lost(room: Handle, reason: string): void {
    this.#byRoom.get(room)?.end(reason as LeaveReason);
  }

  online(is: boolean): void {
    this.#isOnline = is;
    for (const room of this.#byRoom.keys()) this.#skynet.sender<RoomCommands>(room).online(is);
  }

  leaveAll(): void {
    for (const seat of this.all) seat.letGo();
  }

  #gone(key: string, seat: SeatOfPlayer): void {
    this.#byKey.delete(key);
    if (this.#byRoom.get(seat.room) === seat) this.#byRoom.delete(seat.room);
  }
}

/** A seat of a player. */
export class SeatOfPlayer implements Seat {
  readonly name: string;
  readonly room: Handle;
  readonly call: Calls<Record<never, never>>;
  readonly send: Sender<Record<never, never>>;
  info: unknown = undefined;
  bound: Channel<[body: Uint8Array]> | undefined = undefined;
  readonly #skynet: Skynet;
  readonly #gone: () => void;
  readonly #listeners: ((reason: LeaveReason) => unknown)[] = [];
  readonly #stopWatching: () => void;
  /** What was heard before it was clear that the seat is had. */
  #early: Uint8Array[] | undefined = [];
  #isOver = false;

  constructor(skynet: Skynet, name: string, room: Handle, gone: () => void) {
    this.#skynet = skynet;
    this.name = name;
    this.room = room;
    this.#gone = gone;
    this.#stopWatching = skynet.watch(room, () => this.end('closed'));
    this.call = commandsOf((command, args) => skynet.call(room, 'lua', 'command', command, ...args));
    this.send = commandsOf((command, args) => skynet.send(room, 'lua', 'command', command, ...args));
  }

  hear(body: Uint8Array, send: (body: Uint8Array) => void): void {
    if (this.#isOver) return;
    if (this.#early === undefined) send(body);
    else this.#early.push(body);
  }

  joined(info: unknown, send: (body: Uint8Array) => void): void {
    this.info = info;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const body of early) send(body);
  }

  async leave(): Promise<void> {
    if (this.#isOver) return;
    this.end('left');
    try {
      await this.#skynet.call(this.room, 'lua', 'leave');
    } catch (error) {
      // Then there is nothing left to leave.
      if (!isSkynetError(error, 'ERR_SERVICE_GONE') && !isSkynetError(error, 'ERR_NO_SERVICE')) throw error;
    }
  }

  /** The same without waiting: the player ends, and its room hears of that too. */
  letGo(): void {
    this.bound?.unsubscribe();
    this.#stopWatching();
    this.#isOver = true;
  }

  onLeft(work: (reason: LeaveReason) => unknown): void {
    this.#listeners.push(work);
  }

  end(reason: LeaveReason): void {
    if (this.#isOver) return;
    this.letGo();
    this.#gone();
    for (const work of this.#listeners) this.#skynet.fork(work, reason);
  }
}

/** An object with every method there could be. */
function commandsOf(run: (command: string, args: readonly unknown[]) => unknown): never {
  const made = new Map<string, (...args: unknown[]) => unknown>();
  return new Proxy(
    {},
    {
      get(_target, name) {
        // Who awaits it must not take it for a promise.
        if (typeof name !== 'string' || name === 'then') return undefined;
        let method = made.get(name);
        if (method === undefined) {
          method = (...args) => run(name, args);
          made.set(name, method);
        }
        return method;
      },
    },
  ) as never;
}
