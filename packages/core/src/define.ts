import type { CommandTable, ServiceDefinition, Skynet } from './contracts/skynet.ts';

/** The commands of a service, from its definition: `CommandsOf<typeof import('./mydb.ts').default>`. */
export type CommandsOf<Definition> = Definition extends ServiceDefinition<infer Commands> ? Commands : never;

type CommandsReturned<Result> = Awaited<Result> extends CommandTable ? Awaited<Result> : unknown;

/**
 * Declares a service; the module's default export. `start` is the body of the original's `skynet.start`
 * (book §3.1): it gets the context and the start arguments, and whoever started the service waits for it.
 * A table of functions that it returns becomes the handler of `lua` messages, and the type by which
 * `skynet.proxy` checks callers.
 */
export function defineService<Result>(
  start: (skynet: Skynet, ...args: string[]) => Result,
): ServiceDefinition<CommandsReturned<Result>> {
  return { kind: 'skynet.service', start };
}

/** Whether a value was made by {@link defineService}, also by another copy of this package. */
export function isServiceDefinition(value: unknown): value is ServiceDefinition {
  return (
    typeof value === 'object' && value !== null && (value as ServiceDefinition).kind === 'skynet.service'
  );
}
