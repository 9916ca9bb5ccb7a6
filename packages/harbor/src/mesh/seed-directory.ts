import { type Handle, harborOf, isSkynetError, printable, type SkynetError } from '@skynet/core';
import { type Claim, Claims } from './claims.ts';
import { cutOff, Decider, type Probe } from './decider.ts';
import type { Directory, DirectoryPlace, DirectoryWatcher } from './directory.ts';
import { type Named, readAsk, readTell, say, type Tell } from './directory-wire.ts';
import { type MeshErrorCode, meshError } from './errors.ts';
import { Known } from './known.ts';
import type { Link } from './link.ts';
import type { MeshNode } from './node.ts';
import type { Member } from './view.ts';

/** How a mesh is found without anything but its nodes. */
export interface SeedOptions {
  /** Where nodes of the mesh listen, some of them at least. A node that is one of them may be the first. */
  readonly seeds: readonly string[];
  /** Milliseconds that a node looks for the mesh before it gives up. */
  readonly joinTimeout: number;
  /** Milliseconds that a node which is not heard of has to come back before it counts as lost. */
  readonly patience: number;
}

/** What became of asking somebody to let this node in. */
type Outcome =
  | { readonly is: 'joined' | 'gone' | 'silent' | 'self' | 'wait' }
  | { readonly is: 'forming'; readonly incarnation: string };

/** Milliseconds until an answer must have come. */
const ANSWER_TIME = 3000;
const PAUSE = '80ms';
/** How often the log says that the mesh is looked for. */
const TELL_EVERY = 5000;
/** Nodes that are asked because another has named them. */
const MAX_HINTS = 4;

/** A link on which this node has asked to be let in. */
interface Attempt {
  readonly link: Link;
  readonly settle: (told: Tell | SkynetError) => void;
  welcome:
    | { readonly epoch: number; readonly members: readonly Member[]; readonly isIsolated: boolean }
    | undefined;
  readonly names: Named[];
}

/**
 * A directory that is nothing but the nodes themselves: they tell each other who is there, and the one that is there longest
 * decides. No node is special; any may start first, if it is a seed.
 */
export class SeedDirectory implements Directory {
  readonly #options: SeedOptions;
  #place!: DirectoryPlace;
  #known!: Known;
  #watcher!: DirectoryWatcher;
  /** The link to whoever decides; or this node does. */
  #decider: Decider | undefined;
  #up: Link | undefined;
  #attempt: Attempt | undefined;
  #isSeed = false;
  #isOver = false;
  #isSeeking = true;
  readonly #claims = new Claims((request, claim) => this.#put(request, claim));

  constructor(options: SeedOptions) {
    this.#options = options;
  }

