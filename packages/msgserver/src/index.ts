// For authors of services.
export type { MsgErrorCode } from './errors.ts';
export { type MsgCommands, MsgServer, startMsgServer } from './msgserver.ts';
export type { Content, MsgHandlers, MsgOptions } from './options.ts';
export type { Gate, GateEvents, StartGate } from './ports.ts';
export {
  type NamePart,
  type UserId,
  type UserIdBytes,
  userIdBytesOf,
  userIdOf,
  usernameOf,
} from './username.ts';
