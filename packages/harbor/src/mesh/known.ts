import type { Handle } from '@skynet/core';
import type { DirectoryWatcher } from './directory.ts';
import type { Named } from './directory-wire.ts';
import type { MeshNode } from './node.ts';
import { type Member, View } from './view.ts';

/** What a node knows of its mesh; whoever watches is told of each change. */
export class Known {
  readonly view: View = new View();
  readonly #self: MeshNode;
  readonly #watcher: DirectoryWatcher;
  /** Why this node is cut off, if it is. */
  cutOff: string | undefined = undefined;

  constructor(self: MeshNode, watcher: DirectoryWatcher) {
    this.#self = self;
    this.#watcher = watcher;
  }

  joined(member: Member): void {
    const isNew = this.view.get(member.node.incarnation) === undefined;
    this.view.add(member);
    if (isNew && member.node.incarnation !== this.#self.incarnation) this.#watcher.joined(member.node);
  }

  left(incarnation: string, how: 'left' | 'lost'): void {
    const member = this.view.get(incarnation);
    // This node itself is there as long as it lives.
    if (member === undefined || incarnation === this.#self.incarnation) return;
    for (const [name] of this.view.remove(incarnation)) this.#watcher.freed(name);
    this.#watcher.left(member.node, how);
  }

  named(name: string, handle: Handle): void {
    if (this.view.names.get(name) === handle) return;
    this.view.names.set(name, handle);
    this.#watcher.named(name, handle);
  }

  freed(name: string, handle: Handle): void {
    if (this.view.names.get(name) !== handle) return;
    this.view.names.delete(name);
    this.#watcher.freed(name);
  }

  /** Everything anew, as whoever decides sees it. */
  replace(epoch: number, members: readonly Member[], names: readonly Named[]): void {
    this.view.epoch = epoch;
    const there = new Set(members.map(({ node }) => node.incarnation));
    for (const { node } of this.view.members())
      if (!there.has(node.incarnation)) this.left(node.incarnation, 'lost');
    for (const member of members) this.joined(member);
    const given = new Map(names);
    for (const [name, handle] of [...this.view.names]) if (!given.has(name)) this.freed(name, handle);
    for (const [name, handle] of given) this.named(name, handle);
  }

  isolated(why: string): void {
    if (this.cutOff !== undefined) return;
    this.cutOff = why;
    this.#watcher.isolated(why);
  }

  rejoined(): void {
    if (this.cutOff === undefined) return;
    this.cutOff = undefined;
    this.#watcher.rejoined();
  }
}
