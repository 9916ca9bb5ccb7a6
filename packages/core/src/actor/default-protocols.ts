import { copyArgs } from '../codec/copy.ts';
import { unpackSeri } from '../codec/lua-seri.ts';
import type { Body, Packed } from '../message.ts';
import { type Protocol, PTYPE } from '../protocol.ts';
import { ProtocolTable } from './protocol-table.ts';

/** Values as a body: copied, so that sender and receiver share nothing. */
export function packValues(...values: unknown[]): Packed {
  return copyArgs(values);
}

/** The values of a body; bytes are lua-seri of the original's nodes. */
export function unpackValues(body: Body): unknown[] {
  return body instanceof Uint8Array ? unpackSeri(body) : (body as unknown[]);
}

/** The usual type of messages between services (book §7.1). */
export const LUA_PROTOCOL: Protocol = { name: 'lua', id: PTYPE.LUA, pack: packValues, unpack: unpackValues };

/** The protocols every service starts with, shared until one of them adds its own. */
export const DEFAULT_PROTOCOLS: ProtocolTable = new ProtocolTable([
  LUA_PROTOCOL,
  { name: 'response', id: PTYPE.RESPONSE },
  { name: 'error', id: PTYPE.ERROR },
  { name: 'snax', id: PTYPE.SNAX, pack: packValues, unpack: unpackValues },
  { name: 'debug', id: PTYPE.DEBUG, pack: packValues, unpack: unpackValues },
]);
