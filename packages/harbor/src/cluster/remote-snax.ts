import { printable } from '@skynet/core';
import type { SnaxNumbers, SnaxScripts } from '../ports.ts';
import { clusterError } from './errors.ts';

/** Number of a snax service's first own method; those before it are its life: init, exit, hotfix, profile. */
const FIRST_METHOD = 5;

/** How a snax service of another node is found and called, see {@link Cluster.snax}: one of `snax` and `methods` is needed. */
export interface SnaxDescription {
  /** `createSnax(skynet)` of `@skynet/snax`: the methods are those of the script of that name on this node's search path. */
  snax?: SnaxScripts;
  /** The methods in the order in which its script defines them, `"accept.put"` or `"response.get"`. */
  methods?: readonly string[];
  /** Where it is: `"@name"`, `".name"` or a handle. Default: the one that the other node's service manager has under its name. */
  address?: string | number;
}

/** The functions of a group, from the type of a script of `@skynet/snax`; of other types all of it. */
type GroupOf<Script, Group extends 'accept' | 'response'> = Script extends {
  readonly setup: (...args: never[]) => infer Table;
}
  ? Awaited<Table> extends Readonly<Record<Group, infer Methods>>
    ? Methods
    : Record<never, never>
  : Script;

/** Calls and sends to a snax service of another node. */
export interface RemoteSnax<Script = Record<string, (...args: never[]) => unknown>> {
  /** Calls a `response` method: its first value. */
  readonly req: {
    readonly [Name in keyof GroupOf<Script, 'response'>]: GroupOf<Script, 'response'>[Name] extends (
      ...args: infer Args
    ) => infer Result
      ? (...args: Args) => Promise<Awaited<Result>>
      : never;
  };
  /** Sends to an `accept` method. */
  readonly post: {
    readonly [Name in keyof GroupOf<Script, 'accept'>]: GroupOf<Script, 'accept'>[Name] extends (
      ...args: infer Args
    ) => unknown
      ? (...args: Args) => void
      : never;
  };
}

/** What calls and sends by number. */
export interface SnaxCaller {
  call(method: number, args: unknown[]): Promise<unknown>;
  send(method: number, args: unknown[]): void;
}

/** Methods that are not there throw ERR_ARGUMENT when they are asked for. */
export function createRemoteSnax<Script>(
  name: string,
  numbers: SnaxNumbers,
  caller: SnaxCaller,
): RemoteSnax<Script> {
  const table = (
    verb: string,
    ids: Readonly<Record<string, number>>,
    make: (id: number) => unknown,
  ): object =>
    new Proxy(
      {},
      {
        get: (_target, method) => {
          // Whoever looks whether it is a promise asks for no method.
          if (typeof method !== 'string' || method === 'then') return undefined;
          const id = Object.hasOwn(ids, method) ? ids[method] : undefined;
          if (id === undefined)
            throw clusterError('ERR_ARGUMENT', `${verb} ${name}:${printable(method)} no exist`);
          return make(id);
        },
      },
    );
  return {
    req: table(
      'request',
      numbers.response,
      (id) =>
        (...args: unknown[]) =>
          caller.call(id, args),
    ),
    post: table(
      'post',
      numbers.accept,
      (id) =>
        (...args: unknown[]) =>
          caller.send(id, args),
    ),
  } as RemoteSnax<Script>;
}

/** Numbers of methods, by the script that is known here or by a list. @throws ERR_ARGUMENT, and what finding the script throws. */
export async function snaxNumbers(
  name: string,
  { snax, methods }: Pick<SnaxDescription, 'snax' | 'methods'>,
): Promise<SnaxNumbers> {
  if (methods !== undefined) return numbersOf(methods);
  if (snax !== undefined) return snax.interface(name);
  throw clusterError(
    'ERR_ARGUMENT',
    `the methods of ${printable(name)} are not known: give snax, or methods`,
  );
}

/** Numbers of methods, by the order in which a script defines them. @throws ERR_ARGUMENT. */
function numbersOf(methods: readonly string[]): SnaxNumbers {
  const numbers = {
    accept: Object.create(null) as Record<string, number>,
    response: Object.create(null) as Record<string, number>,
  };
  methods.forEach((method, i) => {
    const [, group, word] = /^(accept|response)\.(.+)$/s.exec(method) ?? [];
    if (word === undefined)
      throw clusterError(
        'ERR_ARGUMENT',
        `a method is "accept.name" or "response.name", not ${printable(method)}`,
      );
    const ids = numbers[group as 'accept' | 'response'];
    if (word in ids) throw clusterError('ERR_ARGUMENT', `${printable(method)} duplicate definition`);
    ids[word] = FIRST_METHOD + i;
  });
  return numbers;
}
