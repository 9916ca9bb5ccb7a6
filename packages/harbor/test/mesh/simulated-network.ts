import type { SkynetError } from '@skynet/core';
import type { ConnectionStat } from '@skynet/core/transport';
import { meshError } from '../../src/mesh/errors.ts';
import type { Link, LinkPlace, LinkPurpose, LinkReceiver, LinkTransport } from '../../src/mesh/link.ts';
import type { MeshNode } from '../../src/mesh/node.ts';

/** How often something goes wrong, of so many frames of a data link. 0 is never. */
export interface Faults {
  /** The link breaks; what is under way is lost, in one direction more than in the other. */
  readonly cut: number;
  /** A frame comes twice. */
  readonly twice: number;
  /** A frame is missing. */
  readonly missing: number;
  /** Half a frame comes. */
  readonly half: number;
  /** A frame waits for up to so many turns of the event loop, and what is behind it too. */
  readonly delay: number;
}

/** Turns of the event loop until a beat. */
const BEAT = 100;

function afterTurns(turns: number, work: () => void): void {
  setImmediate(() => (turns === 0 ? work() : afterTurns(turns - 1, work)));
}

/** Links in memory, between nodes of one process, with faults that a seed decides. */
export class SimulatedNetwork {
  readonly #random: () => number;
  readonly #doors = new Map<string, { place: LinkPlace; accept: (link: Link) => void }>();
  readonly #links = new Set<SimulatedLink>();
  isHeld = false;
  faults: Faults;
  /** Links that broke. */
  broken = 0;
  /** Frames that did not come as they were sent, of which the next beat has not told yet. */
  #untold = 0;
  readonly #whenTold: (() => void)[] = [];

  constructor(random: () => number, faults: Faults) {
    this.#random = random;
    this.faults = faults;
  }

  chance(oneOf: number): boolean {
    return oneOf > 0 && this.#random() * oneOf < 1;
  }

  /** Breaks the links that there are now. */
  cut(): void {
    for (const link of [...this.#links]) link.break();
  }

  /** Nothing comes any more, and nothing breaks, until {@link release}. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    for (const link of this.#links) link.goOn();
  }

  /** A frame has not come as it was sent: the next beat tells how many should have, as over NATS, and that ends the link. */
  beat(tell: () => void): void {
    this.#untold++;
    afterTurns(BEAT, () => {
      this.#untold--;
      tell();
      if (this.#untold === 0) for (const resolve of this.#whenTold.splice(0)) resolve();
    });
  }

  /** Resolves when beats have told of everything. */
  async told(): Promise<void> {
    while (this.#untold > 0) await new Promise<void>((resolve) => this.#whenTold.push(resolve));
  }

  turns(most: number): number {
    return Math.floor(this.#random() * (most + 1));
  }

  /** How a node at this address makes links. */
  transport(address: string): LinkTransport {
    return {
      open: async (place, accept) => {
        this.#doors.set(address, { place, accept });
        return address;
      },
      dial: async (to, purpose, whom) => this.#dial(address, to, purpose, whom),
      close: async () => void this.#doors.delete(address),
    };
  }

  #dial(from: string, to: string, purpose: LinkPurpose, whom: MeshNode | undefined): Link {
    const mine = this.#doors.get(from);
    const theirs = this.#doors.get(to);
    if (mine === undefined || theirs === undefined)
      throw meshError('ERR_CONNECT', `nobody is at ${to}`, { details: { reason: 'ECONNREFUSED' } });
    const { id, incarnation } = theirs.place;
    if (whom !== undefined && whom.incarnation !== incarnation)
      throw meshError('ERR_LINK_REFUSED', 'another is there', { details: { isOther: true } });
    const near = new SimulatedLink(this, { id, incarnation, address: to }, purpose, true);
    const far = new SimulatedLink(
      this,
      { id: mine.place.id, incarnation: mine.place.incarnation, address: from },
      purpose,
      false,
    );
    near.other = far;
    far.other = near;
    for (const link of [near, far]) {
      this.#links.add(link);
      link.ended = () => this.#links.delete(link);
    }
    theirs.accept(far);
    return near;
  }
}

class SimulatedLink implements Link {
  readonly features: ReadonlySet<string> = new Set(['shapes', 'limits']);
  readonly maxFrame: number = 1 << 20;
  pendingBytes = 0;
  other!: SimulatedLink;
  ended: () => void = () => {};
  readonly peer: MeshNode;
  readonly purpose: LinkPurpose;
  readonly isDialled: boolean;
  readonly #network: SimulatedNetwork;
  #receiver: LinkReceiver | undefined;
  /** What is under way to this side: frames, then perhaps the end. */
  readonly #coming: (Uint8Array | SkynetError)[] = [];
  #isDelivering = false;
  #isOver = false;

  constructor(network: SimulatedNetwork, peer: MeshNode, purpose: LinkPurpose, isDialled: boolean) {
    this.#network = network;
    this.peer = peer;
    this.purpose = purpose;
    this.isDialled = isDialled;
  }

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#deliverLater();
  }

  send(frame: Uint8Array): void {
    if (this.#isOver) return;
    const { faults } = this.#network;
    const has = (oneOf: number): boolean => this.purpose === 'data' && this.#network.chance(oneOf);
    if (has(faults.cut)) {
      this.break();
      return;
    }
    if (has(faults.missing)) {
      this.#tellAtNextBeat();
      return;
    }
    const isHalf = has(faults.half);
    this.other.#come(isHalf ? frame.slice(0, frame.length >> 1) : frame);
    if (isHalf) this.#tellAtNextBeat();
    if (has(faults.twice)) this.other.#come(frame);
  }

  #tellAtNextBeat(): void {
    this.#network.beat(() => this.other.close(meshError('ERR_LINK_GAP', 'less has come than was sent')));
  }

  break(): void {
    this.#network.broken++;
    // More or less of what is under way comes still.
    for (const side of [this, this.other]) {
      side.#coming.length = this.#network.turns(side.#coming.length);
      side.#come(meshError('ERR_LINK_CLOSED', 'the link broke'));
    }
  }

  #come(what: Uint8Array | SkynetError): void {
    this.#coming.push(what);
    this.#deliverLater();
  }

  #deliverLater(): void {
    if (
      this.#network.isHeld ||
      this.#isDelivering ||
      this.#receiver === undefined ||
      this.#coming.length === 0
    )
      return;
    this.#isDelivering = true;
    afterTurns(this.#network.turns(this.#network.faults.delay), () => {
      this.#isDelivering = false;
      const what = this.#coming.shift();
      if (what === undefined || this.#isOver) return;
      if (what instanceof Uint8Array) this.#receiver?.frame(what);
      else this.#over(what);
      this.#deliverLater();
    });
  }

  goOn(): void {
    this.#deliverLater();
  }

  close(reason: SkynetError): void {
    if (this.#isOver) return;
    this.#over(reason);
    this.other.#come(meshError('ERR_LINK_CLOSED', 'the other side has closed the link'));
  }

  #over(reason: SkynetError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.ended();
    this.#receiver?.closed(reason);
  }

  stat(): ConnectionStat {
    return { id: 0, type: 'TCP', address: 0, read: 0, write: 0, rbuffer: 0, wbuffer: 0, sock: '', peer: '' };
  }
}
