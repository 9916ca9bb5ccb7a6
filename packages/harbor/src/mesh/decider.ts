import { type Handle, harborOf } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import { type Ask, type Named, readAsk, say, type Tell } from './directory-wire.ts';
import { meshError } from './errors.ts';
import type { Known } from './known.ts';
import type { Link } from './link.ts';
import { isSameNode, type MeshNode } from './node.ts';
import type { Member } from './view.ts';

/** What is found at an address. */
export type Probe =
  /** Nobody: the process is gone. */
  | 'gone'
  /** Nothing is heard of there. */
  | 'silent'
  /** A node that has not found its mesh yet. */
  | 'forming'
  /** A node, which says who decides. */
  | {
      readonly incarnation: string;
      readonly address: string;
      readonly size: number;
      readonly isIsolated: boolean;
    };

/** What the node that decides needs of its directory. */
export interface DeciderPlace {
  readonly kernel: ServiceKernel;
  readonly self: MeshNode;
  readonly known: Known;
  /** Where nodes of the mesh may be, besides those that are known. */
  readonly seeds: readonly string[];
  /** Milliseconds that a node which is not heard of has to come back. */
  readonly patience: number;
  probe(address: string, to?: MeshNode): Promise<Probe>;
  /** Follows somebody else, with all who follow this node. */
  dissolve(address: string): void;
  log(text: string): void;
}

/** Names in one message. */
const CHUNK = 500;
/** Milliseconds between two looks for nodes that are missing. */
const LOOK_EVERY = 1000;
/** Milliseconds after which a missing node counts no more for those who are the greater part. */
const FORGET_AFTER = 60_000;

/**
 * The node that decides for all who is in the mesh and who has which name: the one that is there longest. Any other takes
 * over when it is gone; all of them know what it knows.
 *
 * Nodes that are not heard of, and not known to be gone, are *missing*. As long as those who are there are not more than
 * those who are missing (of two halves the one with the oldest node is more), nothing is decided: the others may do so.
 */
export class Decider {
  readonly #place: DeciderPlace;
  readonly #followers = new Map<string, Link>();
  readonly #missing = new Map<string, { readonly member: Member; readonly since: number }>();
  /** Members that have not come since this node took over, until it has waited long enough. */
  #expected: Set<string>;
  readonly #settled: number;
  #claims: (() => void)[] = [];
  #nextNumber: number;
  #isOver = false;

  /** `missing` and the members besides this node are those of the node that decided before. */
  constructor(place: DeciderPlace, missing: readonly Member[]) {
    this.#place = place;
    const { known, self, patience } = place;
    const others = known.view.members().filter(({ node }) => node.incarnation !== self.incarnation);
    this.#expected = new Set(others.map(({ node }) => node.incarnation));
    this.#settled = performance.now() + patience;
    this.#nextNumber = Math.max(known.view.nextNumber, ...missing.map(({ number }) => number + 1));
    for (const member of missing)
      this.#missing.set(member.node.incarnation, { member, since: performance.now() });
    for (const incarnation of this.#expected) this.#look(incarnation);
    this.#weigh();
    place.kernel.skynet.fork(() => this.#lookAround());
  }

  get #isSettling(): boolean {
    return this.#expected.size > 0;
  }

  // --- those who follow

  /** Takes what a node asks; its link may be anybody's. */
  frame(link: Link, bytes: Uint8Array): void {
    if (!this.#isOver) this.#asked(link, readAsk(bytes));
  }

  #asked(link: Link, ask: Ask): void {
    const isFollower = this.#followers.get(link.peer.incarnation) === link;
    switch (ask[0]) {
      case 'who':
        say(link, this.#see());
        break;
      case 'meet': {
        say(link, this.#see());
        const [, incarnation, address, size, isIsolated] = ask;
        this.#yields({ incarnation, address, size, isIsolated });
        break;
      }
      case 'join':
        this.#join(link, ask[1]);
        break;
      case 'leave':
        if (isFollower) this.#remove(link.peer.incarnation, 'left');
        break;
      case 'claim': {
        const [, request, name, handle, expected] = ask;
        if (isFollower)
          this.#decide(() => {
            say(
              link,
              this.isCutOff
                ? ['undecided', request]
                : ['claimed', request, this.#claim(name, handle, expected)],
            );
          });
        break;
      }
      case 'release': {
        const [, request, name, handle] = ask;
        if (isFollower)
          this.#decide(() => {
            if (!this.isCutOff) this.#release(name, handle);
            say(link, this.isCutOff ? ['undecided', request] : ['claimed', request, handle]);
          });
        break;
      }
    }
  }

  #see(): Tell {
    const { self } = this.#place;
    return ['see', self.incarnation, self.address, this.#size, this.isCutOff];
  }

