import {
  formatHandle,
  type Handle,
  harborOf,
  isRequestType,
  makeHandle,
  PTYPE,
  printable,
  SkynetError,
} from '@skynet/core';
import { Message, type NetworkPlace } from '@skynet/core/kernel';
import type { Connection } from '@skynet/core/transport';
import { harborError } from './errors.ts';
import { createFrameReader, encodeFrame } from './frame.ts';
import { OpenRequests } from './open-requests.ts';

/** What is known of the way to another node. */
export type LinkState =
  /** It has not been heard of, or it is being connected to: messages wait. */
  | 'waiting'
  /** Messages go there. */
  | 'ready'
  /** It was lost, or it does not speak our language. */
  | 'down';

/** What a link tells of itself. */
export interface LinkInfo {
  readonly id: number;
  readonly state: LinkState;
  /** Number of the connection. */
  readonly fd: number;
  /** Of the peer, and own; empty without a connection. */
  readonly address: string;
  readonly own: string;
  /** Bytes that have come, and that have been sent. */
  readonly received: number;
  readonly sent: number;
  /** Bytes that wait for the peer. */
  readonly waiting: number;
  /** Calls to it whose answer has not come, and calls of it that are worked on here. */
  readonly calls: number;
  readonly serving: number;
  /** When it got into this state, in milliseconds of the wall clock. */
  readonly since: number;
}

/** Who hears of what becomes of links. */
export interface LinksOwner {
  log(text: string): void;
  /** A link is ready now, or down. */
  changed(id: number, state: LinkState): void;
}

interface Link {
  readonly id: number;
  fd: number;
  state: LinkState;
  since: number;
  connection: Connection | undefined;
  /** Frames that wait until it is ready, and their bytes. */
  queue: Uint8Array[];
  queued: number;
  received: number;
  sent: number;
  calls: number;
  serving: number;
  /** Unsent bytes at which the log is told next. */
  warnAt: number;
  /** Messages that went nowhere since it is down, or since something was read there. */
  dropped: number;
}

/** Bytes that may wait for a node, unless the options say otherwise. Answers are not refused for that. */
export const BACKLOG: number = 256 << 20;
/** Unsent bytes of a link that the log is told of first. */
const FIRST_WARNING = 1 << 20;
/** Unsent bytes above which a peer that reads nothing counts as lost. */
const MAX_UNSENT = 1 << 30;
/** Milliseconds after which a silent connection is probed. */
const KEEP_ALIVE = 10_000;

const NOTHING = new Uint8Array(0);

/** The ways to the other nodes of a network (the original's C service `harbor`). */
export class Links {
  readonly #harbor: number;
  readonly #place: NetworkPlace;
  readonly #owner: LinksOwner;
  readonly #links = new Map<number, Link>();
  readonly #open = new OpenRequests();
  readonly #backlog: number;

  constructor(harbor: number, place: NetworkPlace, owner: LinksOwner, backlog: number) {
    this.#backlog = backlog;
    this.#harbor = harbor;
    this.#place = place;
    this.#owner = owner;
  }

  stateOf(id: number): LinkState | undefined {
    return this.#links.get(id)?.state;
  }

