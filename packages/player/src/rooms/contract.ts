// Types of rooms, without code.
import type { Proxy as Calls, Handle, Sender, ServiceDefinition, SkynetError } from '@skynet/core';
import type { PushArguments, Pushed, PushTable } from '../contract.ts';

/** Who is in a room. The same object from `join` to `leave`, so a Map can have it as key. */
export interface Member {
  /** Who it is: what the login says. */
  readonly uid: string;
  /** The player's service. */
  readonly handle: Handle;
  /** Whether the client has a connection. */
  readonly online: boolean;
}

/**
 * Why a member leaves: it wants to (`left`), has no connection for longer than `keepSeat` (`away`), its player has ended
 * (`ended`), the room has let it go (`removed`), or closes (`closed`).
 */
export type LeaveReason = 'left' | 'away' | 'ended' | 'removed' | 'closed';

/** One step of a room's tick. */
export interface Step {
  /** Number of the step, from 1; steps that were skipped count. */
  readonly number: number;
  /** Milliseconds of one step: always the same. */
  readonly time: number;
  /** By how many milliseconds this one runs late. */
  readonly lag: number;
}

/** How late a room's steps were. */
export interface Lag {
  /** Milliseconds: of the last step, the mean and the worst of the last 128. */
  readonly last: number;
  readonly mean: number;
  readonly worst: number;
  /** Steps that were left out because the room was more than `catchUp` steps behind. */
  readonly skipped: number;
  /** Steps that ran. */
  readonly steps: number;
}

/** A room, as its own service sees it. */
export interface Room<Pushes = PushTable> {
  /** What it was found by; one of a kind for each name. */
  readonly name: string;
  /** Who is in it, by uid. */
  readonly members: ReadonlyMap<string, Member>;
  /** How late its steps were. */
  readonly lag: Lag;
  /**
   * Pushes to all members. It is packed once; all get the broadcasts of a room in one order.
   * @throws ERR_PLAYER_TOO_LARGE, ERR_ARGUMENT for a name that was not declared.
   */
  broadcast<Name extends keyof Pushes & string>(
    name: Name,
    ...value: PushArguments<Pushed<Pushes, Name>>
  ): void;
  /** Pushes to one member, behind what was broadcast before. */
  tell<Name extends keyof Pushes & string>(
    member: Member,
    name: Name,
    ...value: PushArguments<Pushed<Pushes, Name>>
  ): void;
  /** Lets a member go. */
  remove(member: Member): void;
  /** An error for who has joined or called, to be thrown. Clients are told those that their player declares. */
  refuse(code: string, message?: string, details?: Readonly<Record<string, unknown>>): SkynetError;
  /** Lets all go and ends the service. */
  close(): void;
}

/** What a room does. All may be asynchronous. */
export interface RoomBody {
  /** Somebody wants in; throw to refuse. What it returns is `seat.info`. */
  join?(member: Member, input: never): unknown;
  /** A member is gone. */
  leave?(member: Member, reason: LeaveReason): unknown;
  /** A member has lost its connection; the seat is kept. */
  lost?(member: Member): unknown;
  /** It is back. */
  back?(member: Member): unknown;
  /** One step, with the option `tick`. */
  tick?(step: Step): unknown;
  /** What members may call: `seat.call.say('hello')`. */
  commands?: { readonly [name: string]: (member: Member, ...args: never[]) => unknown };
  /** The room ends. */
  end?(): unknown;
}

/** What a room is, for the compiler. */
export interface RoomDefinition<Body = RoomBody, Commands = unknown, Args = unknown>
  extends ServiceDefinition<Commands, Args> {
  readonly __room?: Body;
}

type BodyOf<Of> = Of extends { readonly default: infer Definition }
  ? BodyOf<Definition>
  : Of extends { readonly __room?: infer Body }
    ? NonNullable<Body>
    : never;

/** The commands of a room as its members see them. */
export type RoomCommandsOf<Of> =
  BodyOf<Of> extends { commands: infer Commands }
    ? {
        [Name in keyof Commands]: Commands[Name] extends (member: Member, ...args: infer Args) => infer Result
          ? (...args: Args) => Result
          : never;
      }
    : Record<never, never>;

/** What `join` of a room takes besides the name. */
export type JoinArguments<Of> = [BodyOf<Of>] extends [never]
  ? [input?: unknown]
  : BodyOf<Of> extends { join: (member: Member, input: infer Input) => unknown }
    ? unknown extends Input
      ? []
      : undefined extends Input
        ? [input?: Input]
        : [input: Input]
    : [];

type InfoOf<Of> = [BodyOf<Of>] extends [never]
  ? unknown
  : BodyOf<Of> extends { join: (member: Member, input: never) => infer Info }
    ? Awaited<Info>
    : undefined;

/** A player's place in a room. */
export interface Seat<Of = unknown> {
  /** Name of the room. */
  readonly name: string;
  /** Its service. */
  readonly room: Handle;
  /** What the room's `join` has returned. */
  readonly info: InfoOf<Of>;
  /** Calls commands of the room. */
  readonly call: Calls<RoomCommandsOf<Of>>;
  /** Sends to them, without an answer. */
  readonly send: Sender<RoomCommandsOf<Of>>;
  /** Gives the seat back. */
  leave(): Promise<void>;
  /** Calls `work` once when the seat is gone: given back, taken, or the room has ended. */
  onLeft(work: (reason: LeaveReason) => unknown): void;
}

/** What holds for every room of a kind, with defaults, times in milliseconds. */
export interface ResolvedRoom {
  readonly pushes: PushTable;
  readonly seats: number;
  readonly keepSeat: number | undefined;
  readonly tick: number | undefined;
  readonly catchUp: number;
  readonly emptyFor: number;
}