  /** How this node asks others who decides. */
  get question(): Ask {
    const { self } = this.#place;
    return ['meet', self.incarnation, self.address, this.#size, this.isCutOff];
  }

  /** Nodes that follow this one, and itself. */
  get #size(): number {
    return this.#followers.size + 1;
  }

  get isCutOff(): boolean {
    return this.#place.known.cutOff !== undefined;
  }

  #join(link: Link, names: readonly Named[]): void {
    const { known } = this.#place;
    const { peer } = link;
    const member = known.view.get(peer.incarnation);
    if (member === undefined) {
      const owner = known.view.byId(peer.id);
      if (owner !== undefined) {
        this.#refuseId(link, owner);
        return;
      }
      // Who comes new does not make the smaller part the greater one.
      if (this.#isSettling || (this.isCutOff && !this.#missing.has(peer.incarnation))) {
        say(link, ['wait']);
        return;
      }
    }
    const before = this.#followers.get(peer.incarnation);
    this.#followers.set(peer.incarnation, link);
    if (before !== link) before?.close(meshError('ERR_LINK_CLOSED', 'the node has come anew'));
    this.#expected.delete(peer.incarnation);
    if (member === undefined) {
      const number = this.#missing.get(peer.incarnation)?.member.number ?? this.#nextNumber++;
      this.#missing.delete(peer.incarnation);
      const joined = { node: peer, number };
      this.#tellAll(['joined', joined], link);
      known.joined(joined);
      this.#place.log(`node ${peer.id} has joined`);
    }
    for (const [name, handle] of names) if (harborOf(handle) === peer.id) this.#claim(name, handle, handle);
    this.#weigh();
    say(link, ['welcome', known.view.epoch, known.view.members(), this.isCutOff]);
    const all = [...known.view.names];
    for (let at = 0; at < all.length; at += CHUNK) say(link, ['names', all.slice(at, at + CHUNK)]);
    say(link, ['complete']);
    if (!this.#isSettling) this.#decideWaiting();
  }

  /** Its id is in use; or that is being found out. */
  #refuseId(link: Link, { node }: Member): void {
    const isThere = isSameNode(node, this.#place.self) || this.#followers.has(node.incarnation);
    if (isThere)
      say(link, [
        'refused',
        'ERR_MESH_ID_TAKEN',
        `a node with id ${node.id} is in the mesh already, at ${node.address}`,
      ]);
    else say(link, ['wait']);
  }

