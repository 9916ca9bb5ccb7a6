// What an application uses: services, configuration, nodes. A comment between two blank lines keeps the parts apart.

export type { SkynetConfig } from './config/skynet-config.ts';
export { defineConfig } from './config/skynet-config.ts';
export type { CallGroup, CallOutcome, CallTarget, Proxy, Sender, ServiceHandle } from './contracts/call.ts';
export type { EndReason, GoneEvent } from './contracts/ending.ts';
export type {
  LaunchArgument,
  LaunchValue,
  MailboxOptions,
  PlacedService,
  Placement,
} from './contracts/launch.ts';
export type { DrainOptions, DrainReport, MoveOptions, ReloadOptions } from './contracts/moves.ts';
export type {
  LearntPlace,
  PlacementCommands,
  PlacementMode,
  PlacementMove,
  PlacementReport,
  TalkEdge,
  ThreadLoad,
} from './contracts/placement.ts';
export type { CommandTable, Dispatcher, FilteredMessage, Request, Response } from './contracts/request.ts';
export type { Sendable, Unsendable } from './contracts/sendable.ts';
export type {
  Handover,
  LaunchArguments,
  ServiceDefinition,
  ServiceModule,
  ServiceStat,
  Skynet,
} from './contracts/skynet.ts';
export type { AwaitOptions, CriticalSection, SuspendedTask, Task, TimerHandle } from './contracts/task.ts';
export type { CommandsOf, ServiceOptions } from './define.ts';
export { defineService } from './define.ts';
export type { Duration } from './duration.ts';
export { readDuration, toMilliseconds } from './duration.ts';
export type { ErrorCode, KernelErrorCode, SkynetErrorOptions } from './errors.ts';
export { isSkynetError, SkynetError } from './errors.ts';
export type { Address, Handle } from './handle.ts';
export { formatHandle } from './handle.ts';
export { printable } from './log/printable.ts';
export type { Body, Packed } from './message.ts';
export type { Node, NodeOptions } from './node/node.ts';
export { startNode } from './node/node.ts';
export type { Protocol, ProtocolName, Protocols } from './protocol.ts';
export { isRequestType, PTYPE } from './protocol.ts';
export type { ChildOptions, Strategy, SupervisorOptions } from './supervision/options.ts';
export { type ChildState, type Supervisor, supervise } from './supervision/supervisor.ts';

// What authors of other packages and of tools use besides.

export { ServiceLoader } from './actor/loader.ts';
export { packSeri, unpackSeri } from './codec/lua-seri.ts';
export { LuaFloat } from './codec/seri-format.ts';
export type { Value } from './codec/value.ts';
export type { ResolvedConfig } from './config/config.ts';
export { resolveConfig } from './config/config.ts';
export { loadConfig } from './config/load.ts';
export { readLuaConfig } from './config/lua.ts';
export { harborOf, localOf, makeHandle, parseHandle } from './handle.ts';
export { startResolved } from './node/node.ts';
