import {
  type Body,
  defineService,
  PTYPE,
  packSeri,
  type Request,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import type { Target } from './request-frame.ts';

/** Type number that messages are taken for, so that their bodies are passed on as they are. */
const FORWARDED = 250;

declare module '@skynet/core' {
  interface Protocols {
    forwarded: true;
  }
}

/** Sends a body to where it belongs, and gives what comes back. */
export interface Forward {
  call(node: string, to: Target, body: Uint8Array): Promise<Uint8Array>;
  send(node: string, to: Target, body: Uint8Array): void;
}

/** Bytes of a body. @throws ERR_UNSERIALIZABLE. */
export function bytesOf(body: Body): Uint8Array {
  return body instanceof Uint8Array ? body : packSeri(body);
}

/** A service that stands for one of another node: `lua` and snax messages to it go there (the original's `clusterproxy`). */
export function createProxyService(
  node: string,
  to: Target,
  forward: (skynet: Skynet) => Forward,
): ServiceDefinition {
  return defineService((skynet) => {
    const { call, send } = forward(skynet);
    skynet.registerProtocol({ name: 'forwarded', id: FORWARDED });
    skynet.forwardType({ [PTYPE.LUA]: FORWARDED, [PTYPE.SNAX]: FORWARDED });
    skynet.dispatch('forwarded', async (request: Request, body: Body) => {
      const bytes = bytesOf(body);
      if (request.session === 0) send(node, to, bytes);
      else request.rawRet(await call(node, to, bytes));
    });
  });
}

/**
 * A service that sends to one node what it is told to: `req` and `push` with an address and packed bytes (the original's
 * `clustersender`).
 */
export function createSenderService(node: string, forward: (skynet: Skynet) => Forward): ServiceDefinition {
  return defineService((skynet) => {
    const { call, send } = forward(skynet);
    skynet.dispatch('lua', {
      async req(this: Request, to: Target, body: Uint8Array) {
        this.rawRet(await call(node, to, body));
      },
      push: (to: Target, body: Uint8Array) => send(node, to, body),
    });
  });
}
