export type { WsOptions } from './ws.ts';
export { ws } from './ws.ts';
