import { type LaunchArgument, type Skynet, SkynetError } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { Master } from './master.ts';
import { ModernSuite } from './modern.ts';
import { type LoginServerOptions, resolveOptions } from './options.ts';
import { startSlave } from './slave.ts';

/** A running login server, as its own service sees it. */
export interface LoginServer {
  /** Where it listens, `ip:port`, or the path or name; the first place if there are several. */
  readonly address: string;
  /** The same as an address to connect to from this machine. */
  readonly url: string;
  /** The bound port, 0 for transports without ports. */
  readonly port: number;
  /** All places where it listens, as addresses to connect to. */
  readonly urls: readonly string[];
  /** Connections now. */
  readonly count: number;
  /** Stops listening; logins under way go on. */
  close(): Promise<void>;
}

/**
 * Makes this service a login server (`login(conf)` of the original's `snax.loginserver`, book §14.3). The service's
 * module is started once; it starts `instance` copies of itself as slaves, over all threads, which shake hands with
 * clients and check tokens, while the first one, the master, listens and works on what `loginHandler` and
 * `commandHandler` are for. So every copy runs what stands before this call in the module, and state is only shared
 * between `loginHandler` and `commandHandler`.
 *
 * Await it as the last thing in the service's start function.
 *
 * @param args The service's start arguments; the slaves get them too.
 * @returns The running server in the master, undefined in the slaves.
 * @throws ERR_ARGUMENT for options that cannot be used; ERR_NAME_TAKEN when a service of that name runs; ERR_LISTEN,
 * ERR_ADDRESS_INVALID.
 */
export async function startLoginServer(
  skynet: Skynet,
  args: readonly LaunchArgument[],
  options: LoginServerOptions,
): Promise<LoginServer | undefined> {
  const kernel = kernelOf(skynet);
  const resolved = resolveOptions(options);
  const modern = resolved.modern === undefined ? undefined : new ModernSuite(resolved.modern);
  const name = `.${resolved.name}`;
  // Copies that start while the master holds this name are its slaves, any later one is a mistake.
  const starter = skynet.localName(resolved.starting);
  if (starter !== undefined) {
    startSlave(skynet, options, resolved.classic, modern, starter);
    return undefined;
  }
  if (skynet.localName(name) !== undefined) {
    throw new SkynetError('ERR_NAME_TAKEN', `there is a login server ${name} already`, {
      details: { name },
    });
  }
  skynet.dispatch('lua', (_request, command: string, ...rest: unknown[]) =>
    options.commandHandler(command, ...rest),
  );
  skynet.register(name);
  const master = new Master(skynet, kernel, args, options, resolved);
  await master.start();
  return {
    get address() {
      return master.listeners[0]?.address ?? '';
    },
    get url() {
      return master.listeners[0]?.url ?? '';
    },
    get port() {
      return master.listeners[0]?.port ?? 0;
    },
    get urls() {
      return master.listeners.map(({ url }) => url);
    },
    get count() {
      return master.count;
    },
    close: () => master.close(),
  };
}
