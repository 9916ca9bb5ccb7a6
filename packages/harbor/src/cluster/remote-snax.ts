import { printable } from '@skynet/core';
import { clusterError } from './errors.ts';

/** Number of a snax service's first own method; those before it are its life: init, exit, hotfix, profile. */
const FIRST_METHOD = 5;

/** A snax service of another node, as {@link Cluster.snax} finds it. */
export interface SnaxDescription {
  /** Its methods in the order in which its script defines them, `"accept.put"` or `"response.get"`. */
  methods: readonly string[];
  /** Where it is: `"@name"`, `".name"` or a handle. Default: the one that the other node's service manager has under its name. */
  address?: string | number;
}

/** Calls and sends to a snax service of another node. */
export interface RemoteSnax<Methods = Record<string, (...args: never[]) => unknown>> {
  /** Calls a `response` method: its first value. */
  readonly req: {
    readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Result
      ? (...args: Args) => Promise<Awaited<Result>>
      : never;
  };
  /** Sends to an `accept` method. */
  readonly post: {
    readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => unknown
      ? (...args: Args) => void
      : never;
  };
}

/** What calls and sends by number. */
export interface SnaxCaller {
  call(method: number, args: unknown[]): Promise<unknown>;
  send(method: number, args: unknown[]): void;
}

/** @throws ERR_ARGUMENT for methods that are not named so. Unknown methods throw when they are asked for. */
export function createRemoteSnax<Methods>(
  name: string,
  methods: readonly string[],
  caller: SnaxCaller,
): RemoteSnax<Methods> {
  const ids = methodIds(methods);
  const table = (group: string, verb: string, make: (id: number) => unknown): object =>
    new Proxy(
      {},
      {
        get: (_target, method) => {
          // Whoever looks whether it is a promise asks for no method.
          if (typeof method !== 'string' || method === 'then') return undefined;
          const id = ids.get(`${group}.${method}`);
          if (id === undefined)
            throw clusterError('ERR_ARGUMENT', `${verb} ${name}:${printable(method)} no exist`);
          return make(id);
        },
      },
    );
  return {
    req: table(
      'response',
      'request',
      (id) =>
        (...args: unknown[]) =>
          caller.call(id, args),
    ),
    post: table(
      'accept',
      'post',
      (id) =>
        (...args: unknown[]) =>
          caller.send(id, args),
    ),
  } as RemoteSnax<Methods>;
}

/** Numbers of methods, by the order in which a script defines them. @throws ERR_ARGUMENT. */
export function methodIds(methods: readonly string[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const method of methods) {
    if (!/^(accept|response)\../.test(method))
      throw clusterError(
        'ERR_ARGUMENT',
        `a method is "accept.name" or "response.name", not ${printable(method)}`,
      );
    if (ids.has(method)) throw clusterError('ERR_ARGUMENT', `${printable(method)} duplicate definition`);
    ids.set(method, FIRST_METHOD + ids.size);
  }
  return ids;
}