  /** A link is over, whoever's. */
  closed(link: Link): void {
    const { incarnation } = link.peer;
    if (this.#isOver || this.#followers.get(incarnation) !== link) return;
    this.#followers.delete(incarnation);
    this.#look(incarnation);
  }

  /** Finds out whether a node that does not follow any more is gone. */
  #look(incarnation: string): void {
    const { kernel, patience } = this.#place;
    const until = performance.now() + patience;
    kernel.enqueue(async () => {
      for (;;) {
        const member = this.#place.known.view.get(incarnation);
        if (this.#isOver || member === undefined || this.#followers.has(incarnation)) return;
        const found = await this.#place.probe(member.node.address, member.node);
        if (this.#isOver || this.#followers.has(incarnation)) return;
        if (found === 'gone') {
          this.#remove(incarnation, 'lost');
          return;
        }
        if (typeof found === 'object' && this.#yields(found)) return;
        if (performance.now() > until) {
          this.#miss(member);
          return;
        }
        await kernel.skynet.sleep('100ms');
      }
    });
  }

  #miss(member: Member): void {
    this.#missing.set(member.node.incarnation, { member, since: performance.now() });
    this.#remove(member.node.incarnation, 'lost');
  }

  #remove(incarnation: string, how: 'left' | 'lost'): void {
    const { known } = this.#place;
    const member = known.view.get(incarnation);
    this.#expected.delete(incarnation);
    if (member !== undefined) {
      this.#followers
        .get(incarnation)
        ?.close(meshError('ERR_LINK_CLOSED', `node ${member.node.id} is ${how}`));
      this.#followers.delete(incarnation);
      this.#place.log(`node ${member.node.id} ${how === 'left' ? 'has left' : 'is lost'}`);
      this.#tellAll(['left', incarnation, how]);
      known.left(incarnation, how);
    }
    this.#weigh();
    if (!this.#isSettling) this.#decideWaiting();
  }

  #tellAll(message: Tell, but?: Link): void {
    for (const link of this.#followers.values()) if (link !== but) say(link, message);
  }

  // --- names

  /** Runs what decides something, once all who have a say are there. */
  #decide(decide: () => void): void {
    if (this.#isSettling) this.#claims.push(decide);
    else decide();
  }

  #decideWaiting(): void {
    const claims = this.#claims;
    this.#claims = [];
    for (const decide of claims) decide();
  }

  /** For services of this node. @throws ERR_MESH_ISOLATED. */
  claim(name: string, handle: Handle, expected: Handle): Promise<Handle> {
    return new Promise((resolve, reject) => {
      this.#decide(() => {
        if (this.isCutOff) reject(cutOff(this.#place.known.cutOff));
        else resolve(this.#claim(name, handle, expected));
      });
    });
  }

  release(name: string, handle: Handle): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#decide(() => {
        if (this.isCutOff) {
          reject(cutOff(this.#place.known.cutOff));
          return;
        }
        this.#release(name, handle);
        resolve();
      });
    });
  }

  #claim(name: string, handle: Handle, expected: Handle): Handle {
    const { known } = this.#place;
    const before = known.view.names.get(name);
    const owner = before === undefined || before === expected ? handle : before;
    if (owner !== before) {
      known.named(name, owner);
      this.#tellAll(['named', name, owner]);
    }
    return owner;
  }

  #release(name: string, handle: Handle): void {
    if (this.#place.known.view.names.get(name) !== handle) return;
    this.#place.known.freed(name, handle);
    this.#tellAll(['freed', name, handle]);
  }

  // --- the greater part

  /** Whether those who are there are the greater part. */
  #weigh(): void {
    const { known } = this.#place;
    const here = known.view.size;
    const missing = [...this.#missing.values()].map(({ member }) => member);
    const all = here + missing.length;
    const oldest = known.view.members()[0]?.number ?? 0;
    const isOldest = missing.every(({ number }) => number > oldest);
    if (here * 2 > all || (here * 2 === all && isOldest)) {
      if (!this.isCutOff) return;
      known.rejoined();
      this.#tellAll(['rejoined']);
    } else if (!this.isCutOff) {
      const why = `${missing.length} of ${all} nodes are not heard of`;
      known.isolated(why);
      this.#tellAll(['isolated', why]);
    }
  }

  /** Looks for nodes that are missing, and for others that decide. */
  async #lookAround(): Promise<void> {
    const { kernel, known, self, seeds } = this.#place;
    while (!this.#isOver) {
      await kernel.skynet.sleep(LOOK_EVERY / 10);
      if (this.#isOver) return;
      if (this.#isSettling && performance.now() > this.#settled)
        for (const incarnation of [...this.#expected]) {
          const member = known.view.get(incarnation);
          if (member !== undefined) this.#miss(member);
        }
      for (const [incarnation, { member, since }] of [...this.#missing]) {
        const found = await this.#place.probe(member.node.address, member.node);
        if (this.#isOver) return;
        if (found === 'gone') this.#missing.delete(incarnation);
        else if (typeof found === 'object' && this.#yields(found)) return;
        else if (!this.isCutOff && performance.now() - since > FORGET_AFTER)
          this.#missing.delete(incarnation);
        this.#weigh();
      }
      const there = new Set(known.view.members().map(({ node }) => node.address));
      for (const seed of seeds) {
        if (there.has(seed) || seed === self.address) continue;
        const found = await this.#place.probe(seed);
        if (this.#isOver || typeof found === 'string') continue;
        if (this.#yields(found)) return;
        // It follows somebody else, who is to follow this one.
        if (found.address !== seed && found.incarnation !== self.incarnation)
          await this.#place.probe(found.address);
      }
    }
  }

  /** Follows another that decides, if that one comes first. */
  #yields({ incarnation, address, size, isIsolated }: Exclude<Probe, string>): boolean {
    const { self } = this.#place;
    if (incarnation === self.incarnation) return false;
    const mine = [Number(!this.isCutOff), this.#size];
    const theirs = [Number(!isIsolated), size];
    const isBehind =
      mine[0] !== theirs[0]
        ? (mine[0] as number) < (theirs[0] as number)
        : mine[1] !== theirs[1]
          ? (mine[1] as number) < (theirs[1] as number)
          : self.incarnation > incarnation;
    if (!isBehind) return false;
    this.#place.log(`another node decides at ${address}: this one follows it`);
    this.#tellAll(['move', address]);
    this.#place.dissolve(address);
    return true;
  }

  // --- the end

  /** Decides no more; those who follow are told that this node goes. */
  leave(): void {
    this.#tellAll(['left', this.#place.self.incarnation, 'left']);
    this.stop('this node goes');
  }

  stop(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const link of this.#followers.values()) link.close(meshError('ERR_LINK_CLOSED', why));
    this.#followers.clear();
    // What is not decided yet is asked again, here and by those who follow.
    this.#claims = [];
  }
}

/** Why nothing is decided. */
export function cutOff(why: string | undefined): Error {
  return meshError('ERR_MESH_ISOLATED', `this node is cut off from the mesh: ${why ?? 'nobody decides'}`);
}
