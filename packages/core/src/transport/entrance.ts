import { SkynetError } from '../errors.ts';
import type { AcceptGate } from './accept-gate.ts';
import { networkOf } from './address-table.ts';
import { Tally } from './tally.ts';

/** Milliseconds from its accept until a connection must be through its handshake, unless somebody says otherwise. */
export const HANDSHAKE_TIMEOUT: number = 10_000;

/** After so many milliseconds a handshake has to make room for others, if there is none: most take a fraction of it. */
const PATIENCE = 1000;

/** A connection from its accept until it is closed. */
export interface Visit {
  /** `ip:port` of the peer, or the path or name. */
  readonly address: string;
  /** The same of the client, if the peer is a proxy that has said so. */
  client: string;
  /** How many proxies have spoken for the client. */
  hops: number;
  /** When it came, in milliseconds. */
  readonly since: number;
  /** Closes the connection. */
  cut: () => void;
  /** Whom it counts for, where that is limited and known. */
  network: string | undefined;
  /** Where it counts; undefined while it is in its handshake. */
  gate: AcceptGate | undefined;
  /** Of its handshake. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * Where the connections of one port come in: counts and times each from its accept on, and turns away those that are
 * too many. A connection in its handshake counts here, afterwards with the gate that hands it out.
 *
 * ```
 * accepted ──> enter ──> (handshake) ──> through ──> AcceptGate.pass ──> … ──> leave
 *                │            └ name: for whom a proxy has come
 *                └ too many, or too slow: closed
 * ```
 */
export class Entrance {
  readonly #gates: () => Iterable<AcceptGate>;
  readonly #timeout: number;
  /** In their handshakes, in the order they came. */
  readonly #inside = new Set<Visit>();
  readonly #tally = new Tally();

  /**
   * @param gates Those it leads to.
   * @param timeout Milliseconds for a handshake, unless the gates say otherwise; 0 for ever.
   */
  constructor(gates: () => Iterable<AcceptGate>, timeout: number = HANDSHAKE_TIMEOUT) {
    this.#gates = gates;
    this.#timeout = timeout;
  }

