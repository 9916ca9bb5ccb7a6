// For authors of games.
export {
  anything,
  bytes,
  type Checker,
  either,
  flag,
  type LengthLimits,
  list,
  type NumberLimits,
  number,
  type OptionalPart,
  oneOf,
  optional,
  push,
  type SchemaFailure,
  type ShapeOf,
  shape,
  table,
  text,
  whole,
} from './checker.ts';
export type {
  CodesOf,
  DefinitionOf,
  EventName,
  PlayerCommands,
  PlayerDefinition,
  PlayerRequest,
  PlayerStart,
  PushArguments,
  Pushed,
  PushesOf,
  PushTable,
  RequestsOf,
  RequestTable,
} from './contract.ts';
export { definePlayer, type PlayerOptions } from './define-player.ts';
export type { PlayerErrorCode } from './errors.ts';
export { type LoginPoint, loginPoint, readToken, type Token } from './login.ts';
export type { EndOfPlayer, Player } from './player.ts';
export {
  type DrainOptions,
  type PlayerState,
  type Players,
  type PlayersCommands,
  type PlayersOptions,
  startPlayers,
} from './players.ts';
export { request } from './request.ts';
export type {
  JoinArguments,
  Lag,
  LeaveReason,
  Member,
  Room,
  RoomBody,
  RoomCommandsOf,
  RoomDefinition,
  Seat,
  Step,
} from './rooms/contract.ts';
export { defineRoom, type RoomOptions, type RoomStart } from './rooms/define-room.ts';
export type { RoomCommands } from './rooms/room.ts';
export type { InputOf, OutputOf, Schema, SchemaIssue, SchemaResult } from './schema.ts';
export type { KickReason } from './wire.ts';

// For whoever joins it to a message server.

export type { MessageHandlers, MessageServer, StartMessages } from './ports.ts';
