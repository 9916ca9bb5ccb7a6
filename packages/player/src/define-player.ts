import type { Skynet } from '@skynet/core';
import { defineService, PTYPE } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import type {
  EventName,
  PlayerCommands,
  PlayerDefinition,
  PlayerStart,
  PushTable,
  RequestTable,
  ResolvedPlayer,
} from './contract.ts';
import { playerError } from './errors.ts';
import { type Player, PlayerOfService } from './player.ts';
import { isRequest } from './request.ts';

/** What holds for every player of a kind. */
export interface PlayerOptions<Pushes extends PushTable, Code extends string> {
  /** What may be pushed: by name a checker, or `push<Type>()`. Names of events (`connected`, `lost` …) are refused. */
  pushes?: Pushes & { readonly [Name in EventName | '']?: never };
  /** Codes of the player's own errors, which `player.refuse` makes and clients are told. */
  errors?: readonly Code[];
  /** Requests a second, on average. Default 200; 0: no limit. */
  rate?: number;
  /** Requests at once. Default 2048: a client that comes back has what it queued. */
  burst?: number;
}

/** Names of the client's events. */
const EVENTS: readonly EventName[] = ['connected', 'lost', 'resumed', 'kicked', 'missed', 'failed'];

/**
 * Declares what a player is: a service, one for each player, that answers the requests of its client. The default export
 * of a module that `startPlayers` starts by its name. `start` runs when the player logs in for the first time, and gets the
 * context and the {@link Player}; it returns the requests. The player lives on while connections come and go, and when the
 * user logs in again, until it is logged out, thrown out, or has been away for too long.
 *
 * ```ts
 * export default definePlayer({ pushes, errors: ['NO_GOLD'] }, (skynet, player) => ({
 *   whoami: request(() => player.uid),
 *   say: request(text({ max: 200 }), (words) => player.push('said', { from: player.uid, words })),
 * }));
 * ```
 *
 * The client has the types from `typeof import('./player.ts')`, nothing is generated.
 * @throws ERR_ARGUMENT.
 */
export function definePlayer<
  const Pushes extends PushTable = Record<never, never>,
  const Code extends string = never,
  Requests extends RequestTable = RequestTable,
>(
  options: PlayerOptions<Pushes, Code>,
  start: (skynet: Skynet, player: Player<Pushes, Code>) => Requests | Promise<Requests>,
): PlayerDefinition<Requests, Pushes, Code, PlayerCommands, [PlayerStart]> {
  const resolved = resolve(options);
  if (typeof start !== 'function')
    throw playerError('ERR_ARGUMENT', 'a player needs a function that returns its requests', {
      details: { key: 'start' },
    });
  const definition = defineService(async (skynet: Skynet, given: PlayerStart): Promise<PlayerCommands> => {
    if (typeof given?.uid !== 'string' || typeof given.gate !== 'number')
      throw playerError('ERR_ARGUMENT', 'players are started by startPlayers', { details: { key: 'uid' } });
    const player = new PlayerOfService(skynet, kernelOf(skynet), given, resolved);
    skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });
    const requests = await start(skynet, player as unknown as Player<Pushes, Code>);
    for (const [name, declared] of Object.entries(requests ?? {}))
      if (!isRequest(declared))
        throw playerError('ERR_ARGUMENT', `${name} of the player is no request(…)`, {
          details: { key: name },
        });
    return player.serve(requests);
  });
  return definition as unknown as PlayerDefinition<Requests, Pushes, Code, PlayerCommands, [PlayerStart]>;
}

function resolve<Pushes extends PushTable, Code extends string>(
  given: PlayerOptions<Pushes, Code>,
): ResolvedPlayer {
  return readOptions('player option', given, (options) => {
    const pushes = (options.value('pushes') ?? {}) as PushTable;
    if (typeof pushes !== 'object') options.wrong('pushes', 'an object of checkers');
    for (const [name, of] of Object.entries(pushes)) {
      if (name === '' || (EVENTS as readonly string[]).includes(name))
        options.wrong(
          'pushes',
          `an object without ${name === '' ? 'an empty name' : `the event ${name}`}`,
          undefined,
        );
      if (typeof (of as { check?: unknown } | undefined)?.check !== 'function')
        options.wrong('pushes', 'an object of checkers, or push()');
    }
    return {
      pushes,
      errors: new Set(options.texts('errors', 'a list of codes', 0) ?? []),
      rate: options.whole('rate', 0, 1_000_000, 200),
      burst: options.whole('burst', 1, 1_000_000, 2048),
    };
  });
}
