import {
  type Body,
  type Handle,
  isSkynetError,
  PTYPE,
  printable,
  type Skynet,
  type SkynetError,
} from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import { bytesOf, isPromise } from './content.ts';
import { handlerError, msgError } from './errors.ts';
import type { Answer } from './history.ts';
import {
  type Content,
  checkHandlers,
  type MsgHandlers,
  type MsgOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
import type { Gate, GateEvents, StartGate } from './ports.ts';
import { type Link, User } from './user.ts';
import { type NamePart, type UserId, userIdOf, usernameOf } from './username.ts';
import {
  ACK_SESSION,
  contentBytes,
  decodeAck,
  MAX_CONTENT,
  PUSH_EXTENSION,
  parseHandshake,
  pushNumber,
  RESULT,
  SESSION_SIZE,
  STATUS,
  sessionOf,
} from './wire.ts';

/** Requests of a connection that agents may have at once; above nothing is read, below half of it again. */
const AGENT_HIGH = 512;
/** Largest handshake that is looked at, in bytes. */
const MAX_HANDSHAKE = 4096;
const EMPTY = new Uint8Array(0);

/** The commands of a message server, besides `open` and `close` of its gate. */
export type MsgCommands = {
  /** A user may come: returns the subid. */
  login(uid: string, secret: Uint8Array | string): NamePart;
  /** A user goes: calls the logout handler. */
  logout(uid: string, subid: NamePart): unknown;
  /** Somebody outside wants a user gone: calls the kick handler. */
  kick(uid: string, subid: NamePart): unknown;
  /** Sends something to a user that is no answer. Returns whether the client takes pushes. */
  push(uid: string, subid: NamePart, content: Content): boolean;
};

/**
 * Makes this service a message server (`msgserver.start` of the original's `snax.msgserver`, book §15): it starts
 * listening after the `lua` message `open { port, maxclient, servername }`, and answers `login`, `logout`, `kick`,
 * `push` and `close`.
 *
 * @param startGate Starts the gate it runs on: `startGateserver` of `@skynet/gateserver`.
 * @throws ERR_ARGUMENT for a missing handler or an option that cannot be used.
 */
export function startMsgServer(
  skynet: Skynet,
  startGate: StartGate,
  handlers: MsgHandlers,
  options: MsgOptions = {},
): MsgServer {
  if (typeof startGate !== 'function')
    throw msgError('ERR_ARGUMENT', 'a message server needs a function that starts its gate', {
      details: { key: 'startGate' },
    });
  checkHandlers(handlers);
  return new MsgServer(skynet, startGate, handlers, resolveOptions(options));
}

/** A running message server: what its handlers work with. Made by {@link startMsgServer}. */
export class MsgServer {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #handlers: MsgHandlers;
  readonly #options: ResolvedOptions;
  readonly #gate: Gate;
  readonly #users = new Map<string, User>();
  readonly #links = new Map<number, Link>();
  #forwards = false;
  #servername: string | undefined;

  /** Use {@link startMsgServer}. */
  constructor(skynet: Skynet, startGate: StartGate, handlers: MsgHandlers, options: ResolvedOptions) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#handlers = handlers;
    this.#options = options;
    const events: GateEvents = {
      connect: (fd, address) => this.#connect(fd, address),
      message: (fd, payload) => this.#message(fd, payload),
      disconnect: (fd) => this.#disconnect(fd),
      error: (fd) => this.#disconnect(fd),
      open: (_source, config) => this.#open(config),
      options: ['servername'],
      command: (command, _source, ...args) => this.#command(command, args),
    };
    this.#gate = startGate(skynet, events);
    this.#kernel.own(() => {
      for (const link of this.#links.values()) clearTimeout(link.timer);
    });
  }

  // --- for handlers

  /** Where the gate listens, undefined while it does not. */
  get address(): string | undefined {
    return this.#gate.address;
  }

  /** All places where the gate listens. */
  get addresses(): readonly string[] {
    const { address } = this;
    return this.#gate.addresses ?? (address === undefined ? [] : [address]);
  }

  /** The name `open` was given. @throws ERR_MSG_NOT_OPEN. */
  get servername(): string {
    if (this.#servername === undefined)
      throw msgError('ERR_MSG_NOT_OPEN', 'the message server was not opened');
    return this.#servername;
  }

  /** Users who are logged in. */
  get userCount(): number {
    return this.#users.size;
  }

  /** Makes a login name (`msgserver.username`). */
  username(uid: NamePart, subid: NamePart, servername: NamePart): string {
    return usernameOf(uid, subid, servername);
  }

  /** Takes a login name apart (`msgserver.userid`). @throws ERR_MSG_USERNAME. */
  userid(username: string): UserId {
    const id = userIdOf(username);
    if (id === undefined)
      throw msgError('ERR_MSG_USERNAME', `not a login name: ${printable(username)}`, {
        details: { username },
      });
    return id;
  }

  /**
   * From now on a client that knows the secret may connect under the login name (`msgserver.login`). The secret has 8
   * bytes, as text or as they are.
   * @throws ERR_MSG_USER_EXISTS, ERR_ARGUMENT for a secret of another length.
   */
  login(username: string, secret: Uint8Array | string): void {
    const bytes = bytesOf(secret, 'a secret');
    if (bytes.length !== 8)
      throw msgError('ERR_ARGUMENT', 'the secret of a user has 8 bytes', { details: { key: 'secret' } });
    if (this.#users.has(username))
      throw msgError('ERR_MSG_USER_EXISTS', `${printable(username)} is logged in already`, {
        details: { username },
      });
    this.#users.set(username, new User(username, bytes.slice(), this.#options));
  }

  /** Forgets a user and closes the connections (`msgserver.logout`). @throws ERR_MSG_USER. */
  logout(username: string): void {
    const user = this.#find(username);
    this.#users.delete(username);
    for (const link of user.links) {
      this.#links.delete(link.fd);
      this.#gate.closeClient(link.fd);
    }
    user.links.clear();
    user.newest = undefined;
  }

  /** Address of a user's newest connection, `ip:port` (`msgserver.ip`); undefined if there is none, or no such user. */
  ip(username: string): string | undefined {
    return this.#users.get(username)?.newest?.address;
  }

  /**
   * Sends something that is no answer. It is kept until the client has acknowledged it, so that it comes through even
   * if the connection is lost: a client that comes back gets what it has missed. Needs a client with the extension.
   * @returns whether that is so, or may still be: false once a client without it has connected.
   * @throws ERR_MSG_USER, ERR_FRAME_TOO_LARGE above 65530 bytes.
   */
  push(username: string, content: Content): boolean {
    const user = this.#find(username);
    const bytes = bytesOf(content, 'a push');
    if (bytes.length > MAX_CONTENT) {
      throw msgError(
        'ERR_FRAME_TOO_LARGE',
        `a push of ${bytes.length} bytes is above the limit of ${MAX_CONTENT}`,
        {
          details: { size: bytes.length, limit: MAX_CONTENT },
        },
      );
    }
    if (!user.takesPushes) return false;
    const payload = user.pushes.add(bytes);
    if (payload === undefined) return false;
    const { newest } = user;
    if (newest?.extended) this.#gate.send(newest.fd, payload);
    return true;
  }

  /**
   * From now on requests of a user go to an agent, as messages of the type `client` that are to be answered with bytes
   * (`request.rawRet`), and what it answers is the answer; the request handler is not called. Costs less than a request
   * handler that calls the agent, as nothing has to be awaited. An agent that fails or has ended gives failed answers.
   *
   * Registers the protocol `client` unless that was done.
   * @param agent 0: requests go to the request handler again.
   * @throws ERR_MSG_USER.
   */
  forward(username: string, agent: Handle): void {
    this.#find(username).agent = agent;
    if (this.#forwards) return;
    this.#forwards = true;
    try {
      this.#skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT });
    } catch (error) {
      if (!isSkynetError(error, 'ERR_PROTOCOL_EXISTS')) throw error;
    }
  }

  /** Pushes that a user's client has not acknowledged yet. @throws ERR_MSG_USER. */
  pendingPushes(username: string): number {
    return this.#find(username).pushes.size;
  }

  #find(username: string): User {
    const user = this.#users.get(username);
    if (user === undefined)
      throw msgError('ERR_MSG_USER', `no user ${printable(username)} is logged in`, {
        details: { username },
      });
    return user;
  }

  // --- messages of services

  #open(config: { readonly [key: string]: unknown }): unknown {
    const { servername } = config;
    if (typeof servername !== 'string' || servername === '') {
      throw msgError('ERR_ARGUMENT', 'a message server is opened with a servername', {
        details: { key: 'servername' },
      });
    }
    this.#servername = servername;
    return this.#handlers.registerHandler(servername);
  }

  #command(command: string, args: readonly unknown[]): unknown {
    const handlers = this.#handlers;
    switch (command) {
      case 'login': {
        const [uid, secret] = args as [string, Content];
        const bytes = bytesOf(secret, 'a secret');
        return this.#handle('loginHandler', uid, () => handlers.loginHandler(uid, bytes));
      }
      case 'logout': {
        const [uid, subid] = args as [string, NamePart];
        return this.#handle('logoutHandler', uid, () => handlers.logoutHandler(uid, subid));
      }
      case 'kick': {
        const [uid, subid] = args as [string, NamePart];
        return this.#handle('kickHandler', uid, () => handlers.kickHandler(uid, subid));
      }
      case 'push': {
        const [uid, subid, content] = args as [NamePart, NamePart, Content];
        return this.push(usernameOf(uid, subid, this.servername), content);
      }
      default:
        if (handlers.commandHandler !== undefined) return handlers.commandHandler(command, ...args);
        throw msgError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`, {
          details: { command: printable(command) },
        });
    }
  }

  /** Lets a handler work for a user; when it fails, the error tells for whom. */
  #handle(handler: string, uid: unknown, work: () => unknown): unknown {
    const fail = (thrown: unknown): never => {
      // The end of the service, or of the task, is no failure.
      throw thrown instanceof Error ? handlerError(handler, uid, thrown) : thrown;
    };
    try {
      const result = work();
      return isPromise(result) ? result.then(undefined, fail) : result;
    } catch (thrown) {
      return fail(thrown);
    }
  }

  // --- connections

  #connect(fd: number, address: string): void {
    const { handshakeTimeout } = this.#options;
    const link: Link = { fd, address, user: undefined, extended: false, pending: 0, timer: undefined };
    // Of the real clock: a client does not get faster with the node's.
    if (handshakeTimeout > 0) link.timer = setTimeout(() => this.#cut(link), handshakeTimeout);
    this.#links.set(fd, link);
    this.#gate.openClient(fd);
  }

  #disconnect(fd: number): unknown {
    const link = this.#links.get(fd);
    if (link === undefined) return undefined;
    const { user } = link;
    try {
      // The handler can still ask for the address.
      return user === undefined ? undefined : this.#handlers.disconnectHandler?.(user.username);
    } finally {
      this.#cut(link);
    }
  }

  /** Closes a connection once what was written has gone. The user stays. */
  #cut(link: Link): void {
    clearTimeout(link.timer);
    link.timer = undefined;
    this.#links.delete(link.fd);
    const { user } = link;
    user?.links.delete(link);
    if (user?.newest === link) user.newest = undefined;
    this.#gate.closeClient(link.fd);
  }

  /** Closes a connection whose handler has to hear of it. */
  #refuse(link: Link, reason: string): unknown {
    this.#skynet.error(`Invalid package ${reason}`);
    return this.#disconnect(link.fd);
  }

  #message(fd: number, payload: Uint8Array): unknown {
    const link = this.#links.get(fd);
    if (link === undefined) return undefined;
    if (link.user === undefined) return this.#handshake(link, payload);
    return this.#request(link, link.user, payload);
  }

  // --- handshake

  #handshake(link: Link, payload: Uint8Array): unknown {
    const text = payload.length > MAX_HANDSHAKE ? '' : Buffer.from(payload).toString('latin1');
    const handshake = parseHandshake(text);
    const user = handshake === undefined ? undefined : this.#users.get(handshake.username);
    const status = handshake === undefined || user === undefined ? STATUS.notFound : user.check(handshake);
    if (status !== STATUS.ok || handshake === undefined || user === undefined) {
      this.#say(link, status);
      this.#cut(link);
      return undefined;
    }
    this.#accept(link, user, BigInt(handshake.index), pushNumber(handshake.extension));
    return this.#handlers.connectHandler?.(user.username);
  }

  #accept(link: Link, user: User, index: bigint, received: number | undefined): void {
    clearTimeout(link.timer);
    link.timer = undefined;
    user.index = index;
    user.version++;
    link.user = user;
    link.extended = received !== undefined;
    // What the network still brings by a connection that its client has given up was repeated by now, or will be.
    if (link.extended) for (const older of [...user.links]) if (older.extended) this.#cut(older);
    user.links.add(link);
    user.newest = link;
    if (user.links.size > this.#options.connectionsPerUser) {
      for (const oldest of user.links) {
        this.#cut(oldest);
        break;
      }
    }
    user.takesPushes = link.extended;
    if (received === undefined) {
      user.pushes.clear();
      this.#say(link, STATUS.ok);
      return;
    }
    user.pushes.acknowledge(received);
    this.#say(link, `${STATUS.ok} ${PUSH_EXTENSION}/${user.pushes.first}`);
    for (const payload of user.pushes.payloads()) this.#gate.send(link.fd, payload);
  }

  #say(link: Link, status: string): void {
    this.#gate.send(link.fd, contentBytes(status));
  }

  // --- requests

  #request(link: Link, user: User, payload: Uint8Array): unknown {
    const size = payload.length - SESSION_SIZE;
    if (size < 0)
      return this.#refuse(link, `of ${payload.length} bytes : ${Buffer.from(payload).toString('hex')}`);
    const session = sessionOf(payload);
    const content = new Uint8Array(payload.buffer, payload.byteOffset, size);
    if (link.extended && session === ACK_SESSION) return this.#acknowledge(link, user, content);
    const { verdict, answer } = user.history.take(session, link.fd, user.version, link.extended);
    switch (verdict) {
      case 'run':
        return this.#run(link, user, content, answer);
      case 'repeat':
        return this.#give(user, answer, !link.extended);
      case 'conflict':
        return this.#refuse(link, `Conflict session ${session.toString(16).padStart(8, '0')}`);
      case 'wait':
        return undefined;
    }
  }

  #acknowledge(link: Link, user: User, content: Uint8Array): unknown {
    const sequence = decodeAck(content);
    if (sequence !== undefined && user.pushes.acknowledge(sequence)) return undefined;
    return this.#refuse(link, 'acknowledges what was not sent');
  }

  #run(link: Link, user: User, content: Uint8Array, answer: Answer): unknown {
    if (user.pending >= this.#options.pendingRequests) {
      user.history.forget(answer);
      return this.#refuse(link, `while ${user.pending} requests are worked on`);
    }
    if (user.agent !== 0) return this.#forward(link, user, answer, content);
    let result: Content | Promise<Content>;
    try {
      result = this.#handlers.requestHandler(user.username, content);
    } catch (error) {
      return this.#fail(user, answer, error);
    }
    if (!isPromise(result)) return this.#finish(user, answer, result);
    user.pending++;
    return result.then(
      (value) => {
        user.pending--;
        return this.#finish(user, answer, value);
      },
      (error: unknown) => {
        user.pending--;
        this.#fail(user, answer, error);
      },
    );
  }

  #forward(link: Link, user: User, answer: Answer, content: Uint8Array): void {
    const { agent } = user;
    answer.agent = agent;
    answer.link = link;
    try {
      this.#kernel.ask(agent, 'client', content, this.#answered, answer);
    } catch (error) {
      answer.link = undefined;
      this.#fail(user, answer, error, agent);
      return;
    }
    user.pending++;
    if (++link.pending === AGENT_HIGH) this.#gate.pauseClient?.(link.fd);
  }

  /** An agent has answered. One function for all of them: what it needs stands at the answer. */
  readonly #answered = (error: SkynetError | undefined, body: Body | undefined, answer: Answer): unknown => {
    const link = answer.link as Link;
    const user = link.user as User;
    answer.link = undefined;
    user.pending--;
    if (link.pending-- === AGENT_HIGH >> 1) this.#gate.resumeClient?.(link.fd);
    if (error !== undefined) return this.#fail(user, answer, error, answer.agent);
    // Values, where the agent has not packed its answer by itself.
    return this.#finish(
      user,
      answer,
      (body instanceof Uint8Array ? body : (body as unknown[])[0]) as Content,
    );
  };

  /** @param agent who has failed, 0 for the request handler. */
  #fail(user: User, answer: Answer, error: unknown, agent: Handle = 0): void {
    const whom = `failed for ${printable(user.username)}, session ${answer.session}`;
    if (agent === 0) this.#kernel.reportError(`requestHandler ${whom}`, error);
    // It has told where itself.
    else this.#skynet.error(`agent ${this.#skynet.address(agent)} ${whom}: ${printable(error)}`);
    user.history.complete(answer, EMPTY, user.version, RESULT.failed);
    this.#give(user, answer);
  }

  #finish(user: User, answer: Answer, value: Content): unknown {
    let bytes: Uint8Array;
    try {
      bytes = bytesOf(value, 'an answer');
    } catch (error) {
      return this.#fail(user, answer, error);
    }
    if (bytes.length > MAX_CONTENT) {
      user.history.forget(answer);
      const link = this.#links.get(answer.fd);
      const reason = `of ${bytes.length} bytes as answer, above the limit of ${MAX_CONTENT}`;
      if (link !== undefined) return this.#refuse(link, reason);
      this.#skynet.error(`Invalid package ${reason}`);
      return undefined;
    }
    user.history.complete(answer, bytes, user.version);
    return this.#give(user, answer);
  }

  /** Sends an answer to whoever asked last, if still there. */
  #give(user: User, answer: Answer, counts = true): undefined {
    // The number of a connection that is gone, or has another user by now, is not found.
    if (this.#links.get(answer.fd)?.user === user) {
      const { payload } = answer;
      if (payload !== undefined) this.#gate.send(answer.fd, payload);
    }
    user.history.given(answer, counts);
  }
}
