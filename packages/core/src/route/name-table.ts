import { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';

/** The longest global name, in bytes, as in the original. */
const MAX_GLOBAL_NAME = 15;

/** Whether a name is one of this node (it starts with a dot). */
export function isLocalName(name: string): boolean {
  return name.startsWith('.');
}

/** @throws ERR_NAME_INVALID when the text cannot be an alias. */
export function checkName(name: unknown): string {
  const problem =
    typeof name !== 'string' || name === '' || name === '.'
      ? 'is not a name'
      : isLocalName(name)
        ? undefined
        : name.startsWith(':') || !Number.isNaN(Number(name))
          ? 'looks like a handle'
          : new TextEncoder().encode(name).length > MAX_GLOBAL_NAME
            ? `is longer than ${MAX_GLOBAL_NAME} bytes`
            : undefined;
  if (problem !== undefined) throw new SkynetError('ERR_NAME_INVALID', `name ${String(name)} ${problem}`, { details: { name } });
  return name as string;
}

/** Aliases of services (book §5): `.local` ones, and global ones that others wait for. */
export class NameTable {
  readonly #handles = new Map<string, Handle>();
  readonly #waiting = new Map<string, ((handle: Handle) => void)[]>();

  get(name: string): Handle | undefined {
    return this.#handles.get(name);
  }

  /** Gives a name; the first owner keeps it. Returns whether it was free. */
  add(name: string, handle: Handle): boolean {
    if (this.#handles.has(name)) return false;
    this.#handles.set(name, handle);
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const tell of waiting ?? []) tell(handle);
    return true;
  }

  remove(name: string): boolean {
    return this.#handles.delete(name);
  }

  /** Tells the handle of a name, now or as soon as somebody gives it. Returns a function that stops waiting. */
  whenNamed(name: string, tell: (handle: Handle) => void): () => void {
    const handle = this.#handles.get(name);
    if (handle !== undefined) {
      tell(handle);
      return () => {};
    }
    const waiting = this.#waiting.get(name) ?? [];
    waiting.push(tell);
    this.#waiting.set(name, waiting);
    return () => {
      const left = (this.#waiting.get(name) ?? []).filter((other) => other !== tell);
      if (left.length > 0) this.#waiting.set(name, left);
      else this.#waiting.delete(name);
    };
  }

  /** Drops the local names of a service that ended; its global names stay, as in the original (book §5.3.4). */
  dropLocal(handle: Handle): void {
    for (const [name, owner] of this.#handles) if (owner === handle && isLocalName(name)) this.#handles.delete(name);
  }

  all(): [string, Handle][] {
    return [...this.#handles];
  }
}
