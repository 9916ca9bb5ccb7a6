import { type Handle, harborOf } from '@skynet/core';
import type { MeshNode } from './node.ts';

/** A node of the mesh; the one with the lowest number decides for all. */
export interface Member {
  readonly node: MeshNode;
  readonly number: number;
}

/** Who is in the mesh and who has which name, as one node knows it. */
export class View {
  /** Grows with each node that decides for the mesh. */
  epoch = 0;
  readonly #members = new Map<string, Member>();
  readonly names: Map<string, Handle> = new Map();

  get size(): number {
    return this.#members.size;
  }

  /** Lowest number first. */
  members(): Member[] {
    return [...this.#members.values()].sort((a, b) => a.number - b.number);
  }

  get(incarnation: string): Member | undefined {
    return this.#members.get(incarnation);
  }

  byId(id: number): Member | undefined {
    for (const member of this.#members.values()) if (member.node.id === id) return member;
    return undefined;
  }

  get nextNumber(): number {
    return Math.max(0, ...this.members().map(({ number }) => number)) + 1;
  }

  add(member: Member): void {
    this.#members.set(member.node.incarnation, member);
  }

  /** Takes a node out, and its names with it; returns these. */
  remove(incarnation: string): [name: string, handle: Handle][] {
    const member = this.#members.get(incarnation);
    if (member === undefined) return [];
    this.#members.delete(incarnation);
    const names = [...this.names].filter(([, handle]) => harborOf(handle) === member.node.id);
    for (const [name] of names) this.names.delete(name);
    return names;
  }

  /**
   * Decides who has a name: whoever has it keeps it, unless that is the one that is expected to lose it.
   * @returns who has it then.
   */
  claim(name: string, handle: Handle, expected: Handle): Handle {
    const owner = this.names.get(name);
    if (owner !== undefined && owner !== expected) return owner;
    this.names.set(name, handle);
    return handle;
  }
}
