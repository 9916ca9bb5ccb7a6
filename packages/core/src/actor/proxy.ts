import type { CallTarget, Proxy as CommandProxy, Sender } from '../contracts/call.ts';
import type { Skynet } from '../contracts/skynet.ts';
import type { Address } from '../handle.ts';

/** An object whose every method is made on first use. `then` stays absent: a proxy is not a promise. */
function methods<T extends object>(make: (command: string) => (...args: unknown[]) => unknown): T {
  const made: Record<string, unknown> = Object.create(null);
  return new Proxy(made, {
    get(target, name) {
      if (typeof name !== 'string' || name === 'then') return undefined;
      target[name] ??= make(name);
      return target[name];
    },
  }) as T;
}

export function createProxy<Commands>(skynet: Skynet, to: Address | CallTarget): CommandProxy<Commands> {
  return methods<CommandProxy<Commands>>(
    (command) =>
      (...args) =>
        skynet.call(to, 'lua', command, ...args),
  );
}

export function createSender<Commands>(skynet: Skynet, to: Address): Sender<Commands> {
  return methods<Sender<Commands>>(
    (command) =>
      (...args) =>
        void skynet.send(to, 'lua', command, ...args),
  );
}
