import { type Handle, isRequestType, makeHandle, PTYPE, printable, SkynetError } from '@skynet/core';
import { Message, type NetworkPlace } from '@skynet/core/kernel';
import type { ToMaster } from './control.ts';

/** What the names of a node need of it. */
export interface GlobalNamesOwner {
  /** Id of the node. */
  readonly id: number;
  /** Says something to the master, if it is there. @throws for a name that it cannot be told. */
  tell(message: ToMaster): void;
  log(text: string): void;
  /** A name belongs to another service than before, perhaps to one of the same handle. */
  renamed(name: string, handle: Handle): void;
}

/** Names of the whole network, as one node knows them: the master gives them. */
export class GlobalNames {
  readonly #place: NetworkPlace;
  readonly #owner: GlobalNamesOwner;
  /** Messages to names that are not known yet. */
  readonly #unnamed = new Map<string, Message[]>();
  /** Names the master was asked for. */
  readonly #asked = new Set<string>();
  /** Names that were given in this node. */
  readonly #given = new Map<string, Handle>();
  /** Names that the master has told. */
  readonly #learnt = new Map<string, Handle>();
  /** Those of nodes that were lost since. */
  readonly #stale = new Set<string>();
  #isMasterLost = false;

  constructor(place: NetworkPlace, owner: GlobalNamesOwner) {
    this.#place = place;
    this.#owner = owner;
  }

  /** A message to a name that nobody here is known to have. */
  deliver(name: string, message: Message): void {
    if (this.#isMasterLost) {
      this.#refuse(name, message);
      return;
    }
    const { type, session, source, body } = message;
    // Whoever sent the bytes may use their memory for something else by then.
    const own = new Message(type, session, source, (body as Uint8Array).slice());
    const waiting = this.#unnamed.get(name);
    if (waiting === undefined) this.#unnamed.set(name, [own]);
    else waiting.push(own);
    this.wanted(name);
  }

  #refuse(name: string, { type, session, source }: Message): void {
    if (session === 0 || !isRequestType(type)) return;
    const error = new SkynetError(
      'ERR_NODE_LOST',
      `call failed: the master is lost, which would know who ${printable(name)} is`,
      { details: { name } },
    );
    this.#place.deliver(source, new Message(PTYPE.ERROR, session, makeHandle(this.#owner.id, 0), error));
  }

  /** A name was given in this node. */
  given(name: string, handle: Handle): void {
    this.#given.set(name, handle);
    try {
      this.#owner.tell(['R', name, handle]);
    } catch (error) {
      this.#given.delete(name);
      this.#owner.log(printable(error));
    }
    this.#flush(name, handle);
  }

  /** Somebody waits for a name. */
  wanted(name: string): void {
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    if (!this.#isMasterLost) this.#owner.tell(['Q', name]);
  }

  /** The master tells who has a name. */
  known(name: string, handle: Handle): void {
    this.#asked.delete(name);
    // Whoever is given a name takes it from this node's.
    if (this.#given.get(name) !== handle) this.#given.delete(name);
    const before = this.#learnt.get(name);
    this.#learnt.set(name, handle);
    this.#place.named(name, handle);
    this.#flush(name, handle);
    if (this.#stale.delete(name) || (before !== undefined && before !== handle))
      this.#owner.renamed(name, handle);
  }

  /** Whether the master has told last that the name belongs to that service. */
  isKnown(name: string, handle: Handle): boolean {
    return this.#learnt.get(name) === handle;
  }

  #flush(name: string, handle: Handle): void {
    const messages = this.#unnamed.get(name);
    this.#unnamed.delete(name);
    for (const message of messages ?? []) this.#place.resolved(message, handle);
  }

  /** A node is lost: its names may be somebody else's. */
  nodeLost(id: number): void {
    for (const [name, handle] of this.#learnt) if (handle >>> 24 === id) this.#stale.add(name);
  }

  /** The master is lost: nobody can say whose a name is. */
  masterLost(): void {
    this.#isMasterLost = true;
    for (const [name, messages] of this.#unnamed) {
      this.#unnamed.delete(name);
      for (const message of messages) this.#refuse(name, message);
    }
  }

  /** The master that has come back knows no name: it is told those of this node, and asked for those of nodes that are lost. */
  masterBack(): void {
    this.#isMasterLost = false;
    for (const [name, handle] of this.#given) {
      if (this.#place.threadOf(handle) >= 0) this.#owner.tell(['R', name, handle]);
      else this.#given.delete(name);
    }
    for (const name of this.#stale) this.#asked.add(name);
    for (const name of this.#asked) this.#owner.tell(['Q', name]);
  }

  /** Names and who has them, for consoles. */
  entries(): [name: string, handle: Handle][] {
    return [...new Map([...this.#learnt, ...this.#given])];
  }

  /** Names that the master was asked for. */
  asked(): string[] {
    return [...this.#asked];
  }
}
