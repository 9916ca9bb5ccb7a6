import type { MailboxOptions } from './contracts/launch.ts';
import type { CommandTable } from './contracts/request.ts';
import type { ServiceDefinition, ServiceModule, Skynet } from './contracts/skynet.ts';
import { mailboxLimit } from './mailbox-limit.ts';
import { readOptions } from './options.ts';

/** The commands of a service, from its definition or its module: `CommandsOf<typeof import('./mydb.ts')>`. */
export type CommandsOf<Definition> =
  Definition extends ServiceDefinition<infer Commands, infer _Args>
    ? Commands
    : Definition extends ServiceModule
      ? CommandsOf<Definition['default']>
      : never;

type CommandsReturned<Result> = Awaited<Result> extends CommandTable ? Awaited<Result> : unknown;

type ArgumentsOf<Start> = Start extends (skynet: Skynet, ...args: infer Args) => unknown ? Args : never;

/** What holds for every instance of a service. */
export interface ServiceOptions {
  /** Bounds what waits in its mailbox. Default: nothing does. */
  mailbox?: MailboxOptions;
}

/**
 * Declares a service; the module's default export. `start` is the body of the original's `skynet.start`
 * (book §3.1): it gets the context and the start arguments, and whoever started the service waits for it.
 * A table of functions that it returns becomes the handler of `lua` messages, and the type by which
 * `skynet.proxy` checks callers.
 */
export function defineService<Start extends (skynet: Skynet, ...args: string[]) => unknown>(
  start: Start,
  options?: ServiceOptions,
): ServiceDefinition<CommandsReturned<ReturnType<Start>>, ArgumentsOf<Start>>;
/**
 * The same for one that is started with values, any that can be sent: `defineService((skynet, { uid, gate }: Player) => …)`,
 * and `newService(definition, { uid, gate })`.
 */
export function defineService<Args extends readonly unknown[], Result>(
  start: (skynet: Skynet, ...args: Args) => Result,
  options?: ServiceOptions,
): ServiceDefinition<CommandsReturned<Result>, Args>;
/** @throws ERR_ARGUMENT. */
export function defineService(
  start: (skynet: Skynet, ...args: never[]) => unknown,
  options: ServiceOptions = {},
): ServiceDefinition {
  return readOptions<ServiceOptions, ServiceDefinition>('service option', options, (read) => {
    const mailbox = read.value('mailbox') as MailboxOptions | undefined;
    const definition = { kind: 'skynet.service', start } as const;
    return mailbox === undefined ? definition : { ...definition, mailbox: mailboxLimit(mailbox) };
  });
}

/** Whether a value was made by {@link defineService}, also by another copy of this package. */
export function isServiceDefinition(value: unknown): value is ServiceDefinition {
  return (
    typeof value === 'object' && value !== null && (value as ServiceDefinition).kind === 'skynet.service'
  );
}
