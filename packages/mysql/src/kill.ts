import type { Link } from './link.ts';
import type { ServerSettings } from './options.ts';
import { openWire } from './wire.ts';

/** Milliseconds that killing may take. */
const LIMIT = 5000;

/**
 * Closes a connection that has something under way, and has the server stop that at once: it would otherwise notice only
 * when it wants to answer, and keep its locks until then. Resolves when that is done, or could not be done.
 */
export function killLink(link: Link, settings: ServerSettings): Promise<void> {
  const { id } = link;
  link.destroy();
  return new Promise((resolve) => {
    const wire = openWire(settings, false);
    const done = (): void => {
      clearTimeout(timer);
      wire.destroy();
      wire.stream.destroy();
      resolve();
    };
    const timer = setTimeout(done, LIMIT);
    wire.on('error', done);
    wire.stream.on('close', done);
    // It may be gone already: then the server refuses.
    wire.query(`kill ${Number(id)}`, () => wire.end());
  });
}
