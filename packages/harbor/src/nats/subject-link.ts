import { printable, SkynetError } from '@skynet/core';
import type { ConnectionStat } from '@skynet/core/transport';
import type { Beats } from '../mesh/beats.ts';
import { meshError } from '../mesh/errors.ts';
import type { Link, LinkPurpose, LinkReceiver } from '../mesh/link.ts';
import type { MeshNode } from '../mesh/node.ts';

// A link over subjects: packets of NATS, each with
//
//   u8 kind   u32 number of the link at whoever gets it   u32 count   rest
//
// little endian. `count` is the number of the packet, of FRAME and MORE, or of the next one, of PING; of HELLO and WELCOME it is
// the number of the link at whoever sends it. A frame that does not fit a packet is in several: MORE, …, FRAME.

export const PACKET = { HELLO: 1, WELCOME: 2, PROOF: 3, MORE: 4, FRAME: 5, PING: 6, CLOSE: 7 } as const;
/** Bytes in front of the rest of a packet. */
export const PACKET_HEAD = 9;

/** Frames that do not fit a packet are not larger than that, in bytes. */
const MAX_FRAME = 1 << 20;
/** Bytes under way of small messages, and of parts of large ones: servers hold them for a node that is busy. */
const MAX_CREDIT = 1 << 20;

/** Frames that a node may send before anybody takes them. */
const MAX_EARLY = 64;

/** What a link needs of whoever makes them. */
export interface SubjectPlace {
  /** The largest packet, in bytes. */
  readonly maxPacket: number;
  readonly handle: number;
  readonly server: string;
  /** Sends to the other side. */
  publish(packet: Uint8Array): void;
  /** The other side is to know that this link is over. */
  tellClosed(reason: string): void;
  over(link: SubjectLink): void;
}

/** A packet with nothing in it yet but its head. */
export function packetOf(kind: number, to: number, count: number, rest: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafe(PACKET_HEAD + rest.length);
  packet[0] = kind;
  packet.writeUInt32LE(to, 1);
  packet.writeUInt32LE(count, 5);
  packet.set(rest, PACKET_HEAD);
  return packet;
}

const NOTHING = new Uint8Array(0);

/** A link over subjects, once both sides know each other. */
export class SubjectLink implements Link {
  readonly peer: MeshNode;
  readonly purpose: LinkPurpose;
  readonly features: ReadonlySet<string>;
  readonly isDialled: boolean;
  readonly maxFrame: number = MAX_FRAME;
  readonly maxCredit: number = MAX_CREDIT;
  readonly pendingBytes = 0;
  /** Its number here, and at the other side. */
  readonly own: number;
  readonly theirs: number;
  beats: Beats | undefined = undefined;
  readonly #place: SubjectPlace;
  readonly #id: number;
  #next = 0;
  #expected = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #receiver: LinkReceiver | undefined;
  /** Frames that have come before there was a receiver. */
  #early: Uint8Array[] | undefined = [];
  #reason: SkynetError | undefined;
  #received = 0;
  #sent = 0;

  constructor(
    place: SubjectPlace,
    { id, own, theirs }: { readonly id: number; readonly own: number; readonly theirs: number },
    { peer, purpose, features, isDialled }: Pick<SubjectLink, 'peer' | 'purpose' | 'features' | 'isDialled'>,
  ) {
    this.#place = place;
    this.#id = id;
    this.own = own;
    this.theirs = theirs;
    this.peer = peer;
    this.purpose = purpose;
    this.features = features;
    this.isDialled = isDialled;
  }

  start(receiver: LinkReceiver): void {
    setImmediate(() => {
      this.#receiver = receiver;
      const early = this.#early ?? [];
      this.#early = undefined;
      // Also when the link is over by now: it came before.
      for (const frame of early) receiver.frame(frame);
      if (this.#reason !== undefined) receiver.closed(this.#reason);
    });
  }

  send(frame: Uint8Array): void {
    if (this.#reason !== undefined) return;
    const room = this.#place.maxPacket - PACKET_HEAD;
    let at = 0;
    for (; frame.length - at > room; at += room) this.#put(PACKET.MORE, frame.subarray(at, at + room));
    this.#put(PACKET.FRAME, at === 0 ? frame : frame.subarray(at));
  }

  #put(kind: number, rest: Uint8Array): void {
    const packet = packetOf(kind, this.theirs, this.#next, rest);
    this.#next = (this.#next + 1) >>> 0;
    this.#sent += packet.length;
    this.#place.publish(packet);
  }

  /** Shows the other side that the link passes packets, and how many there were. */
  ping(): void {
    if (this.#reason === undefined)
      this.#place.publish(packetOf(PACKET.PING, this.theirs, this.#next, NOTHING));
  }

  close(reason: SkynetError): void {
    if (this.#reason !== undefined) return;
    this.#place.tellClosed(reason.message);
    this.over(reason);
  }

  /** It is over, and the other side knows, or will find out. */
  over(reason: SkynetError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.beats?.end();
    this.#parts = [];
    this.#place.over(this);
    // A receiver that comes later hears of it then.
    this.#receiver?.closed(reason);
  }

  silent(isStalled: boolean, silence: number): void {
    const what = isStalled
      ? 'the link passes no bytes, though both sides have the time'
      : 'nothing was heard';
    this.close(meshError('ERR_LINK_SILENT', `${what} of node ${this.peer.id} for ${silence} ms`));
  }

  /** A packet for this link. */
  packet(kind: number, count: number, rest: Uint8Array): void {
    if (this.#reason !== undefined) return;
    this.beats?.heard();
    this.#received += PACKET_HEAD + rest.length;
    if (count !== this.#expected) {
      this.close(
        meshError('ERR_LINK_GAP', `what node ${this.peer.id} has sent over NATS is missing`, {
          details: { expected: this.#expected, got: count },
        }),
      );
      return;
    }
    if (kind === PACKET.PING) return;
    this.#expected = (this.#expected + 1) >>> 0;
    if (kind === PACKET.MORE) this.#more(rest);
    else this.#frame(this.#parts.length === 0 ? rest : this.#whole(rest));
  }

  #more(rest: Uint8Array): void {
    this.#partBytes += rest.length;
    if (this.#partBytes > MAX_FRAME)
      this.close(meshError('ERR_LINK_PROTOCOL', `node ${this.peer.id} sends a frame without an end`));
    else this.#parts.push(rest.slice());
  }

  #whole(rest: Uint8Array): Uint8Array {
    const whole = Buffer.concat([...this.#parts, rest]);
    this.#parts = [];
    this.#partBytes = 0;
    return whole;
  }

  #frame(frame: Uint8Array): void {
    if (this.#early === undefined) this.#receiver?.frame(frame);
    else if (this.#early.push(frame.slice()) > MAX_EARLY)
      this.close(meshError('ERR_LINK_PROTOCOL', `node ${this.peer.id} sends before it was let in`));
  }

  stat(): ConnectionStat {
    return {
      id: this.#id,
      type: 'TCP',
      address: this.#place.handle,
      read: this.#received,
      write: this.#sent,
      rbuffer: 0,
      wbuffer: 0,
      sock: `nats ${printable(this.#place.server)}`,
      peer: `node ${this.peer.id}`,
    };
  }
}

/** What ends a link, whatever it is. */
export function asReason(error: unknown): SkynetError {
  return error instanceof SkynetError
    ? error
    : meshError('ERR_LINK_PROTOCOL', `nonsense: ${printable((error as Error).message)}`, { cause: error });
}
