import type { Msg, Subscription } from '@nats-io/transport-node';
import { printable, type SkynetError } from '@skynet/core';
import { meshError } from '../mesh/errors.ts';
import {
  checkProof,
  common,
  encodeFrame,
  type Hello,
  makeHello,
  proofOf,
  readHello,
  refusalOf,
  whyNot,
} from '../mesh/hello.ts';
import type { Link, LinkPlace, LinkPurpose } from '../mesh/link.ts';
import type { MeshNode } from '../mesh/node.ts';
import type { NatsClient } from './client.ts';
import { asReason, PACKET, PACKET_HEAD, packetOf, SubjectLink } from './subject-link.ts';

// How links over subjects come about. Each node takes what is sent to subjects below its own: `.in`, packets of links, and
// `.down.<number>`, the end of the link with that number here: said by the other side, or by the server, which knows at once
// that nobody takes what was sent to a subject.
//
//   dialler   HELLO: who it is, the number of the link there     acceptor  WELCOME: the same     or CLOSE: refused, and why
//   dialler   PROOF                                              acceptor  PROOF                 or CLOSE
//
// as in `hello.ts`. The lines are JSON.

/** Milliseconds until both sides know each other. */
const HANDSHAKE_TIME = 3000;
/** Links at the same time that are not made yet by others. */
const MAX_STRANGERS = 512;
/** The largest packet is not smaller: what nodes say first has to fit. */
const MIN_PACKET = 8192;
/** Milliseconds between two signs of life on a link. */
const PING_EVERY = 1000;
/** Status of a server that nobody takes what was sent. */
const NO_RESPONDERS = 503;

/** A link that is not made yet. */
interface Handshake {
  readonly own: number;
  theirs: number;
  /** What the other side says of itself. */
  hello: Hello | undefined;
  readonly mine: Uint8Array;
  /** The proof that is expected of it, and the one that is sent in return. */
  expected: string;
  answer: string;
  readonly wanted: MeshNode | undefined;
  readonly purpose: LinkPurpose;
  readonly timer: NodeJS.Timeout;
  settle(link: Link): void;
  fail(error: SkynetError): void;
}

/** Who is told of links that others open. */
type Accept = (link: Link) => void;

export class SubjectLinks {
  readonly #client: NatsClient;
  readonly #place: LinkPlace;
  readonly #address: string;
  readonly #key: string | undefined;
  readonly #accept: Accept;
  readonly #subscription: Subscription;
  readonly #pings: NodeJS.Timeout;
  readonly #handshakes = new Map<number, Handshake>();
  readonly #links = new Map<number, SubjectLink>();
  /** Subjects to say on that links are over, once that is possible. */
  #unsaid: string[] = [];
  #number = Math.floor(Math.random() * 0xffffffff);
  #strangers = 0;
  #isOpen = true;