  info(): LinkInfo[] {
    return [...this.#links.values()]
      .sort((a, b) => a.id - b.id)
      .map(({ id, fd, state, connection, received, sent, queued, calls, serving, since }) => ({
        id,
        fd,
        state,
        address: connection?.remoteAddress ?? '',
        own: connection?.localAddress ?? '',
        received,
        sent,
        waiting: queued + (connection?.pendingBytes ?? 0),
        calls,
        serving,
        since,
      }));
  }

  /** As {@link Remote.deliver}. */
  deliver(to: Handle, message: Message): boolean {
    const { type, session, source } = message;
    const body = message.body as Uint8Array;
    const link = this.#linkTo(harborOf(to));
    const isAnswer = type === PTYPE.RESPONSE || type === PTYPE.ERROR;
    if (isAnswer) this.#open.delete(to, session);
    if (link.state === 'ready') {
      // Whoever waits for an answer would wait for ever without it.
      if (!isAnswer && (link.connection?.pendingBytes ?? 0) >= this.#backlog)
        return this.#drop(link, to, message);
      this.#count(link, isAnswer, type, session);
      this.#write(link, encodeFrame(body, source, type, to, session));
      return true;
    }
    if (link.state === 'waiting' && link.queued + body.length <= this.#backlog) {
      const frame = encodeFrame(body, source, type, to, session);
      this.#count(link, isAnswer, type, session);
      link.queue.push(frame);
      link.queued += frame.length;
      return true;
    }
    return this.#drop(link, to, message);
  }

  #count(link: Link, isAnswer: boolean, type: number, session: number): void {
    if (isAnswer) {
      if (link.serving > 0) link.serving--;
    } else if (session !== 0 && isRequestType(type)) link.calls++;
  }

  #drop(link: Link, to: Handle, { type, session, source, body }: Message): boolean {
    const isRequest = session !== 0 && isRequestType(type);
    // Nobody waits for an answer any more. A flood to a lost node is not to flood the log as well.
    const isAnswer = type === PTYPE.RESPONSE || type === PTYPE.ERROR;
    if (!isAnswer && Number.isInteger(Math.log2(++link.dropped)))
      this.#owner.log(
        `Drop message to harbor ${link.id} from ${source.toString(16)} to ${to.toString(16)} (session = ${session}, msgsz = ${(body as Uint8Array).length})`,
      );
    if (!isRequest) return false;
    const error = link.state === 'down' ? nodeLost(link.id, to, 'is lost') : overloaded(link.id, to);
    this.#place.deliver(source, new Message(PTYPE.ERROR, session, to, error));
    return true;
  }

  /** A connection that was made to a node: it is to answer with its id. */
  dialled(id: number, connection: Connection, fd: number): void {
    const link = this.#linkTo(id);
    link.fd = fd;
    let isKnown = false;
    this.#run(link, connection, (first) => {
      if (!isKnown) {
        const got = first[0] as number;
        if (got !== id) {
          this.#owner.log(`Invalid shakehand id (fd = ${fd}, harbor = ${id}) : ${got}`);
          connection.destroy();
          this.#lost(link);
          return undefined;
        }
        isKnown = true;
        this.#ready(link);
      }
      return first.subarray(1);
    });
    connection.write(Uint8Array.of(this.#harbor));
  }

  /** A connection that a node has made, which has told its id already; `rest` came behind that. */
  accepted(id: number, connection: Connection, fd: number, rest: Uint8Array): void {
    const link = this.#linkTo(id);
    link.fd = fd;
    const read = this.#run(link, connection, undefined);
    connection.write(Uint8Array.of(this.#harbor));
    this.#ready(link);
    if (rest.length > 0) read(rest);
  }

  /** A thread of this node is lost, with the services that worked on requests of other nodes. */
  threadLost(thread: number): void {
    for (const { source, session, to } of this.#open.threadLost(thread))
      this.deliver(source, new Message(PTYPE.ERROR, session, to, NOTHING));
  }

  /** The master has lost a node, or nobody can connect to it. */
  down(id: number): void {
    const link = this.#linkTo(id);
    link.connection?.destroy();
    this.#lost(link);
  }

  /** A node comes again: messages to it wait from now on. */
  expect(id: number): void {
    const link = this.#linkTo(id);
    if (link.state === 'down') this.#become(link, 'waiting');
  }

  /** Ends all links; what was written is sent. Whoever waits for an answer is told. */
  close(): void {
    for (const link of this.#links.values()) {
      link.connection?.close(1000);
      this.#lost(link);
    }
  }

  #linkTo(id: number): Link {
    const known = this.#links.get(id);
    if (known !== undefined) return known;
    const link: Link = {
      id,
      fd: 0,
      state: 'waiting',
      since: Date.now(),
      connection: undefined,
      queue: [],
      queued: 0,
      received: 0,
      sent: 0,
      calls: 0,
      serving: 0,
      warnAt: FIRST_WARNING,
      dropped: 0,
    };
    this.#links.set(id, link);
    return link;
  }

  /** Reads a connection from now on; `open` takes what comes before the frames and gives the rest, until it is done. */
  #run(
    link: Link,
    connection: Connection,
    open: ((chunk: Uint8Array) => Uint8Array | undefined) | undefined,
  ): (chunk: Uint8Array) => void {
    link.connection = connection;
    connection.setNoDelay(true);
    connection.setKeepAlive(KEEP_ALIVE);
    const isOurs = (): boolean => link.connection === connection;
    const frames = createFrameReader(
      (content, source, type, destination, session) =>
        this.#take(link, content, source, type, makeHandle(this.#harbor, destination), session),
      (length) => harborError('ERR_HARBOR_PROTOCOL', `a frame of ${length} bytes, which is too short`),
    );
    let opening = open;
    const read = (chunk: Uint8Array): void => {
      if (!isOurs()) return;
      link.received += chunk.length;
      let rest: Uint8Array | undefined = chunk;
      if (opening !== undefined) {
        rest = opening(chunk);
        opening = undefined;
      }
      if (rest === undefined || rest.length === 0) return;
      try {
        frames(rest);
      } catch (error) {
        this.#owner.log(
          (error as SkynetError).code === 'ERR_FRAME_TOO_LARGE'
            ? `Message is too long from harbor ${link.id}`
            : `harbor ${link.id}: ${printable(error)}`,
        );
        connection.destroy();
        this.#lost(link);
      }
    };
    connection.start({
      data: read,
      end: () => {
        if (isOurs()) this.#lost(link);
        connection.close();
      },
      drained: () => {
        link.warnAt = FIRST_WARNING;
        link.dropped = 0;
      },
      error: () => {},
      closed: () => {
        if (isOurs()) this.#lost(link);
      },
    });
    return read;
  }

  #ready(link: Link): void {
    link.dropped = 0;
    const { queue } = link;
    link.queue = [];
    link.queued = 0;
    this.#become(link, 'ready');
    for (const frame of queue) this.#write(link, frame);
  }

  #become(link: Link, state: LinkState): void {
    link.state = state;
    link.since = Date.now();
    this.#owner.changed(link.id, state);
  }

  #lost(link: Link): void {
    link.connection = undefined;
    link.queue = [];
    link.queued = 0;
    link.calls = 0;
    link.serving = 0;
    if (link.state === 'down') return;
    this.#become(link, 'down');
    this.#open.nodeLost(link.id);
    this.#place.lost(link.id);
  }

  #write(link: Link, frame: Uint8Array): void {
    const connection = link.connection as Connection;
    connection.write(frame);
    link.sent += frame.length;
    const { pendingBytes } = connection;
    if (pendingBytes < link.warnAt) return;
    if (pendingBytes > MAX_UNSENT) {
      this.#owner.log(`harbor ${link.id} reads nothing: ${pendingBytes >> 20} M bytes wait for it`);
      connection.destroy();
      this.#lost(link);
      return;
    }
    this.#owner.log(`May overload, ${pendingBytes >> 10} K bytes wait for harbor ${link.id}`);
    link.warnAt = pendingBytes * 2;
  }

  /** A message of another node. */
  #take(link: Link, content: Uint8Array, source: Handle, type: number, to: Handle, session: number): void {
    const body = type === PTYPE.ERROR ? failedThere(source) : content;
    const isRequest = session !== 0 && isRequestType(type);
    if (isRequest) link.serving++;
    else if (!isRequestType(type) && link.calls > 0) link.calls--;
    const thread = isRequest ? this.#place.threadOf(to) : 0;
    if (thread > 0) this.#open.add({ source, session, to, thread });
    if (this.#place.deliver(to, new Message(type, session, source, body))) return;
    this.#owner.log(`Unknown destination :${to.toString(16)} from :${source.toString(16)} type(${type})`);
    // An answer to nobody is not answered: that would carry the session of somebody else's call.
    if (isRequestType(type)) this.deliver(source, new Message(PTYPE.ERROR, session, to, NOTHING));
  }
}

/** What a call gets that cannot reach its node. */
function nodeLost(harbor: number, service: Handle, why: string): SkynetError {
  return new SkynetError('ERR_NODE_LOST', `call failed: node ${harbor} ${why}`, {
    details: { harbor, service: formatHandle(service) },
  });
}

/** What a call gets to a node for which too much waits already. */
function overloaded(harbor: number, service: Handle): SkynetError {
  return new SkynetError('ERR_OVERLOADED', `call failed: too much waits for node ${harbor}`, {
    details: { harbor, service: formatHandle(service) },
  });
}

/** What a call gets that fails in another node: nothing more crosses. */
function failedThere(service: Handle): SkynetError {
  const text = formatHandle(service);
  return new SkynetError('ERR_REMOTE', `call failed: by ${text} in another node, whose log says more`, {
    details: { service: text },
  });
}
