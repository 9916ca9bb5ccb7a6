// For authors of services.
export type { LoginErrorCode } from './errors.ts';
export { type LoginServer, startLoginServer } from './loginserver.ts';
export { createServerKey, type ModernCipher, ModernClient, type ModernOptions } from './modern.ts';
export type { AddressLimits, Authenticated, LoginServerOptions } from './options.ts';
export type { Subid } from './status.ts';