  constructor(
    client: NatsClient,
    place: LinkPlace,
    address: string,
    key: string | undefined,
    accept: Accept,
  ) {
    this.#client = client;
    this.#place = place;
    this.#address = address;
    this.#key = key;
    this.#accept = accept;
    if (this.#maxPacket < MIN_PACKET)
      throw meshError('ERR_MESH_REFUSED', `NATS takes ${this.#maxPacket} bytes: links need ${MIN_PACKET}`);
    this.#subscription = client.nc.subscribe(`${this.#own}.>`, {
      callback: (_, message) => this.#message(message),
    });
    this.#pings = setInterval(() => {
      for (const link of this.#links.values()) link.ping();
    }, PING_EVERY);
    this.#pings.unref();
    client.watch({
      disconnected: () => this.#disconnected(),
      reconnected: () => this.#reconnected(),
    });
  }

  get #own(): string {
    return this.#client.subject(this.#place.id, this.#place.incarnation);
  }

  get #maxPacket(): number {
    return this.#client.nc.info?.max_payload ?? MIN_PACKET;
  }

  /** Numbers of links that were there before are not used again soon. */
  #newNumber(): number {
    do this.#number = (this.#number + 1) >>> 0;
    while (this.#number === 0 || this.#links.has(this.#number) || this.#handshakes.has(this.#number));
    return this.#number;
  }

  // --- opening

  /**
   * Opens a link to a node.
   * @throws as {@link LinkTransport.dial}; ERR_CONNECT with `details.isUnheard` when no node takes what is sent there.
   */
  async dial(to: MeshNode, purpose: LinkPurpose): Promise<Link> {
    if (!this.#client.isConnected) throw meshError('ERR_LINK_CLOSED', 'NATS is not connected');
    const own = this.#newNumber();
    const { id, incarnation } = to;
    const mine = encodeFrame(makeHello(this.#place, this.#address, purpose, { to: { id, incarnation } }));
    return new Promise<Link>((settle, fail) => {
      this.#begin({ own, theirs: 0, mine, wanted: to, purpose, settle, fail, expected: '', answer: '' });
      this.#publish(to, packetOf(PACKET.HELLO, 0, own, mine), own);
    });
  }

  #begin(made: Omit<Handshake, 'timer' | 'hello'> & { hello?: Hello }): Handshake {
    const timer = setTimeout(
      () => this.#failed(handshake, meshError('ERR_TIMEOUT', `no hello within ${HANDSHAKE_TIME} ms`)),
      HANDSHAKE_TIME,
    );
    timer.unref();
    const handshake: Handshake = { ...made, hello: made.hello, timer };
    this.#handshakes.set(made.own, handshake);
    return handshake;
  }

  #failed(handshake: Handshake, error: SkynetError): void {
    if (!this.#handshakes.delete(handshake.own)) return;
    clearTimeout(handshake.timer);
    handshake.fail(error);
  }

  // --- packets out

  /** Sends a packet; the server says at `own`'s end if nobody takes it. */
  #publish({ id, incarnation }: Pick<MeshNode, 'id' | 'incarnation'>, packet: Uint8Array, own: number): void {
    this.#say(`${this.#client.subject(id, incarnation)}.in`, packet, `${this.#own}.down.${own}`);
  }

  #say(subject: string, data: Uint8Array, reply?: string): void {
    try {
      this.#client.nc.publish(subject, data, reply === undefined ? {} : { reply });
    } catch {
      // It is closed: this node goes.
    }
  }

  /** Tells whoever sent a packet that its link is over. */
  #refuse(reply: string | undefined, error: unknown): void {
    if (reply?.startsWith(`skynet.${this.#place.mesh}.node.`) === true) this.#say(reply, refusalOf(error));
  }

  // --- packets in

  #message(message: Msg): void {
    const { subject, data } = message;
    const [what = '', number = ''] = subject.slice(this.#own.length + 1).split('.');
    if (what === 'there') message.respond();
    else if (what === 'down') this.#down(Number(number), message);
    else if (what === 'in' && data.length >= PACKET_HEAD) this.#packet(message);
  }

  #down(own: number, { headers, data }: Msg): void {
    const isUnheard = headers?.code === NO_RESPONDERS;
    const handshake = this.#handshakes.get(own);
    if (handshake !== undefined) {
      this.#failed(handshake, isUnheard ? unheard(handshake) : refusal(data));
      return;
    }
    const link = this.#links.get(own);
    link?.over(
      meshError(
        'ERR_LINK_CLOSED',
        isUnheard ? `node ${link.peer.id} is gone from NATS` : 'the other side has closed the link',
      ),
    );
  }

  #packet(message: Msg): void {
    const { data, reply } = message;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const kind = view.getUint8(0);
    const to = view.getUint32(1, true);
    const count = view.getUint32(5, true);
    const rest = data.subarray(PACKET_HEAD);
    if (kind === PACKET.HELLO) {
      this.#hello(count, rest, reply);
      return;
    }
    const link = this.#links.get(to);
    if (link !== undefined) {
      if (kind === PACKET.MORE || kind === PACKET.FRAME || kind === PACKET.PING)
        link.packet(kind, count, rest);
      else link.close(meshError('ERR_LINK_PROTOCOL', `a packet of kind ${kind}`));
      return;
    }
    const handshake = this.#handshakes.get(to);
    if (handshake === undefined) {
      this.#refuse(reply, meshError('ERR_LINK_CLOSED', 'there is no such link'));
      return;
    }
    try {
      this.#greeted(handshake, kind, count, rest);
    } catch (error) {
      this.#refuse(reply, error);
      this.#failed(handshake, asReason(error));
    }
  }

  /** Another node opens a link. */
  #hello(theirs: number, bytes: Uint8Array, reply: string | undefined): void {
    const place = this.#place;
    try {
      if (!this.#isOpen || this.#strangers >= MAX_STRANGERS)
        throw meshError('ERR_LINK_REFUSED', 'no more links are taken now');
      const hello = readHello(bytes);
      const why = whyNot(place, hello);
      if (why !== undefined) throw why;
      const own = this.#newNumber();
      const mine = encodeFrame(makeHello(place, this.#address, hello.purpose, {}));
      this.#strangers++;
      this.#begin({
        own,
        theirs,
        hello,
        mine,
        wanted: undefined,
        purpose: hello.purpose,
        expected: proofOf(this.#key, 'dialler', bytes, mine),
        answer: proofOf(this.#key, 'acceptor', bytes, mine),
        settle: (link) => {
          this.#strangers--;
          this.#accept(link);
        },
        fail: (error) => {
          this.#strangers--;
          place.log(`no link with node ${hello.id} over NATS: ${printable(error.message)}`);
        },
      });
      this.#publish(hello, packetOf(PACKET.WELCOME, theirs, own, mine), own);
    } catch (error) {
      this.#refuse(reply, error);
    }
  }

  #greeted(handshake: Handshake, kind: number, count: number, rest: Uint8Array): void {
    const { hello, own, mine, wanted } = handshake;
    if (kind === PACKET.WELCOME && hello === undefined && wanted !== undefined) {
      const theirs = readHello(rest);
      const why = whyNot(this.#place, theirs, wanted);
      if (why !== undefined) throw why;
      handshake.hello = theirs;
      handshake.theirs = count;
      handshake.expected = proofOf(this.#key, 'acceptor', mine, rest);
      const proof = encodeFrame({ proof: proofOf(this.#key, 'dialler', mine, rest) });
      this.#publish(wanted, packetOf(PACKET.PROOF, count, 0, proof), own);
    } else if (kind === PACKET.PROOF && hello !== undefined) {
      checkProof(rest, handshake.expected);
      if (wanted === undefined)
        this.#publish(
          hello,
          packetOf(PACKET.PROOF, handshake.theirs, 0, encodeFrame({ proof: handshake.answer })),
          own,
        );
      this.#made(handshake, hello);
    } else
      throw meshError('ERR_LINK_PROTOCOL', `a packet of kind ${kind}, before both sides know each other`);
  }

  #made(handshake: Handshake, hello: Hello): void {
    const { own, theirs, wanted, purpose } = handshake;
    const { kernel, features } = this.#place;
    const client = this.#client;
    const peer: MeshNode = { id: hello.id, incarnation: hello.incarnation, address: hello.address };
    this.#handshakes.delete(own);
    clearTimeout(handshake.timer);
    const down = `${client.subject(peer.id, peer.incarnation)}.down.${theirs}`;
    const link = new SubjectLink(
      {
        maxPacket: this.#maxPacket,
        handle: kernel.skynet.self(),
        server: client.server,
        publish: (packet) => this.#publish(peer, packet, own),
        tellClosed: (reason) => {
          if (client.isConnected) this.#say(down, encodeFrame({ refused: reason.slice(0, 200) }));
          else this.#unsaid.push(down);
        },
        over: () => this.#links.delete(own),
      },
      { id: kernel.thread.nextId(), own, theirs },
      { peer, purpose, features: common(features, hello.features), isDialled: wanted !== undefined },
    );
    this.#links.set(own, link);
    const { silence } = client.settings;
    const beats = client.keeper.begin(client.beatSubject(peer.id, peer.incarnation), (isStalled) =>
      link.silent(isStalled, silence),
    );
    link.beats = beats;
    handshake.settle(link);
  }

  // --- the connection

  /** What was under way may be lost, and the last of it would not be missed. */
  #disconnected(): void {
    for (const link of [...this.#links.values()])
      link.close(meshError('ERR_LINK_CLOSED', 'the connection with NATS was lost'));
    for (const handshake of [...this.#handshakes.values()])
      this.#failed(handshake, meshError('ERR_LINK_CLOSED', 'the connection with NATS was lost'));
  }

  #reconnected(): void {
    const unsaid = this.#unsaid;
    this.#unsaid = [];
    for (const subject of unsaid) this.#say(subject, encodeFrame({ refused: 'NATS was lost' }));
  }

  /** Nodes that are reached over NATS. */
  peers(): number[] {
    return [...this.#links.values()].map(({ peer }) => peer.id).sort((a, b) => a - b);
  }

  /** Takes nothing any more. */
  close(): void {
    this.#isOpen = false;
    clearInterval(this.#pings);
    this.#subscription.unsubscribe();
  }
}

function unheard({ wanted }: Handshake): SkynetError {
  return meshError('ERR_CONNECT', `node ${wanted?.id ?? 0} is not at NATS`, {
    details: { isUnheard: true },
  });
}

/** What the other side says instead of going on. */
function refusal(data: Uint8Array): SkynetError {
  try {
    readHello(data);
  } catch (error) {
    return asReason(error);
  }
  return meshError('ERR_LINK_PROTOCOL', 'the link was ended without a reason');
}
