import { type Duration, defineService, type Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { createMulticast } from '@skynet/core/multicast';
import { readOptions } from '@skynet/core/options';
import type { PushTable } from '../contract.ts';
import { playerError } from '../errors.ts';
import type { ResolvedRoom, Room, RoomBody, RoomDefinition } from './contract.ts';
import { type RoomCommands, RoomOfService } from './room.ts';

/** What a room's service is started with. */
export interface RoomStart {
  /** What it is found by. */
  readonly name: string;
}

/** What holds for every room of a kind. */
export interface RoomOptions<Pushes extends PushTable> {
  /** What may be pushed to its members: what their player declares, or a part of that. */
  pushes?: Pushes;
  /** Most members; default no limit. A further one gets ERR_ROOM_FULL. */
  seats?: number;
  /** How long a member's seat is kept without a connection. Default: as long as the player lives. */
  keepSeat?: Duration;
  /** Time of a step, 1 ms at least; without it the room has no tick. */
  tick?: Duration;
  /** Steps that a room that is late makes up for in a row; more are left out. Default 5. */
  catchUp?: number;
  /** How long a room without members lives. Default `"30s"`. */
  emptyFor?: Duration;
}

/**
 * Declares a room: a service that players join, the default export of a module on the search path. `start` runs when
 * somebody joins the room of that name for the first time; it returns what the room does.
 *
 * ```ts
 * export default defineRoom({ pushes, seats: 8, tick: '50ms' }, (skynet, room) => ({
 *   join: (member) => room.broadcast('said', { from: '', text: `${member.uid} is here` }),
 *   tick: ({ number }) => room.broadcast('step', number),
 *   commands: { say: (member, text: string) => room.broadcast('said', { from: member.uid, text }) },
 * }));
 * ```
 * @throws ERR_ARGUMENT.
 */
export function defineRoom<
  const Pushes extends PushTable = Record<never, never>,
  Body extends RoomBody = RoomBody,
>(
  options: RoomOptions<Pushes>,
  start: (skynet: Skynet, room: Room<Pushes>) => Body | Promise<Body>,
): RoomDefinition<Body, RoomCommands, [RoomStart]> {
  const resolved = resolve(options);
  if (typeof start !== 'function')
    throw playerError('ERR_ARGUMENT', 'a room needs a function that returns what it does', {
      details: { key: 'start' },
    });
  const definition = defineService(async (skynet: Skynet, given: RoomStart): Promise<RoomCommands> => {
    if (typeof given?.name !== 'string')
      throw playerError('ERR_ARGUMENT', 'rooms are started by whoever joins them', {
        details: { key: 'name' },
      });
    const channel = await createMulticast(skynet).new<[body: Uint8Array]>({ pack: (body) => body });
    const room = new RoomOfService(skynet, kernelOf(skynet), given.name, channel, resolved);
    const body = await start(skynet, room as unknown as Room<Pushes>);
    return room.serve(checked(body, resolved));
  });
  return definition as unknown as RoomDefinition<Body, RoomCommands, [RoomStart]>;
}

/** @throws ERR_ARGUMENT. */
function checked(body: RoomBody, { tick }: ResolvedRoom): RoomBody {
  return readOptions('part of a room', body, (parts) => {
    for (const name of ['join', 'leave', 'lost', 'back', 'end'] as const) parts.callable(name, false);
    parts.callable('tick', tick !== undefined);
    if (tick === undefined && parts.value('tick') !== undefined)
      parts.wrong('tick', 'left out where the option tick is missing', undefined);
    for (const command of Object.values(parts.value('commands') ?? {}))
      if (typeof command !== 'function') parts.wrong('commands', 'a table of functions');
    return body;
  });
}

function resolve<Pushes extends PushTable>(given: RoomOptions<Pushes>): ResolvedRoom {
  return readOptions('room option', given, (options) => {
    const tick = options.duration('tick', undefined);
    if (tick !== undefined && tick < 1) options.wrong('tick', 'a duration of a millisecond or more');
    return {
      pushes: (options.value('pushes') ?? {}) as PushTable,
      seats: options.whole('seats', 1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      keepSeat: options.duration('keepSeat', undefined),
      tick,
      catchUp: options.whole('catchUp', 1, 1000, 5),
      emptyFor: options.duration('emptyFor', 30_000),
    };
  });
}
