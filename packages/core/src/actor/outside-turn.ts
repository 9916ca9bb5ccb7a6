import { formatHandle, type Handle } from '../handle.ts';
import { stackOf, userFrames } from '../stack.ts';
import { isExit } from './task.ts';

/** Places that were warned of already. */
const warned = new Set<string>();
const MAX_WARNED = 1000;

/** A service whose context is used outside its turns. */
interface Strayed {
  readonly name: string;
  readonly handle: Handle;
  log(text: string): void;
}

/**
 * Tells, once for each place of an application's code, that a context was used after a plain `await` of a foreign
 * promise: what runs there is no longer the task it was. Says nothing in production (`NODE_ENV=production`).
 */
export function warnOutsideTurn(service: Strayed): void {
  if (process.env.NODE_ENV === 'production' || warned.size >= MAX_WARNED) return;
  const [place] = userFrames(stackOf(new Error('outside its turn')).frames);
  if (place === undefined || warned.has(place)) return;
  warned.add(place);
  service.log(
    `warning: the context of ${service.name} ${formatHandle(service.handle)} is used outside its turn; await promises that are not the framework's with skynet.await\n${place}`,
  );
}

/**
 * `exit()` outside every turn throws into whatever library has called: what ends up as an uncaught exception of this very
 * moment is no failure. Other exceptions go their way.
 */
export function expectExit(): void {
  const caught = (thrown: unknown): void => {
    if (isExit(thrown) || process.listenerCount('uncaughtException') > 1) return;
    process.off('uncaughtException', caught);
    // As without this listener: it goes on to be the end of the process.
    throw thrown;
  };
  process.on('uncaughtException', caught);
  setImmediate(() => process.off('uncaughtException', caught));
}
