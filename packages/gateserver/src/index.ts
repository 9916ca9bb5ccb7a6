// For authors of services.

export type { GateErrorCode } from './errors.ts';
export type { GateCommands } from './gate.ts';
// The stock service.
export { gate } from './gate.ts';
export { Gateserver, startGateserver } from './gateserver.ts';
export type { GateHandler, OpenedConfig } from './handler.ts';
export type { GateLimits, GateOptions } from './options.ts';
