// The client of a player, for browsers and Node: reaches nothing that only Node has.
export type { CodesOf, Pushed, PushesOf, RequestsOf } from '../contract.ts';
export type { KickReason } from '../wire.ts';
export { type Asks, connectPlayer, type PlayerClient, type PlayerState } from './client.ts';
export { type PlayerClientErrorCode, PlayerError, type PlayerErrorOptions } from './errors.ts';
export type { PlayerEvents } from './events.ts';
export type { ConnectPlayerOptions, Listeners, PlayerRequestOptions } from './options.ts';
export type { MessageClient, MessageConnect, MessageListeners, Ticket } from './ports.ts';