  get #self(): MeshNode {
    return this.#place.self;
  }

  // --- joining

  async join(place: DirectoryPlace, watcher: DirectoryWatcher): Promise<void> {
    this.#place = place;
    this.#watcher = watcher;
    this.#known = new Known(place.self, watcher);
    const { seeds, joinTimeout } = this.#options;
    this.#isSeed = seeds.length === 0 || seeds.includes(place.self.address);
    const begun = performance.now();
    let told = begun;
    for (let qualified = 0; ; ) {
      const outcomes: Outcome[] = [];
      for (const seed of seeds) {
        if (seed === place.self.address) continue;
        const outcome = await this.#ask(seed);
        if (outcome.is === 'joined') return;
        if (outcome.is === 'self') this.#isSeed = true;
        else outcomes.push(outcome);
      }
      // Twice, so that whoever has begun meanwhile is seen.
      qualified = this.#isFirst(outcomes) ? qualified + 1 : 0;
      if (qualified === 2 || seeds.length === 0) {
        this.#found();
        return;
      }
      const now = performance.now();
      if (now - begun > joinTimeout)
        throw meshError(
          'ERR_MESH_UNREACHABLE',
          `node ${place.self.id} finds no node of the mesh at ${seeds.join(', ')}`,
          { details: { seeds } },
        );
      if (now - told > TELL_EVERY) {
        told = now;
        place.log(`looks for the mesh at ${seeds.join(', ')}`);
      }
      await place.kernel.skynet.sleep(PAUSE);
    }
  }

  /** Whether this node may be the first: a seed, and all the others are not there, or come after it. */
  #isFirst(outcomes: readonly Outcome[]): boolean {
    return (
      this.#isSeed &&
      outcomes.every(
        (outcome) =>
          outcome.is === 'gone' ||
          outcome.is === 'silent' ||
          (outcome.is === 'forming' && outcome.incarnation > this.#self.incarnation),
      )
    );
  }

  #found(): void {
    const { view } = this.#known;
    view.epoch = 1;
    this.#known.joined({ node: this.#self, number: 1 });
    this.#place.log(`node ${this.#self.id} is the first of the mesh`);
    this.#decide([]);
  }

  #decide(missing: readonly Member[]): void {
    this.#isSeeking = false;
    this.#up = undefined;
    const { kernel } = this.#place;
    this.#decider = new Decider(
      {
        kernel,
        self: this.#self,
        known: this.#known,
        seeds: this.#options.seeds,
        patience: this.#options.patience,
        probe: (address, to) => this.#probe(address, to),
        dissolve: (address) => this.#dissolve(address),
        log: (text) => this.#place.log(text),
      },
      missing,
    );
    this.#askAgain();
  }

  /** Asks the node at an address to be let in, and whomever it names. @throws when this node is not let in. */
  async #ask(address: string, to?: MeshNode): Promise<Outcome> {
    let at = address;
    let whom = to;
    for (let hints = 0; hints < MAX_HINTS; hints++) {
      let link: Link;
      try {
        link = await this.#place.transport.dial(at, 'directory', whom);
      } catch (error) {
        return this.#notReached(error);
      }
      const told = await this.#place.kernel.skynet.await(this.#tryLink(link));
      if (!Array.isArray(told)) return { is: isSkynetError(told, 'ERR_LINK_CLOSED') ? 'wait' : 'silent' };
      const [what, first, second] = told as Tell;
      if (what === 'complete') return { is: 'joined' };
      link.close(meshError('ERR_LINK_CLOSED', 'this node asks another'));
      if (what === 'refused')
        throw meshError(first as MeshErrorCode, `${second}`, { details: { harbor: this.#self.id } });
      if (what === 'forming') return { is: 'forming', incarnation: String(first) };
      if (what !== 'see' || second === this.#self.address) return { is: 'wait' };
      at = String(second);
      whom = undefined;
    }
    return { is: 'wait' };
  }

  #notReached(error: unknown): Outcome {
    if (!isSkynetError(error)) throw error;
    if (error.details?.['isSelf'] === true) return { is: 'self' };
    if (error.details?.['reason'] === 'ECONNREFUSED') return { is: 'gone' };
    if (error.code === 'ERR_SERVICE_ENDED') throw error;
    if (error.code !== 'ERR_LINK_REFUSED') return { is: 'silent' };
    // Another node is there, in another life; the one that was meant is gone. Or this node may not come at all.
    if (error.details?.['isOther'] === true) return { is: 'gone' };
    throw meshError('ERR_MESH_REFUSED', error.message, { cause: error });
  }

  /** Settles with what is told first, or when this node is in. */
  #tryLink(link: Link): Promise<Tell | SkynetError> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        attempt.settle(meshError('ERR_TIMEOUT', 'no answer'));
        link.close(meshError('ERR_TIMEOUT', 'no answer'));
      }, ANSWER_TIME);
      timer.unref();
      const attempt: Attempt = {
        link,
        welcome: undefined,
        names: [],
        settle: (told) => {
          clearTimeout(timer);
          if (this.#attempt === attempt) this.#attempt = undefined;
          resolve(told);
        },
      };
      this.#attempt = attempt;
      link.start({
        frame: (bytes) => this.#read(link, () => this.#told(link, attempt, readTell(bytes))),
        closed: (reason) => {
          attempt.settle(reason);
          if (this.#up === link) this.#lost(link);
        },
      });
      say(link, ['join', this.#ownNames()]);
    });
  }

  #ownNames(): Named[] {
    return [...this.#known.view.names].filter(([, handle]) => harborOf(handle) === this.#self.id);
  }

  #read(link: Link, read: () => void): void {
    try {
      read();
    } catch (error) {
      const reason = isSkynetError(error) ? error : meshError('ERR_LINK_PROTOCOL', printable(error));
      this.#place.log(`directory of node ${link.peer.id}: ${printable(reason.message)}`);
      link.close(reason);
    }
  }

  // --- following

  #told(link: Link, attempt: Attempt, tell: Tell): void {
    if (this.#attempt === attempt) this.#answered(attempt, tell);
    else if (this.#up === link) this.#heard(tell);
  }

  #answered(attempt: Attempt, tell: Tell): void {
    switch (tell[0]) {
      case 'welcome':
        attempt.welcome = { epoch: tell[1], members: tell[2], isIsolated: tell[3] };
        break;
      case 'names':
        attempt.names.push(...tell[1]);
        break;
      case 'complete':
        if (attempt.welcome !== undefined) this.#follow(attempt.link, attempt.welcome, attempt.names);
        attempt.settle(tell);
        break;
      case 'refused':
      case 'see':
      case 'forming':
      case 'wait':
        attempt.settle(tell);
        break;
      // Of what happens while it is being let in the names behind tell.
      default:
    }
  }

  #follow(
    link: Link,
    { epoch, members, isIsolated }: NonNullable<Attempt['welcome']>,
    names: readonly Named[],
  ): void {
    this.#up = link;
    this.#isSeeking = false;
    this.#decider = undefined;
    this.#known.replace(epoch, members, names);
    if (isIsolated) this.#known.isolated(`node ${link.peer.id}, which decides, is`);
    else this.#known.rejoined();
    this.#askAgain();
  }

  #heard(tell: Tell): void {
    const known = this.#known;
    switch (tell[0]) {
      case 'joined':
        known.joined(tell[1]);
        break;
      case 'left':
        known.left(tell[1], tell[2]);
        break;
      case 'named':
        known.named(tell[1], tell[2]);
        break;
      case 'freed':
        known.freed(tell[1], tell[2]);
        break;
      case 'isolated':
        known.isolated(tell[1]);
        break;
      case 'rejoined':
        known.rejoined();
        break;
      case 'claimed':
        this.#claims.decided(tell[1], tell[2]);
        break;
      case 'undecided':
        this.#claims.failed(tell[1], cutOff(known.cutOff));
        break;
      case 'move': {
        const up = this.#up;
        this.#up = undefined;
        up?.close(meshError('ERR_LINK_CLOSED', 'somebody else decides'));
        this.#seek(tell[1]);
        break;
      }
      default:
    }
  }

  /** The link to whoever decides is lost. */
  #lost(link: Link): void {
    this.#up = undefined;
    if (this.#isOver) return;
    this.#place.log(`node ${link.peer.id}, which decides, is not there any more`);
    this.#seek();
  }

  /** Looks for whoever decides, if need be until it is this node itself. */
  #seek(hint?: string): void {
    if (this.#isSeeking || this.#isOver) return;
    this.#isSeeking = true;
    this.#place.kernel.enqueue(async () => {
      try {
        await this.#findDecider(hint);
      } catch (error) {
        if (this.#isOver || !isSkynetError(error)) return;
        this.#watcher.refused(error);
      }
    });
  }

  async #findDecider(hint: string | undefined): Promise<void> {
    if (hint !== undefined && (await this.#ask(hint)).is === 'joined') return;
    const { patience } = this.#options;
    const silent = new Map<string, Member>();
    const gone = new Set<string>();
    let since = performance.now();
    while (!this.#isOver) {
      const candidate = this.#known.view
        .members()
        .find(({ node }) => !gone.has(node.incarnation) && !silent.has(node.incarnation));
      if (candidate === undefined || candidate.node.incarnation === this.#self.incarnation) {
        this.#takeOver([...silent.values()], gone);
        return;
      }
      const { node } = candidate;
      const outcome = await this.#ask(node.address, node);
      if (outcome.is === 'joined') return;
      if (outcome.is === 'gone') gone.add(node.incarnation);
      else if (outcome.is === 'silent' && performance.now() - since > patience)
        silent.set(node.incarnation, candidate);
      else {
        await this.#place.kernel.skynet.sleep(PAUSE);
        continue;
      }
      since = performance.now();
    }
  }

  #takeOver(silent: readonly Member[], gone: ReadonlySet<string>): void {
    this.#known.view.epoch++;
    for (const { node } of silent) this.#known.left(node.incarnation, 'lost');
    for (const incarnation of gone) this.#known.left(incarnation, 'lost');
    this.#place.log(`node ${this.#self.id} decides from now on`);
    this.#decide(silent);
  }

  #dissolve(address: string): void {
    this.#decider?.stop('somebody else decides');
    this.#decider = undefined;
    this.#seek(address);
  }

  // --- links of others

  accept(link: Link): void {
    link.start({
      frame: (bytes) => this.#read(link, () => this.#asked(link, bytes)),
      closed: () => this.#decider?.closed(link),
    });
  }

  #asked(link: Link, bytes: Uint8Array): void {
    if (this.#decider !== undefined) {
      this.#decider.frame(link, bytes);
      return;
    }
    const [what] = readAsk(bytes);
    if (what !== 'join' && what !== 'who' && what !== 'meet') return;
    const { peer } = this.#up ?? {};
    if (peer !== undefined)
      say(link, [
        'see',
        peer.incarnation,
        peer.address,
        this.#known.view.size,
        this.#known.cutOff !== undefined,
      ]);
    else if (this.#known.view.size === 0) say(link, ['forming', this.#self.incarnation]);
    else say(link, ['wait']);
  }

  /** Looks who is at an address. */
  async #probe(address: string, to?: MeshNode): Promise<Probe> {
    let link: Link;
    try {
      link = await this.#place.transport.dial(address, 'directory', to);
    } catch (error) {
      const { is } = isSkynetError(error, 'ERR_LINK_REFUSED') ? refusedProbe(error) : this.#notReached(error);
      return is === 'gone' ? 'gone' : 'silent';
    }
    const told = new Promise<Tell | undefined>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_TIME, undefined);
      timer.unref();
      const settle = (tell: Tell | undefined): void => {
        clearTimeout(timer);
        resolve(tell);
      };
      link.start({
        frame: (bytes) => this.#read(link, () => settle(readTell(bytes))),
        closed: () => settle(undefined),
      });
      say(link, this.#decider?.question ?? ['who']);
    });
    const tell = await this.#place.kernel.skynet.await(told);
    link.close(meshError('ERR_LINK_CLOSED', 'it was only asked who is there'));
    if (tell?.[0] === 'see') {
      const [, incarnation, at, size, isIsolated] = tell;
      return { incarnation, address: at, size, isIsolated };
    }
    return tell === undefined ? 'silent' : 'forming';
  }

  // --- names

  claim(name: string, handle: Handle, expected: Handle = 0): Promise<Handle> {
    return this.#askDecider({ what: 'claim', name, handle, expected });
  }

  async release(name: string, handle: Handle): Promise<void> {
    await this.#askDecider({ what: 'release', name, handle, expected: 0 });
  }

  #askDecider(claim: Claim): Promise<Handle> {
    const { cutOff: isolated } = this.#known;
    return isolated === undefined ? this.#claims.ask(claim) : Promise.reject(cutOff(isolated));
  }

  #put(request: number, { what, name, handle, expected }: Claim): void {
    if (this.#decider !== undefined) {
      const decided: Promise<Handle> =
        what === 'claim'
          ? this.#decider.claim(name, handle, expected)
          : this.#decider.release(name, handle).then(() => handle);
      decided.then(
        (owner) => this.#claims.decided(request, owner),
        (error: Error) => this.#claims.failed(request, error),
      );
    } else if (what === 'claim') say(this.#up, ['claim', request, name, handle, expected]);
    else say(this.#up, ['release', request, name, handle]);
  }

  /** Somebody else decides, or nobody can. */
  #askAgain(): void {
    const { cutOff: isolated } = this.#known;
    if (isolated === undefined) this.#claims.again();
    else this.#claims.failAll(cutOff(isolated));
  }

  // --- the rest

  /** Whoever decides has a link to each node, and sees for itself. */
  suspect(): void {}

  info(): Record<string, unknown> {
    const { view, cutOff: isolated } = this.#known;
    const decider = this.#decider !== undefined ? this.#self.id : (this.#up?.peer.id ?? 'nobody');
    return {
      decides: `${decider} (epoch ${view.epoch})`,
      ...(isolated === undefined ? {} : { isolated }),
      members: view
        .members()
        .map(({ node }) => `${node.id}@${node.address}`)
        .join(' '),
      names: view.names.size,
    };
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    this.#decider?.leave();
    this.#decider = undefined;
    say(this.#up, ['leave']);
    this.#up?.close(meshError('ERR_LINK_CLOSED', 'this node goes'));
    this.#claims.failAll(cutOff('it goes'));
  }
}

/** What it means that a node does not let this one ask who is there. */
function refusedProbe(error: SkynetError): Outcome {
  return { is: error.details?.['isOther'] === true ? 'gone' : 'silent' };
}
