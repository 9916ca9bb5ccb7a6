import type { Request, Skynet } from '@skynet/core';
import type { SnaxDefinition, SnaxInside, SnaxMethod, SnaxMethods, SnaxTable, TableOf } from './contract.ts';

/** What may be said of a snax service besides its functions. */
export interface SnaxOptions {
  /**
   * Names of all methods in the order of their numbers, `accept.put`, `response.get`: for services that the original's
   * nodes call and whose script there defines them in another order. Default: `accept`, then `response`.
   */
  readonly order?: readonly string[];
}

/**
 * Declares a snax service (book §12.2); the module's default export. `setup` runs once for each instance: its variables
 * are the state, what it returns are the functions. Callers without an instance at hand run it, too, with a context that
 * does nothing, to learn the functions' names: it should define and leave work to `init`. With `order` they need not.
 */
export function defineSnax<const Table extends SnaxTable>(
  setup: (skynet: Skynet, snax: SnaxInside) => Table | Promise<Table>,
  options: SnaxOptions = {},
): SnaxDefinition<Table> {
  return { kind: 'skynet.snax', setup, order: options.order };
}

/** Whether a value was made by {@link defineSnax}, also by another copy of this package. */
export function isSnaxDefinition(value: unknown): value is SnaxDefinition {
  return typeof value === 'object' && value !== null && (value as SnaxDefinition).kind === 'skynet.snax';
}

type Arguments<Method> = Method extends (...args: infer Args) => unknown ? Args : never;
type Replacement<Method> = (this: Request, ...args: Arguments<Method>) => unknown;
type LocalsOf<Table> = Table extends { readonly locals: infer Locals } ? Locals : Record<string, unknown>;

/** What a patch replaces; what is not there stays. */
export interface PatchTable {
  readonly accept?: SnaxMethods;
  readonly response?: SnaxMethods;
  readonly init?: SnaxMethod;
  readonly exit?: SnaxMethod;
  /** Runs right after the functions are in place. What it returns, or resolves to, is what `snax.hotfix` gives. */
  readonly hotfix?: (...args: never[]) => unknown;
}

/** A patch for services of one script. */
export type PatchOf<Table extends SnaxTable> = {
  /** Functions that take the place of those of the same name. */
  readonly accept?: {
    readonly [Name in keyof Table['accept']]?: Replacement<NonNullable<Table['accept']>[Name]>;
  };
  /** The same for those that answer. */
  readonly response?: {
    readonly [Name in keyof Table['response']]?: Replacement<NonNullable<Table['response']>[Name]>;
  };
  readonly init?: (...args: never[]) => unknown;
  /** Runs when a patched service ends, in place of the script's. */
  readonly exit?: (...args: never[]) => unknown;
  /** Runs right after the functions are in place. What it returns, or resolves to, is what `snax.hotfix` gives. */
  readonly hotfix?: (...args: never[]) => unknown;
};

/** The default export of a patch's module. */
export interface PatchDefinition {
  readonly kind: 'skynet.snax.patch';
  /** Gives the functions that replace those of the service. */
  readonly make: (snax: SnaxInside, locals: never, skynet: Skynet) => PatchTable;
}

/**
 * Declares a patch as a module, checked against the script it is for: `definePatch<typeof script>((snax, locals) => …)`.
 * `locals` reads and writes the variables that the service has registered.
 */
export function definePatch<Script>(
  make: (snax: SnaxInside, locals: LocalsOf<TableOf<Script>>, skynet: Skynet) => PatchOf<TableOf<Script>>,
): PatchDefinition {
  return { kind: 'skynet.snax.patch', make: make as unknown as PatchDefinition['make'] };
}

/** Whether a value was made by {@link definePatch}. */
export function isPatchDefinition(value: unknown): value is PatchDefinition {
  return (
    typeof value === 'object' && value !== null && (value as PatchDefinition).kind === 'skynet.snax.patch'
  );
}
