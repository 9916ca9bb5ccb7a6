import type { Registry } from '../contracts/registry.ts';
import { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { printable } from '../log/printable.ts';

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
  if (problem !== undefined)
    throw new SkynetError('ERR_NAME_INVALID', `name ${printable(name)} ${problem}`, { details: { name } });
  return name as string;
}

/** Aliases of services (book §5): `.local` ones, and global ones that others wait for. */
export class NameTable {
  readonly #handles: Registry;
  readonly #waiting = new Map<string, ((handle: Handle) => void)[]>();
  /** Local names given in this thread, by owner: what to drop when it ends. */
  readonly #owned = new Map<Handle, string[]>();

  constructor(handles: Registry) {
    this.#handles = handles;
  }

  get(name: string): Handle | undefined {
    const handle = this.#handles.get(name);
    return handle === undefined ? undefined : Number(handle);
  }

  /** Gives a name; the first owner keeps it. Returns whether it was free. */
  add(name: string, handle: Handle): boolean {
    if (!this.#handles.add(name, String(handle))) return false;
    if (isLocalName(name)) {
      const names = this.#owned.get(handle);
      if (names === undefined) this.#owned.set(handle, [name]);
      else names.push(name);
    }
    this.tellWaiting();
    return true;
  }

  /** Gives a name to somebody, whoever has it now. */
  set(name: string, handle: Handle): void {
    const before = this.get(name);
    if (before === handle) return;
    if (before !== undefined) this.remove(name);
    this.add(name, handle);
  }

  remove(name: string): boolean {
    return this.#handles.remove(name);
  }

  /** Tells the handle of a name, now or as soon as somebody gives it. Returns a function that stops waiting. */
  whenNamed(name: string, tell: (handle: Handle) => void): () => void {
    const waiting = this.#waiting.get(name) ?? [];
    waiting.push(tell);
    this.#waiting.set(name, waiting);
    this.tellWaiting();
    return () => {
      const left = (this.#waiting.get(name) ?? []).filter((other) => other !== tell);
      if (left.length > 0) this.#waiting.set(name, left);
      else this.#waiting.delete(name);
    };
  }

  /** Looks whether names that somebody waits for exist by now; to be called when another thread gave one. */
  tellWaiting(): void {
    for (const [name, waiting] of this.#waiting) {
      const handle = this.get(name);
      if (handle === undefined) continue;
      this.#waiting.delete(name);
      for (const tell of waiting) tell(handle);
    }
  }

  /** A service goes on in another thread: the local names that were given here, for {@link adopt} there. */
  disown(handle: Handle): string[] {
    const names = this.#owned.get(handle) ?? [];
    this.#owned.delete(handle);
    return names;
  }

  /** Drops these names, too, when the service ends. */
  adopt(handle: Handle, names: readonly string[]): void {
    if (names.length > 0) this.#owned.set(handle, [...(this.#owned.get(handle) ?? []), ...names]);
  }

  /** Drops the local names of a service that ended; its global names stay, as in the original (book §5.3.4). */
  dropLocal(handle: Handle): void {
    const names = this.#owned.get(handle);
    if (names === undefined) return;
    this.#owned.delete(handle);
    for (const name of names) if (this.get(name) === handle) this.remove(name);
  }

  /** Drops the local names of services that were lost with their thread. */
  dropLost(isLost: (handle: Handle) => boolean): void {
    for (const [name, handle] of [...this.#handles.entries()]) {
      if (isLocalName(name) && isLost(Number(handle))) this.remove(name);
    }
  }
}
