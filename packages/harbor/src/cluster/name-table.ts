import { type Handle, printable } from '@skynet/core';
import { clusterError } from './errors.ts';

/** Names that services of this node have for other nodes: a service has one of them at most. */
export class NameTable {
  readonly #handles = new Map<string, Handle>();
  readonly #names = new Map<Handle, string>();

  get(name: string): Handle | undefined {
    return this.#handles.get(name);
  }

  nameOf(handle: Handle): string | undefined {
    return this.#names.get(handle);
  }

  entries(): Iterable<[string, Handle]> {
    return this.#handles;
  }

  /** Gives a name; the one that the service had is taken away. @throws ERR_CLUSTER_NAME. */
  add(name: string, handle: Handle): void {
    if (this.#handles.has(name))
      throw clusterError('ERR_CLUSTER_NAME', `the name ${printable(name)} is registered already`, {
        details: { name },
      });
    const before = this.#names.get(handle);
    if (before !== undefined) this.#handles.delete(before);
    this.#names.set(handle, name);
    this.#handles.set(name, handle);
  }

  /** Takes a name away; whose it was. */
  remove(name: string): Handle | undefined {
    const handle = this.#handles.get(name);
    if (handle === undefined) return undefined;
    this.#handles.delete(name);
    this.#names.delete(handle);
    return handle;
  }
}
