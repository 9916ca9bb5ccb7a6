import type { Skynet } from '@skynet/core';
import type { SnaxInside } from './contract.ts';

/** Any function of a service. */
export type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/** The functions of a service that a patch can replace. */
export interface Functions {
  readonly init: AnyFunction | undefined;
  readonly exit: AnyFunction | undefined;
  /** In the order of their numbers. */
  readonly methods: readonly AnyFunction[];
}

/** What patches of one instance work on. */
export interface PatchPlace {
  readonly skynet: Skynet;
  readonly type: string;
  /** The script's file. */
  readonly file: string;
  readonly snax: SnaxInside;
  /** Accessors of the variables that patches may join. */
  readonly locals: object;
  /** Locals that patches have declared and the service lacks: kept for later patches. */
  readonly fresh: Record<string, unknown>;
}
