import { inspect } from 'node:util';
import type { Handle, Skynet } from '@skynet/core';
import type { SnaxInterface, SnaxObject } from './contract.ts';
import { snaxError } from './errors.ts';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Methods that are there are plain properties; only what is not there comes to the proxy behind them. */
function methodsOf(
  type: string,
  verb: string,
  ids: Readonly<Record<string, number>>,
  make: (id: number) => Methods[string],
): Methods {
  const unknown = new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // What a promise, an inspection or a conversion to JSON asks for is no method.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      throw snaxError('ERR_SNAX_METHOD', `${verb} ${type}:${name} no exist`, {
        details: { type, method: name },
      });
    },
    has: () => false,
  });
  const methods = Object.create(unknown) as Methods;
  for (const [name, id] of Object.entries(ids))
    Object.defineProperty(methods, name, { value: make(id), enumerable: true });
  Object.defineProperty(methods, inspect.custom, { value: () => `[${Object.keys(ids).join(', ')}]` });
  return methods;
}

/** An object to work with a service by. */
export function createObject(skynet: Skynet, handle: Handle, type: string, known: SnaxInterface): SnaxObject {
  const post = methodsOf(
    type,
    'post',
    known.accept,
    (id) =>
      (...args) =>
        void skynet.send(handle, 'snax', id, ...args),
  );
  const req = methodsOf(type, 'request', known.response, (id) => (...args) => {
    // Most have few arguments, and spreading costs more than they do.
    if (args.length === 0) return skynet.call(handle, 'snax', id);
    return args.length === 1
      ? skynet.call(handle, 'snax', id, args[0])
      : skynet.call(handle, 'snax', id, ...args);
  });
  return new BoundObject(handle, type, post, req) as unknown as SnaxObject;
}

class BoundObject {
  readonly handle: Handle;
  readonly type: string;
  readonly post: Methods;
  readonly req: Methods;

  constructor(handle: Handle, type: string, post: Methods, req: Methods) {
    this.handle = handle;
    this.type = type;
    this.post = post;
    this.req = req;
  }

  toString(): string {
    return `[${this.type}:${this.handle.toString(16)}]`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
