import { isSkynetError, printable, type Skynet, type SkynetError } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import { type Answered, type Asker, ClusterLink, type LinkOwner } from './cluster-link.ts';
import { clusterError } from './errors.ts';
import type { Target } from './request-frame.ts';

/** Milliseconds until an attempt to connect is given up. */
const CONNECT_TIMEOUT = 10_000;

/** Requests to one node that may be under way. */
const MAX_PENDING = 1 << 18;

/** Behind the text of an error that has passed through a call. */
const SUFFIX = ': call failed';

/** Where a node listens, `false` when it is down, undefined when nobody has said. */
export type NodeAddress = string | false | undefined;

/** What waits for the connection. */
interface Waiting {
  readonly to: Target;
  readonly body: Uint8Array;
  /** Undefined for a push, as the next. */
  readonly asker: Asker | undefined;
  readonly answered: Answered | undefined;
}

/** What all nodes go by. */
export interface NodeRules {
  /** Whether requests to a node without an address wait for one. */
  readonly waits: boolean;
  /** Bytes that may wait for one node. */
  readonly backlog: number;
  /** Name of this node in tags of traces. */
  readonly ownName: string;
}

/** Another node: the connection to it, made when something is first sent and again when it was lost. */
export class RemoteNode implements LinkOwner {
  readonly name: string;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #rules: () => NodeRules;
  #address: NodeAddress;
  #link: ClusterLink | undefined;
  /** Links to the address before, with requests under way. */
  readonly #retired = new Set<ClusterLink>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Sends that were dropped since something was last sent. */
  #dropped = 0;
  #late = 0;
  /** Of links that are over. */
  #sent = 0;
  #received = 0;
  #isConnecting = false;
  #isWaitedFor = false;
  #lostAt: number | undefined;

  constructor(kernel: ServiceKernel, name: string, address: NodeAddress, rules: () => NodeRules) {
    this.#kernel = kernel;
    this.#skynet = kernel.skynet;
    this.name = name;
    this.#address = address;
    this.#rules = rules;
  }

  get address(): NodeAddress {
    return this.#address;
  }

