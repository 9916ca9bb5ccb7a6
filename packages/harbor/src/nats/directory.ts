import { setTimeout as pause } from 'node:timers/promises';
import { type Handle, harborOf, isSkynetError, printable, type SkynetError } from '@skynet/core';
import type { Directory, DirectoryPlace, DirectoryWatcher } from '../mesh/directory.ts';
import { meshError } from '../mesh/errors.ts';
import { isSameNode, type MeshNode } from '../mesh/node.ts';
import type { NatsClient } from './client.ts';
import { withoutSecrets } from './connection.ts';
import { Follower } from './follower.ts';
import type { NatsLinks } from './links.ts';
import { NameBook } from './name-book.ts';
import { isGoneFromHere } from './process-mark.ts';
import { type Change, isOvertaken, type Kept, type Lease, type NameEntry, type Store } from './store.ts';

/** Milliseconds that a name is asked for while nothing can be decided. */
const CLAIM_TIME = 6000;
/** Milliseconds between two tries of whatever did not work. */
const PAUSE = 200;
/** Milliseconds between two looks at the lease of a node that cannot be reached. */
const SUSPECT_EVERY = 500;
/** In place of a revision: of a node that was there before NATS forgot everything. */
const FORGOTTEN = 0;

/**
 * Who is in a mesh, as NATS keeps it: the id of a node is a lease, which the node renews; names are changed by compare-and-set;
 * all nodes watch both. No node is special. Each looks after the lease of the node with the next higher id, and of those that
 * it cannot reach: whoever finds one that has run out takes the node out for all.
 */
export class NatsDirectory implements Directory {
  readonly #links: NatsLinks;
  #place!: DirectoryPlace;
  #watcher!: DirectoryWatcher;
  #names!: NameBook;
  /** Nodes of the mesh by id, this one too, and the revisions of what says so. */
  readonly #nodes = new Map<number, { readonly node: MeshNode; readonly revision: number }>();
  /** Nodes that are looked at, and when they last were. */
  readonly #suspected = new Map<string, number>();
  /** Names of services of this node: it takes them again where they were freed while it counted as gone. */
  readonly #own = new Map<string, Handle>();
  #cutOff: string | undefined;
  #isOver = false;
  /** Since when leases can be relied on: others may need some time to renew theirs when NATS is back. */
  #steadySince = 0;
  #follower: Follower | undefined;
  #hasLease = false;
  #isEntering = false;
  /**
   * Whether it is known what NATS keeps since it was connected last. Until then nothing is decided, and nothing read: a server
   * whose store is made anew at that moment falls (2.9.10 does, on a nil pointer).
   */
  #isInformed = false;
  /** Whether this node has to make itself known again. */
  #mustEnter = false;
  #looks: NodeJS.Timeout | undefined;

  constructor(links: NatsLinks) {
    this.#links = links;
  }

