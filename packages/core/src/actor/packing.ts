import { copyArgs } from '../codec/copy.ts';
import { SkynetError } from '../errors.ts';
import type { Body } from '../message.ts';
import type { Protocol } from '../protocol.ts';
import { LUA_PROTOCOL, packValues } from './default-protocols.ts';

/** Values as a message carries them. */
export function packed(protocol: Protocol, values: unknown[]): Body {
  return carriesValues(protocol) ? copyArgs(values) : packWith(protocol, values);
}

/** Whether the values of a message are its body. */
export function carriesValues(protocol: Protocol): boolean {
  return protocol === LUA_PROTOCOL || protocol.pack === packValues;
}

/** Values as the protocol packs them. @throws ERR_PROTOCOL if it does not. */
export function packWith(protocol: Protocol, values: unknown[]): Body {
  if (protocol.pack === undefined) {
    throw new SkynetError('ERR_PROTOCOL', `protocol ${protocol.name} has no pack; use the raw calls`, {
      details: { type: protocol.name },
    });
  }
  return checkBody(protocol.pack(...values));
}

/** @throws ERR_ARGUMENT if it is none. */
export function checkBody(body: Body): Body {
  if (body instanceof Uint8Array || Array.isArray(body)) return body;
  throw new SkynetError('ERR_ARGUMENT', 'a packed body is what pack() returns, or bytes');
}
