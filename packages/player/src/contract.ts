// Types that server and client share. No code: a page that imports them gets nothing of the server.
import type { Handle, Request, ServiceDefinition } from '@skynet/core';
import type { Checker } from './checker.ts';

/** A request of a player: what it takes, and what it answers. */
export interface PlayerRequest<Input = never, Output = unknown> {
  readonly kind: 'skynet.request';
  readonly __input?: (input: Input) => void;
  readonly __output?: Output;
}

/** The requests of a player, by name. */
export type RequestTable = { readonly [name: string]: PlayerRequest };

/** What may be pushed to a player, by name: what each carries. */
export type PushTable = { readonly [name: string]: Checker<unknown> };

/** Names that are events of the client, so no push can have them. */
export type EventName = 'connected' | 'lost' | 'resumed' | 'kicked' | 'missed' | 'failed';

/** What a player is, for the compiler: the default export of its module. */
export interface PlayerDefinition<
  Requests = RequestTable,
  Pushes = PushTable,
  Code extends string = string,
  Commands = unknown,
  Args = unknown,
> extends ServiceDefinition<Commands, Args> {
  readonly __player?: { readonly requests: Requests; readonly pushes: Pushes; readonly code: Code };
}

type Part<Of, Key extends 'requests' | 'pushes' | 'code'> = Of extends {
  readonly __player?: infer Player;
}
  ? NonNullable<Player> extends { readonly [_ in Key]: infer Found }
    ? Found
    : never
  : never;

/** The definition itself, from it or from its module: `typeof import('./player.ts')`. */
export type DefinitionOf<Of> = Of extends { readonly default: infer Definition } ? Definition : Of;

/** Requests of a player, from its definition or its module; any, where that is unknown. */
export type RequestsOf<Of> = unknown extends Of
  ? { readonly [name: string]: PlayerRequest<unknown, unknown> }
  : Part<DefinitionOf<Of>, 'requests'>;
/** Pushes to it. */
export type PushesOf<Of> = unknown extends Of ? PushTable : Part<DefinitionOf<Of>, 'pushes'>;
/** Codes of its own errors. */
export type CodesOf<Of> = unknown extends Of ? string : Part<DefinitionOf<Of>, 'code'>;

/** What a push of that name carries. */
export type Pushed<Pushes, Name extends keyof Pushes> =
  Pushes[Name] extends Checker<infer Value> ? Value : never;

/** What follows the name of a push: its value, or nothing where it carries none. */
export type PushArguments<Value> = [Value] extends [undefined] ? [] : [value: Value];

/** What a player's service is started with, by `startPlayers`. */
export interface PlayerStart {
  /** Who it is. */
  readonly uid: string;
  /** The service that has started it, and reaches the client. */
  readonly gate: Handle;
  /** Name of the login, for the gate. */
  readonly username: string;
}

/** Commands of a player's service, for the gate and for rooms. */
export type PlayerCommands = {
  /** A new login of the player. */
  attach(username: string): void;
  /** The client has a connection now, or has none any more. */
  online(is: boolean): Promise<void>;
  /** The player's time is over. */
  end(reason: string): Promise<void>;
  /** A room has let the player go. */
  left(room: Handle, reason: string): void;
  /** Something for the client, from a room. */
  tell(this: Request, body: Uint8Array): void;
};

/** What holds for every player of a kind, with defaults. */
export interface ResolvedPlayer {
  readonly pushes: PushTable;
  readonly errors: ReadonlySet<string>;
  readonly rate: number;
  readonly burst: number;
}
