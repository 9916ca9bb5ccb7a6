import { isIP } from 'node:net';
import { isSkynetError, printable, type SkynetError } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import { FrameReader } from '@skynet/core/netpack';
import type { Connection, ConnectionStat, Listener } from '@skynet/core/transport';
import { connectionStat } from '../netstat.ts';
import type { Beats, BeatTimes } from './beats.ts';
import { meshError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import {
  checkProof,
  common,
  encodeFrame,
  type Hello,
  MAX_HELLO,
  makeHello,
  proofOf,
  type Role,
  readHello,
  refusalOf,
  whyNot,
} from './hello.ts';
import type { Link, LinkPlace, LinkPurpose, LinkReceiver, LinkTransport } from './link.ts';
import type { MeshNode } from './node.ts';

/** How links over TCP are made. */
export interface TcpLinkOptions {
  /** Where this node listens: `"ip:port"`, `"tls://ip:port"`. */
  readonly address: string;
  /** Where others reach it, if not there. */
  readonly advertise?: string;
  /** What all nodes know and nobody else; without it whoever reaches the port may come in. */
  readonly key?: string;
  readonly heartbeat: BeatTimes;
  /** Milliseconds for connecting, and until both sides know each other. Default 3000. */
  readonly handshakeTime?: number;
}

/** The largest frame: parts are smaller, a batch of small messages is not much larger. */
const MAX_FRAME = 1 << 20;
/** {@link TcpLinkOptions.handshakeTime} unless another is given. */
const HANDSHAKE_TIME = 3000;
/** Connections of strangers at the same time that have not said who they are. */
const MAX_STRANGERS = 512;
/** Milliseconds after which a silent connection is probed by the system, too. */
const KEEP_ALIVE = 10_000;
const NOTHING = new Uint8Array(0);

/** Links over TCP, or whatever transport the scheme of an address names. */
export function tcpLinks(options: TcpLinkOptions): LinkTransport {
  return new TcpLinks(options);
}

class TcpLinks implements LinkTransport {
  readonly #options: TcpLinkOptions;
  #place: LinkPlace | undefined;
  #listener: Listener | undefined;
  #address = '';
  #heartbeat: Heartbeat | undefined;
  #beatPort = 0;
  #pings: NodeJS.Timeout | undefined;
  #strangers = 0;
  readonly #links = new Set<TcpLink>();

  constructor(options: TcpLinkOptions) {
    this.#options = options;
  }

  async open(place: LinkPlace, accept: (link: Link) => void): Promise<string> {
    this.#place = place;
    const { kernel } = place;
    const { address, advertise, heartbeat } = this.#options;
    const listener = await kernel.listen(address, {}, (connection) => this.#accepted(connection, accept));
    this.#listener = listener;
    // Nobody is let in before there is an address to tell.
    listener.pause();
    const scheme = /^[a-z]+:\/\//.exec(address)?.[0] ?? '';
    this.#address = advertise ?? scheme + listener.url.replace(/^[a-z]+:\/\//, '');
    const at = hostOf(listener.address);
    if (at !== undefined) {
      this.#heartbeat = new Heartbeat(at, listener.port, heartbeat);
      this.#beatPort = await kernel.skynet.await(this.#heartbeat.port);
      if (this.#beatPort === 0)
        place.log(`no beats on ${listener.address}: a node that is busy for long counts as lost`);
    }
    this.#pings = setInterval(() => this.#ping(), heartbeat.every);
    this.#pings.unref();
    kernel.thread.onStop(() => this.#stop());
    listener.resume();
    place.log(`links are taken on ${this.#address} (${listener.address})`);
    return this.#address;
  }

  get #handshakeTime(): number {
    return this.#options.handshakeTime ?? HANDSHAKE_TIME;
  }

  async dial(address: string, purpose: LinkPurpose, to?: MeshNode): Promise<Link> {
    const place = this.#place as LinkPlace;
    const connection = await place.kernel.connect(address, { timeout: this.#handshakeTime });
    const beat = this.#newBeat();
    const hello = makeHello(place, this.#address, purpose, {
      ...(to === undefined ? {} : { to: { id: to.id, incarnation: to.incarnation } }),
      ...(beat === undefined ? {} : { beat }),
    });
    const known = place.kernel.suspend<Link>();
    const mine = encodeFrame(hello);
    const link = new TcpLink(connection, place, true, this.#handshakeTime, {
      begin: (send) => send(mine),
      hello: (bytes, theirs, send) => {
        const why = whyNot(place, theirs, to);
        if (why !== undefined) throw why;
        send(encodeFrame({ proof: this.#proof('dialler', mine, bytes) }));
        return this.#proof('acceptor', mine, bytes);
      },
      ready: (theirs) => this.#ready(link, theirs, purpose, beat?.token, () => known.resolve(link)),
      failed: (error) => known.reject(error),
      over: () => this.#links.delete(link),
    });
    return known.promise;
  }

  #accepted(connection: Connection, accept: (link: Link) => void): void {
    const place = this.#place as LinkPlace;
    if (this.#strangers >= MAX_STRANGERS) {
      connection.destroy();
      return;
    }
    this.#strangers++;
    let isStranger = true;
    const known = (): void => {
      if (isStranger) this.#strangers--;
      isStranger = false;
    };
    let purpose: LinkPurpose = 'data';
    let beat: Hello['beat'];
    const link = new TcpLink(connection, place, false, this.#handshakeTime, {
      hello: (bytes, theirs, send) => {
        const why = whyNot(place, theirs);
        if (why !== undefined) throw why;
        purpose = theirs.purpose;
        beat = this.#newBeat();
        const mine = encodeFrame(
          makeHello(place, this.#address, purpose, beat === undefined ? {} : { beat }),
        );
        send(mine);
        const own = this.#proof('acceptor', bytes, mine);
        link.answer = encodeFrame({ proof: own });
        return this.#proof('dialler', bytes, mine);
      },
      ready: (theirs) => {
        known();
        this.#ready(link, theirs, purpose, beat?.token, () => accept(link));
      },
      failed: (error) => {
        known();
        place.log(`no link with ${connection.remoteAddress}: ${printable(error.message)} (${error.code})`);
      },
      over: () => {
        known();
        this.#links.delete(link);
      },
    });
  }

  #proof(role: Role, dialler: Uint8Array, acceptor: Uint8Array): string {
    return proofOf(this.#options.key, role, dialler, acceptor);
  }

  #newBeat(): { port: number; token: string } | undefined {
    if (this.#beatPort === 0) return undefined;
    const token = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
    return { port: this.#beatPort, token };
  }

  /** Both sides know each other. */
  #ready(
    link: TcpLink,
    theirs: Hello,
    purpose: LinkPurpose,
    mine: string | undefined,
    done: () => void,
  ): void {
    const { id, incarnation, address, beat } = theirs;
    link.known(
      { id, incarnation, address },
      purpose,
      common((this.#place as LinkPlace).features, theirs.features),
    );
    this.#links.add(link);
    const host = hostOf(link.remoteAddress);
    if (this.#heartbeat !== undefined && beat !== undefined && mine !== undefined && host !== undefined)
      link.beats = this.#heartbeat.begin({ host, port: beat.port, theirs: beat.token, mine }, (isStalled) =>
        link.silent(isStalled, this.#options.heartbeat.silence),
      );
    done();
  }

  /** Shows the other sides that links pass bytes. Those without beats are held to that. */
  #ping(): void {
    const now = performance.now();
    for (const link of this.#links) link.ping(now, this.#options.heartbeat.silence);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  #stop(): void {
    clearInterval(this.#pings);
    this.#heartbeat?.stop();
  }
}

/** The ip in `ip:port` or `[ip]:port`; undefined for other addresses. */
function hostOf(address: string): string | undefined {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

/** What becomes of a connection before it is a link. */
interface Handshake {
  /** What is said first. */
  begin?(send: (frame: Uint8Array) => void): void;
  /** The other side has said who it is. Returns the proof that is expected of it. @throws why it is let go. */
  hello(bytes: Uint8Array, theirs: Hello, send: (frame: Uint8Array) => void): string;
  /** Both know each other. */
  ready(theirs: Hello): void;
  /** They never will. */
  failed(error: SkynetError): void;
  /** The connection is over, whatever it was. */
  over(): void;
}

class TcpLink implements Link {
  peer: MeshNode = { id: 0, incarnation: '', address: '' };
  purpose: LinkPurpose = 'data';
  features: ReadonlySet<string> = new Set();
  readonly isDialled: boolean;
  readonly maxFrame: number = MAX_FRAME;
  beats: Beats | undefined = undefined;
  /** What an acceptor says last. */
  answer: Uint8Array | undefined = undefined;
  readonly #connection: Connection;
  readonly #kernel: ServiceKernel;
  readonly #handshake: Handshake;
  readonly #id: number;
  readonly #limit: NodeJS.Timeout;
  #reader = new FrameReader({ header: 4, limit: MAX_HELLO });
  #theirs: Hello | undefined;
  #expected: string | undefined;
  #isReady = false;
  #isOver = false;
  #reason: SkynetError | undefined;
  #receiver: LinkReceiver | undefined;
  /** What has come before there was a receiver. */
  #early: Uint8Array[] | undefined = [];
  #heardAt = performance.now();
  #received = 0;
  #sent = 0;

  constructor(
    connection: Connection,
    { kernel }: LinkPlace,
    isDialled: boolean,
    handshakeTime: number,
    handshake: Handshake,
  ) {
    this.#connection = connection;
    this.#kernel = kernel;
    this.isDialled = isDialled;
    this.#handshake = handshake;
    this.#id = kernel.thread.nextId();
    this.#limit = setTimeout(
      () => this.#fail(meshError('ERR_TIMEOUT', `no hello within ${handshakeTime} ms`)),
      handshakeTime,
    );
    this.#limit.unref();
    connection.setNoDelay(true);
    connection.setKeepAlive(KEEP_ALIVE);
    connection.start({
      data: (chunk) => this.#data(chunk),
      end: () => this.#over(meshError('ERR_LINK_CLOSED', 'the other side has closed the link')),
      drained: () => {},
      error: (error) => {
        this.#reason ??= meshError('ERR_LINK_CLOSED', `the link broke: ${error.message}`, { cause: error });
      },
      closed: () => this.#over(meshError('ERR_LINK_CLOSED', 'the other side is gone')),
    });
    handshake.begin?.((frame) => this.#write(frame));
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get pendingBytes(): number {
    return this.#connection.pendingBytes;
  }

  known(peer: MeshNode, purpose: LinkPurpose, features: ReadonlySet<string>): void {
    this.peer = peer;
    this.purpose = purpose;
    this.features = features;
  }

  start(receiver: LinkReceiver): void {
    setImmediate(() => {
      this.#receiver = receiver;
      const early = this.#early ?? [];
      this.#early = undefined;
      // Also when the link is over by now: it came before.
      for (const chunk of early) this.#take(chunk);
      if (this.#isOver) receiver.closed(this.#reason as SkynetError);
      else this.#connection.resume();
    });
  }

  send(frame: Uint8Array): void {
    if (!this.#isOver) this.#write(frame);
  }

  #write(frame: Uint8Array): void {
    this.#sent += frame.length + 4;
    this.#connection.writeFrame(frame, 4);
  }

  close(reason: SkynetError): void {
    if (this.#isOver) return;
    this.#reason = reason;
    this.#connection.close(1000);
    this.#over(reason);
  }

  silent(isStalled: boolean, silence: number): void {
    if (this.#isOver) return;
    const what = isStalled
      ? 'the link passes no bytes, though both sides have the time'
      : 'nothing was heard';
    this.#connection.destroy();
    this.#over(meshError('ERR_LINK_SILENT', `${what} of node ${this.peer.id} for ${silence} ms`));
  }

  ping(now: number, silence: number): void {
    if (this.#isOver) return;
    this.#connection.writeFrame(NOTHING, 4);
    this.#sent += 4;
    // What has come while this thread was busy is read before it is judged.
    if (this.beats === undefined && now - this.#heardAt > silence)
      setImmediate(() => {
        if (now - this.#heardAt > silence) this.silent(false, silence);
      });
  }

  stat(): ConnectionStat {
    const traffic = { fd: this.#id, received: this.#received, sent: this.#sent };
    return connectionStat(this.#kernel.skynet.self(), traffic, this.#connection);
  }

  // --- in

  #data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#received += chunk.length;
    this.#heardAt = performance.now();
    this.beats?.heard();
    let rest = chunk;
    try {
      // The last frame of the handshake changes how what is behind it is read.
      while (!this.#isReady) {
        const end = this.#greet(rest);
        if (end === undefined) return;
        rest = rest.subarray(end);
      }
    } catch (error) {
      this.#nonsense(error);
      return;
    }
    if (rest.length === 0) return;
    if (this.#early !== undefined) this.#early.push(rest.slice());
    else this.#take(rest);
  }

  #take(chunk: Uint8Array): void {
    try {
      this.#reader.push(chunk, this.#frame);
    } catch (error) {
      this.#nonsense(error);
    }
  }

  #nonsense(error: unknown): void {
    this.#fail(
      isSkynetError(error, 'ERR_LINK_PROTOCOL') || isSkynetError(error, 'ERR_LINK_REFUSED')
        ? error
        : meshError('ERR_LINK_PROTOCOL', `nonsense: ${printable((error as Error).message)}`, {
            cause: error,
          }),
    );
  }

  readonly #frame = (buffer: Uint8Array, start: number, end: number): void => {
    if (end > start) this.#receiver?.frame(buffer.subarray(start, end));
  };

  /** Takes one frame of the handshake from the chunk; where the next begins, undefined if it has none. */
  #greet(chunk: Uint8Array): number | undefined {
    // Frame by frame: the reader is given no more than one of them.
    for (let at = 0; at < chunk.length; at++) {
      let frame: Uint8Array | undefined;
      this.#reader.push(chunk.subarray(at, at + 1), (buffer, start, end) => {
        frame = buffer.slice(start, end);
      });
      if (frame === undefined) continue;
      this.#greeting(frame);
      return at + 1;
    }
    return undefined;
  }

  #greeting(frame: Uint8Array): void {
    if (this.#expected === undefined) {
      const theirs = readHello(frame);
      this.#theirs = theirs;
      this.#expected = this.#handshake.hello(frame, theirs, (bytes) => this.#write(bytes));
      return;
    }
    checkProof(frame, this.#expected);
    if (this.answer !== undefined) this.#write(this.answer);
    clearTimeout(this.#limit);
    this.#isReady = true;
    this.#reader = new FrameReader({ header: 4, limit: MAX_FRAME });
    this.#handshake.ready(this.#theirs as Hello);
    // What comes before somebody takes it waits in the connection.
    if (this.#early !== undefined) this.#connection.pause();
  }

  #fail(error: SkynetError): void {
    if (this.#isOver) return;
    if (!this.#isReady && error.code === 'ERR_LINK_REFUSED' && error.details?.['isTheirs'] !== true)
      this.#write(refusalOf(error));
    this.#connection.close(1000);
    this.#over(error);
  }

  #over(reason: SkynetError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason ??= reason;
    clearTimeout(this.#limit);
    this.beats?.end();
    if (!this.#connection.closed) this.#connection.close(1000);
    this.#handshake.over();
    if (!this.#isReady) this.#handshake.failed(this.#reason);
    // A receiver that comes later hears of it then.
    this.#receiver?.closed(this.#reason);
  }
}