  /** How it stands, for the console. */
  get state(): string {
    if (this.#link !== undefined) return 'connected';
    if (this.#isConnecting) return 'connecting';
    if (this.#address === false) return 'down';
    if (this.#address === undefined) return 'unknown';
    return this.#lostAt === undefined ? 'idle' : `lost since ${new Date(this.#lostAt).toISOString()}`;
  }

  /** Requests that wait for an answer or for the connection. */
  get pending(): number {
    return (this.#link?.pending ?? 0) + this.#waiting.length;
  }

  /** Bytes that have not left. */
  get pendingBytes(): number {
    return (this.#link?.pendingBytes ?? 0) + this.#waitingBytes;
  }

  /** Answers that came when nobody waited for them any more. */
  get late(): number {
    return this.#late;
  }

  /** Bytes over all connections to it. */
  get sent(): number {
    return this.#sent + (this.#link?.sent ?? 0);
  }

  get received(): number {
    return this.#received + (this.#link?.received ?? 0);
  }

  /** Its connections: the one in use, and those with requests under way. */
  get links(): ClusterLink[] {
    return [...(this.#link === undefined ? [] : [this.#link]), ...this.#retired];
  }

  /** In a turn. `answered` is called once. @throws ERR_CLUSTER_NAME, ERR_OVERLOADED. */
  request(to: Target, body: Uint8Array, asker: Asker, answered: Answered): void {
    const link = this.#link;
    if (this.pendingBytes >= this.#rules().backlog) throw this.#overloaded(`${this.pendingBytes} bytes wait`);
    if ((link?.pending ?? this.#waiting.length) >= MAX_PENDING)
      throw this.#overloaded(`${MAX_PENDING} requests are under way`);
    if (link !== undefined) link.request(to, body, asker, answered);
    else this.#wait({ to, body, asker, answered });
  }

  /** As {@link request}, without an answer; what cannot be sent is only logged. */
  push(to: Target, body: Uint8Array): void {
    if (this.pendingBytes >= this.#rules().backlog || this.#waiting.length >= MAX_PENDING) {
      // A flood to a node that reads nothing is not to flood the log as well.
      if (Number.isInteger(Math.log2(++this.#dropped)))
        this.#skynet.error(
          `Drop message to cluster node [${printable(this.name)}]: ${this.pendingBytes} bytes wait (${this.#dropped} dropped)`,
        );
      return;
    }
    this.#dropped = 0;
    if (this.#link !== undefined) this.#link.push(to, body);
    else this.#wait({ to, body, asker: undefined, answered: undefined });
  }

  /** Nobody waits for the answer of a request any more. */
  giveUp(asker: Asker): void {
    const at = this.#waiting.findIndex(
      (waiting) => waiting.asker?.ticket === asker.ticket && waiting.asker.source === asker.source,
    );
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (waiting !== undefined) this.#waitingBytes -= waiting.body.length;
    else if (this.#link?.giveUp(asker) !== true)
      for (const link of this.#retired) if (link.giveUp(asker)) return;
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.body.length;
    this.#advance();
  }

  #overloaded(why: string): SkynetError {
    return this.#error('ERR_OVERLOADED', `takes no more: ${why}`);
  }

  /** The table says something else. */
  setAddress(address: NodeAddress): void {
    if (address === this.#address) return;
    this.#address = address;
    const link = this.#link;
    if (link !== undefined) {
      this.#link = undefined;
      this.#retired.add(link);
      if (address === false) this.#skynet.error(`Close cluster sender ${this.name}`);
      link.retire();
    }
    this.#lostAt = undefined;
    if (this.#isWaitedFor && address !== undefined && address !== false)
      this.#skynet.error(`Cluster node [${printable(this.name)}] resolved : ${address}`);
    this.advance();
  }

  /** Goes on with what waits. */
  advance(): void {
    if (this.#waiting.length > 0) this.#advance();
  }

  #advance(): void {
    if (this.#isConnecting) return;
    const address = this.#address;
    if (typeof address === 'string') {
      this.#isWaitedFor = false;
      this.#isConnecting = true;
      this.#skynet.fork(() => this.#connect(address));
    } else if (address === false) {
      this.#skynet.error(`${printable(this.name)} is down`);
      this.#fail(() => this.#error('ERR_CLUSTER_NODE_DOWN', 'is down'));
    } else if (!this.#rules().waits) {
      this.#skynet.error(`cluster node [${printable(this.name)}] is absent.`);
      this.#fail(() => this.#error('ERR_CLUSTER_NODE_UNKNOWN', 'is absent: no table has it'));
    } else if (!this.#isWaitedFor) {
      this.#isWaitedFor = true;
      this.#skynet.error(`Waiting for cluster node [${printable(this.name)}]`);
    }
  }

  async #connect(address: string): Promise<void> {
    try {
      const connection = await this.#kernel.connect(address, { timeout: CONNECT_TIMEOUT });
      this.#isConnecting = false;
      if (address !== this.#address) {
        connection.destroy();
        this.advance();
        return;
      }
      this.#lostAt = undefined;
      this.#link = new ClusterLink(this, connection, this.#kernel.thread.nextId());
      this.#flush(this.#link);
    } catch (cause) {
      this.#isConnecting = false;
      if (address !== this.#address) {
        this.advance();
        return;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#skynet.error(`Connect failed ${printable(reason)}`);
      this.#skynet.error(`changenode [${printable(this.name)}] (${address}) failed`);
      this.#fail(() => this.#error('ERR_CLUSTER_CONNECT', `connect failed: ${reason}`, cause));
    }
  }

  #flush(link: ClusterLink): void {
    for (const { to, body, asker, answered } of this.#takeWaiting()) {
      try {
        if (asker === undefined || answered === undefined) link.push(to, body);
        else link.request(to, body, asker, answered);
      } catch (error) {
        if (isSkynetError(error)) answered?.(error, undefined);
        else throw error;
      }
    }
  }

  #fail(error: () => SkynetError): void {
    for (const { answered } of this.#takeWaiting()) answered?.(error(), undefined);
  }

  #takeWaiting(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting;
  }

  /** Everything that waits fails, connections are closed: the service ends. */
  close(): void {
    for (const link of this.#retired) link.destroy();
    this.#link?.destroy();
    this.#fail(() => this.lostError());
  }

  // --- owner of links

  remoteError(text: string): SkynetError {
    const reason = text.endsWith(SUFFIX) ? text.slice(0, -SUFFIX.length) : text;
    this.note(reason);
    const isName = reason === 'Invalid name' || reason === 'name not found';
    return this.#error(
      isName ? 'ERR_CLUSTER_NAME' : 'ERR_REMOTE',
      `answers: ${printable(reason)}`,
      undefined,
      {
        text: reason,
      },
    );
  }

  lostError(): SkynetError {
    this.#skynet.error('[Error: socket]');
    return this.#error('ERR_NODE_LOST', 'is lost: the connection closed before it answered');
  }

  invalidError(text: string): SkynetError {
    return this.#error('ERR_CLUSTER_PROTOCOL', text);
  }

  /** A tag that has been in another node goes on unchanged. */
  traced(tag: string, session: number): string {
    const log = (of: string, text: string): void =>
      this.#skynet.error(`<TRACE ${printable(of)}> ${process.hrtime.bigint()} ${printable(text)}`);
    const next = tag.startsWith('(') ? tag : `(${this.#rules().ownName}-${this.name}-${session})${tag}`;
    if (next !== tag) log(tag, `session ${next}`);
    log(next, `cluster ${this.name}`);
    return next;
  }

  cameLate(): void {
    this.#late++;
  }

  note(text: string): void {
    this.#skynet.error(printable(text));
  }

  linkClosed(link: ClusterLink): void {
    this.#retired.delete(link);
    this.#sent += link.sent;
    this.#received += link.received;
    if (link !== this.#link) return;
    this.#link = undefined;
    this.#lostAt = Date.now();
  }

  #error(
    code: Parameters<typeof clusterError>[0],
    text: string,
    cause?: unknown,
    details: Record<string, unknown> = {},
  ): SkynetError {
    return clusterError(code, `call failed: cluster node [${printable(this.name)}] ${text}`, {
      ...(cause === undefined ? {} : { cause }),
      details: { node: this.name, address: this.#address, ...details },
    });
  }
}