  get #client(): NatsClient {
    return this.#links.client;
  }

  get #store(): Store {
    return this.#client.store;
  }

  get #self(): MeshNode {
    return this.#place.self;
  }

  // --- joining

  async join(place: DirectoryPlace, watcher: DirectoryWatcher): Promise<void> {
    this.#place = place;
    this.#watcher = watcher;
    this.#names = new NameBook(
      (incarnation) => [...this.#nodes.values()].some(({ node }) => node.incarnation === incarnation),
      watcher,
    );
    this.#steadySince = performance.now();
    this.#show();
    await place.kernel.skynet.await(this.#enter());
  }

  async #enter(): Promise<void> {
    const { keeper, settings } = this.#client;
    const limit = settings.joinTimeout + this.#store.leaseTime;
    const end = performance.now() + limit;
    const retrying = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (isSkynetError(error)) throw error;
          if (performance.now() > end || this.#isOver) throw unreachable((error as Error).message, error);
          await pause(PAUSE);
        }
      }
    };
    const revision = await retrying(() => this.#takeLease(end));
    this.#hasLease = true;
    const follower = new Follower(this.#store, {
      changed: (change) => this.#apply(change),
      all: (nodes, names) => this.#seen(nodes, names),
      forgotten: () => this.#forget(),
    });
    this.#follower = follower;
    keeper.renew(revision, {
      isolated: (why) => this.#isolated(why),
      renewed: (isAnew) => this.#renewed(isAnew),
      refused: () => this.#watcher.refused(taken(this.#self.id)),
    });
    await retrying(async () => {
      const { revision: before } = await this.#store.node(this.#self.id);
      await this.#store.putNode(this.#self, before);
    });
    this.#client.watch({
      disconnected: () => {},
      reconnected: () => {
        this.#steadySince = performance.now();
        this.#isInformed = false;
        follower.again();
      },
    });
    await within(limit, follower.begin(), () => unreachable('nothing is heard of who is there'));
    this.#looks = setInterval(() => void this.#lookAfter(), this.#store.leaseTime / 5);
    this.#looks.unref();
  }

  /** Takes the lease of this node's id, if need be when that of a node that is gone has run out; its revision. */
  async #takeLease(end: number): Promise<number> {
    const { id, incarnation } = this.#self;
    const client = this.#client;
    const store = this.#store;
    for (let isTold = false; ; ) {
      const { value, revision, isDeleted } = await store.lease(id);
      if (value?.incarnation === incarnation) return revision;
      if (value === undefined) {
        // Nobody has it; or its owner has not been able to renew it, and comes back.
        const { value: node } = await store.node(id);
        if (isDeleted || node === undefined || this.#isSteady || node.incarnation === incarnation) {
          try {
            return await store.writeLease(id, client.lease, revision);
          } catch (error) {
            if (!isOvertaken(error)) throw error;
            continue;
          }
        }
      } else if (isGoneFromHere(value.process)) {
        await store.endLease(id, revision).catch(ifNotOvertaken);
        continue;
      } else if ((await client.isHeard(id, value.incarnation)) || performance.now() > end) throw taken(id);
      if (!isTold) this.#place.log(`waits until node ${id}, which is not heard of, counts as gone`);
      isTold = true;
      if (this.#isOver) throw meshError('ERR_MESH_ISOLATED', 'this node goes');
      await pause(PAUSE);
    }
  }

  get #canDecide(): boolean {
    return this.#client.isConnected && this.#isInformed;
  }

  get #isSteady(): boolean {
    return (
      this.#client.isConnected &&
      this.#cutOff === undefined &&
      performance.now() - this.#steadySince > this.#store.leaseTime / 2
    );
  }

  // --- watching

  /** Everything was told of: what was not is not there any more. */
  #seen(nodes: ReadonlySet<number>, names: ReadonlySet<string>): void {
    this.#isInformed = true;
    // Where NATS has forgotten everything those who are there make themselves known again.
    for (const [id, { revision }] of [...this.#nodes])
      if (!nodes.has(id) && revision !== FORGOTTEN) this.#nodeGone(id, 'lost');
    this.#names.keepOnly(names);
    for (const name of this.#own.keys()) if (!names.has(name)) void this.#claimAgain(name);
    if (!nodes.has(this.#self.id)) void this.#enterAgain();
  }

  #forget(): void {
    this.#steadySince = performance.now();
    for (const [id, { node }] of this.#nodes) this.#nodes.set(id, { node, revision: FORGOTTEN });
    this.#names.forget();
  }

  #apply(change: Change): void {
    if (change.what === 'name') this.#nameChanged(change.name, change.kept);
    else if (change.what === 'node') this.#nodeChanged(change.id, change.kept, change.isLost);
  }

  #nameChanged(name: string, kept: Kept<NameEntry>): void {
    if (!this.#names.changed(name, kept)) return;
    if (kept.value === undefined) void this.#claimAgain(name);
    else if (kept.value.incarnation !== this.#self.incarnation) this.#own.delete(name);
  }

  #nodeChanged(id: number, { value, revision }: Kept<MeshNode>, isLost: boolean): void {
    const known = this.#nodes.get(id);
    if (known !== undefined && known.revision >= revision) return;
    if (id === this.#self.id) {
      if (value !== undefined && isSameNode(value, this.#self)) this.#enterNode(value, revision);
      // Somebody has taken this node out, which is here: it has its lease, or is told that it has not.
      else if (known !== undefined && value === undefined) void this.#enterAgain();
      return;
    }
    if (value === undefined) {
      this.#nodeGone(id, isLost ? 'lost' : 'left');
      return;
    }
    const isNew = known === undefined || !isSameNode(known.node, value);
    if (known !== undefined && isNew) this.#nodeGone(id, 'lost');
    this.#enterNode(value, revision);
    if (isNew) this.#watcher.joined(value);
    if (isNew) this.#names.nodeChanged(value.incarnation);
  }

  #enterNode(node: MeshNode, revision: number): void {
    const isNew = !this.#nodes.has(node.id);
    this.#nodes.set(node.id, { node, revision });
    if (isNew && node.id === this.#self.id) this.#names.nodeChanged(node.incarnation);
  }

  #nodeGone(id: number, how: 'left' | 'lost'): void {
    const known = this.#nodes.get(id);
    if (known === undefined || id === this.#self.id) return;
    this.#nodes.delete(id);
    this.#suspected.delete(known.node.incarnation);
    this.#links.forget(known.node);
    this.#watcher.left(known.node, how);
    this.#names.nodeChanged(known.node.incarnation);
  }

  // --- this node's lease

  #isolated(why: string): void {
    if (this.#isOver || this.#cutOff !== undefined) return;
    this.#cutOff = why;
    this.#watcher.isolated(why);
  }

  #renewed(isAnew: boolean): void {
    if (this.#isOver) return;
    this.#steadySince = performance.now();
    const wasCutOff = this.#cutOff !== undefined;
    this.#cutOff = undefined;
    if (isAnew || wasCutOff) void this.#enterAgain();
    if (wasCutOff) this.#watcher.rejoined();
  }

  /** Others may have taken this node out: it makes itself known again, and takes the names that nobody has taken. */
  async #enterAgain(): Promise<void> {
    this.#mustEnter = true;
    if (this.#isEntering) return;
    this.#isEntering = true;
    while (this.#mustEnter && !this.#isOver) {
      this.#mustEnter = false;
      if (await this.#tryToEnter()) continue;
      this.#mustEnter = true;
      await pause(PAUSE);
    }
    this.#isEntering = false;
    for (const name of [...this.#own.keys()]) await this.#claimAgain(name);
  }

  /** Whether that is done, as far as it is for this node to do. */
  async #tryToEnter(): Promise<boolean> {
    const { id, incarnation } = this.#self;
    try {
      const lease = await this.#store.lease(id);
      // Whoever renews the lease says what becomes of it.
      if (lease.value?.incarnation !== incarnation) return true;
      const { revision } = await this.#store.node(id);
      await this.#store.putNode(this.#self, revision);
    } catch {
      return false;
    }
    this.#follower?.again();
    return true;
  }

  // --- the leases of others

  suspect(node: MeshNode, reason: SkynetError): void {
    const last = this.#suspected.get(node.incarnation) ?? Number.NEGATIVE_INFINITY;
    const isGone = reason.details?.['isGone'] === true;
    if (this.#isOver || (performance.now() - last < SUSPECT_EVERY && !isGone)) return;
    this.#suspected.set(node.incarnation, performance.now());
    void this.#look(node, isGone);
  }

  async #lookAfter(): Promise<void> {
    // Whoever is there has claimed his names again by now.
    if (this.#isSteady && performance.now() - this.#steadySince > this.#store.leaseTime)
      this.#names.dropForgotten();
    await this.#follower?.look().catch(() => {});
    for (const { node, revision } of [...this.#nodes.values()])
      if (revision === FORGOTTEN)
        await (node.id === this.#self.id ? this.#enterAgain() : this.#look(node, false));
    await this.#lookAfterNext();
  }

  /** Looks at the lease of the next node, and the one behind it if that is gone, and so on. */
  async #lookAfterNext(): Promise<void> {
    for (let count = this.#nodes.size; count > 1; count--) {
      const ids = [...this.#nodes.keys()].sort((a, b) => a - b);
      const next = ids.find((id) => id > this.#self.id) ?? ids[0];
      const known = this.#nodes.get(next ?? 0);
      if (known === undefined || next === this.#self.id || !(await this.#look(known.node, false))) return;
    }
  }

  /** Takes a node out if its lease has run out, or it is known to be gone; whether it did. */
  async #look(node: MeshNode, isKnownGone: boolean): Promise<boolean> {
    if (this.#isOver || !this.#canDecide) return false;
    try {
      const lease = await this.#store.lease(node.id);
      if (lease.value?.incarnation === node.incarnation) {
        if (!isKnownGone) return false;
        await this.#store.endLease(node.id, lease.revision);
      } else if (!this.#isOut(lease)) return false;
      const kept = await this.#store.node(node.id);
      if (kept.value !== undefined && isSameNode(kept.value, node))
        await this.#store.takeOut(node.id, kept.revision, true);
      else if (this.#nodes.get(node.id)?.revision !== FORGOTTEN) return false;
      this.#place.log(`node ${node.id} counts as gone: ${isKnownGone ? 'its process is' : 'its lease is'}`);
      // It may have made itself known again by now.
      if ((this.#nodes.get(node.id)?.revision ?? 0) <= kept.revision) this.#nodeGone(node.id, 'lost');
      await this.#freeNames(node);
      return true;
    } catch {
      // Somebody else has, or nothing can be decided now: it is looked at again.
      return false;
    }
  }

  /** Whether a lease that is not somebody's any more says that he is gone. */
  #isOut(lease: Kept<Lease>): boolean {
    return lease.value !== undefined || lease.isDeleted || this.#isSteady;
  }

  async #freeNames(node: MeshNode): Promise<void> {
    for (const [name, { revision }] of this.#names.of(node.incarnation))
      await this.#store.freeName(name, revision).catch(ifNotOvertaken);
  }

  // --- names

  async claim(name: string, handle: Handle, expected: Handle = 0): Promise<Handle> {
    const owner = await this.#decideName(name, handle, expected);
    if (owner === handle) this.#own.set(name, handle);
    else if (this.#own.get(name) === handle) this.#own.delete(name);
    return owner;
  }

  /** Takes a name once more that was freed while this node counted as gone, unless somebody else has it. */
  async #claimAgain(name: string): Promise<void> {
    for (;;) {
      const handle = this.#own.get(name);
      // Cut off, it does so when it is back.
      if (handle === undefined || this.#isOver || this.#cutOff !== undefined) return;
      try {
        await this.claim(name, handle);
        return;
      } catch {
        await pause(PAUSE);
      }
    }
  }

  #decideName(name: string, handle: Handle, expected: Handle): Promise<Handle> {
    const entry: NameEntry = { handle, incarnation: this.#self.incarnation };
    return this.#deciding(async () => {
      const kept = await this.#store.name(name);
      const owner = kept.value ?? (kept.isDeleted ? undefined : this.#names.forgotten(name));
      const isOwn = owner?.handle === handle && owner.incarnation === entry.incarnation;
      if (isOwn && kept.value !== undefined) return handle;
      if (owner !== undefined && !isOwn && (expected === 0 || owner.handle !== expected)) {
        const has = await this.#has(owner);
        if (has === undefined) return undefined;
        if (has) {
          this.#names.changed(name, kept);
          return owner.handle;
        }
      }
      const revision = await this.#store.writeName(name, entry, kept.revision);
      this.#names.changed(name, { value: entry, revision, isDeleted: false });
      return handle;
    });
  }

  /** Whether the node that was given a name has its lease; undefined as long as that cannot be relied on. */
  async #has({ handle, incarnation }: NameEntry): Promise<boolean | undefined> {
    if (incarnation === this.#self.incarnation) return true;
    const lease = await this.#store.lease(harborOf(handle));
    if (lease.value?.incarnation === incarnation) return true;
    return this.#isOut(lease) ? false : undefined;
  }

  async release(name: string, handle: Handle): Promise<void> {
    if (this.#own.get(name) === handle) this.#own.delete(name);
    await this.#deciding(async () => {
      const { value, revision } = await this.#store.name(name);
      if (value?.handle === handle && value.incarnation === this.#self.incarnation)
        await this.#store.freeName(name, revision);
      return handle;
    });
  }

  /** Decides something, if need be after several tries. @throws ERR_MESH_ISOLATED. */
  async #deciding(decide: () => Promise<Handle | undefined>): Promise<Handle> {
    const end = performance.now() + CLAIM_TIME + this.#store.leaseTime / 2;
    for (;;) {
      if (this.#cutOff !== undefined || this.#isOver) throw undecided(this.#cutOff ?? 'it goes');
      let why = 'NATS does not answer';
      try {
        if (this.#canDecide) {
          const owner = await decide();
          if (owner !== undefined) return owner;
          why = 'it is not known yet whether the node that has it is gone';
        }
      } catch (error) {
        if (isOvertaken(error)) continue;
        why = printable((error as Error).message);
      }
      if (performance.now() > end) throw undecided(why);
      await pause(PAUSE);
    }
  }

  // --- the rest

  accept(): void {
    // What nodes tell each other goes through NATS.
  }

  info(): Record<string, unknown> {
    const client = this.#client;
    return {
      nats: `${withoutSecrets(client.server)}${client.isConnected ? '' : ' (lost)'}`,
      lease: `${this.#store.leaseTime} ms`,
      members: [...this.#nodes.values()]
        .map(({ node }) => `${node.id}@${node.address}`)
        .sort()
        .join(' '),
      names: this.#names.size,
      ...this.#links.info(),
    };
  }

  #show(): void {
    this.#place.kernel.console.add({
      name: 'nats',
      help: ': the server, the nodes of the mesh, names, who is reached over subjects, what was sent and received',
      reads: true,
      run: () => {
        const { inBytes, outBytes, inMsgs, outMsgs } = this.#client.nc.stats();
        return {
          ...this.info(),
          ...(this.#cutOff === undefined ? {} : { isolated: this.#cutOff }),
          received: `${inMsgs} messages, ${inBytes} bytes`,
          sent: `${outMsgs} messages, ${outBytes} bytes`,
        };
      },
    });
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#looks);
    this.#follower?.stop();
    // It may never have come in.
    if (!this.#hasLease) return;
    const { keeper, isConnected } = this.#client;
    const known = this.#nodes.get(this.#self.id);
    if (isConnected)
      try {
        await this.#freeNames(this.#self);
        if (known !== undefined) await this.#store.takeOut(this.#self.id, known.revision, false);
      } catch {
        // Others find out when the lease is gone.
      }
    await keeper.leave();
  }
}

/** Somebody else was faster, which is as good; everything else is not. */
function ifNotOvertaken(error: unknown): void {
  if (!isOvertaken(error)) throw error;
}

/** Waits so long, in milliseconds, and not longer. */
async function within<Result>(
  time: number,
  work: Promise<Result>,
  error: () => SkynetError,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), time);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(why: string, cause?: unknown): SkynetError {
  return meshError('ERR_MESH_UNREACHABLE', `NATS: ${printable(why)}`, { cause });
}

function taken(id: number): SkynetError {
  return meshError('ERR_MESH_ID_TAKEN', `a node with id ${id} is in the mesh already`, {
    details: { harbor: id },
  });
}

function undecided(why: string): SkynetError {
  return meshError(
    'ERR_MESH_ISOLATED',
    `nothing can be decided: this node is cut off from the mesh (${why})`,
  );
}