  /**
   * A connection was accepted.
   * @param address Of the peer.
   * @param cut Closes it; {@link leave} is to be called when it is closed, for whatever reason.
   * @param forOther Whether the peer is a proxy: its client will be known, and {@link name}d, later.
   * @returns undefined if it is to be closed.
   */
  enter(address: string, cut: () => void, forOther = false): Visit | undefined {
    const network = forOther ? undefined : this.#networkOf(address);
    if (!this.#hasRoomFor(network) || !this.#hasRoom()) return undefined;
    const visit: Visit = {
      address,
      client: address,
      hops: 0,
      since: performance.now(),
      cut,
      network,
      gate: undefined,
      timer: undefined,
    };
    this.#inside.add(visit);
    this.#tally.add(network);
    const timeout = this.#timeoutNow();
    if (timeout > 0) {
      visit.timer = setTimeout(() => {
        this.reject(visit, `was not through after ${timeout} ms`, 'handshakeTimeout');
      }, timeout);
      visit.timer.unref();
    }
    return visit;
  }

  /**
   * A connection was accepted that has no handshake before it: it counts with this gate at once.
   * @returns What is to be called when it is closed; undefined if it is to be closed now.
   */
  enterGate(address: string, gate: AcceptGate): (() => void) | undefined {
    const network = this.#networkOf(address);
    if (!this.#hasRoomFor(network) || !this.#hasRoom() || !this.admits({ network }, gate)) return undefined;
    gate.tally.add(network);
    return gate.tally.leaveOf(network);
  }

  /** In its handshake, counts it for its client. False if there are too many of those: it is to be closed. */
  name(visit: Visit): boolean {
    const network = this.#networkOf(visit.client);
    if (network === visit.network) return true;
    if (!this.#inside.has(visit) || !this.#hasRoomFor(network)) return false;
    this.#tally.remove(visit.network);
    this.#tally.add(network);
    visit.network = network;
    return true;
  }

  /** Closes one that broke the rules in its handshake, and tells. */
  reject(visit: Visit, text: string, reason: string): void {
    this.#tell(`handshake error: ${visit.address} ${text}`, reason);
    this.#cut(visit);
  }

  /** Whether this gate has room for one that is in its handshake. If not, it is to be closed. */
  admits({ network }: Pick<Visit, 'network'>, gate: AcceptGate): boolean {
    if (gate.room <= 0) this.#tellMost(gate.maxConnections);
    else if (network !== undefined && gate.roomFor(network) <= 0) this.#tellMost(gate.maxPerAddress, network);
    else return true;
    return false;
  }

  /** A handshake is over: from now on it counts with this gate. False if it is to be closed. */
  through(visit: Visit, gate: AcceptGate): boolean {
    if (!this.#forget(visit) || !this.admits(visit, gate)) return false;
    gate.tally.add(visit.network);
    visit.gate = gate;
    return true;
  }

  /**
   * Forgets one that is through: it still counts with its gate. Returns what is to be called in place of {@link leave} when it
   * is closed; undefined where its gate need not be told. An idle connection keeps nothing of its visit.
   */
  settle(visit: Visit): (() => void) | undefined {
    const { gate, network } = visit;
    if (gate?.limited === true) return gate.tally.leaveOf(network);
    this.leave(visit);
    return undefined;
  }

  /** It is closed. */
  leave(visit: Visit): void {
    this.#forget(visit);
    visit.gate?.tally.remove(visit.network);
    visit.gate = undefined;
  }

  /** Closes the connections that are in their handshakes. */
  close(): void {
    for (const visit of this.#inside) this.#cut(visit);
  }

  /** Closes the connection that has been in its handshake longest. False if none has been for long. */
  makeRoom(): boolean {
    const [oldest] = this.#inside;
    if (oldest === undefined || performance.now() - oldest.since < PATIENCE) return false;
    this.#cut(oldest);
    return true;
  }

  /** Whether it was in its handshake. */
  #forget(visit: Visit): boolean {
    clearTimeout(visit.timer);
    visit.timer = undefined;
    if (!this.#inside.delete(visit)) return false;
    this.#tally.remove(visit.network);
    return true;
  }

  #cut(visit: Visit): void {
    this.#forget(visit);
    visit.cut();
  }

  #hasRoom(): boolean {
    let room = -this.#inside.size;
    let most = 0;
    for (const gate of this.#gates()) {
      room += gate.room;
      most += gate.maxConnections;
    }
    if (room > 0) return true;
    this.#tellMost(most);
    return this.makeRoom();
  }

  #hasRoomFor(network: string | undefined): boolean {
    if (network === undefined) return true;
    let room = -this.#tally.of(network);
    let most = 0;
    for (const gate of this.#gates()) {
      room += gate.roomFor(network);
      most += gate.maxPerAddress;
    }
    if (room > 0) return true;
    this.#tellMost(most, network);
    return false;
  }

  /** Where somebody asks, undefined otherwise. */
  #networkOf(address: string): string | undefined {
    for (const { maxPerAddress } of this.#gates())
      if (maxPerAddress < Number.POSITIVE_INFINITY) return networkOf(address);
    return undefined;
  }

  /** It is not known yet which gate a handshake leads to: the most patient one counts. */
  #timeoutNow(): number {
    const timeouts = Array.from(this.#gates(), (gate) => gate.handshakeTimeout ?? this.#timeout);
    return timeouts.includes(0) ? 0 : Math.max(0, ...timeouts);
  }

  #tellMost(most: number, network?: string): void {
    const text = `accept error: more than ${most} connections`;
    if (network === undefined) this.#tell(text, 'maxConnections');
    else this.#tell(`${text} from ${network}`, 'maxPerAddress');
  }

  #tell(text: string, reason: string): void {
    for (const gate of this.#gates()) gate.tell(new SkynetError('ERR_LISTEN', text, { details: { reason } }));
  }
}
