import type { Handle, Skynet } from '@skynet/core';
import type { ServerOptions } from '@skynet/http';
import { createHandler } from './routes.ts';

/** Most bytes of a body. */
const BODY_LIMIT = 65_536;

/** What serves a connection, in whichever service. */
export function serverOptions(skynet: Skynet, _last: Handle, _unmasked: boolean): ServerOptions {
  return { handler: createHandler(skynet, {}), bodyLimit: BODY_LIMIT };
}
