import { defineService, printable, type ServiceDefinition, type Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { Connection } from '@skynet/core/transport';
import { createMasterReader, encodeControl, type ToMaster, type ToSlave, type Unknown } from './control.ts';

/** A node that has reported itself. Its place is kept when it is gone: who comes again under its id takes it. */
interface Slave {
  readonly id: number;
  readonly address: string;
  /** Undefined once it is gone. */
  connection: Connection | undefined;
  /** Ids that this node was told of. Nodes of the original connect once to each of them, and never again. */
  readonly told: Set<number>;
  /** Whether it has said that it connects again to a node that comes back. */
  connectsAgain: boolean;
}

/** A connection that has not reported itself. */
interface Newcomer {
  readonly connection: Connection;
  readonly fd: number;
}

/** How long a connection may take until it has said who it is. */
const HANDSHAKE_TIME = '10s';
/** How long an id that is taken may be in use still: the end of the node before and its return may overtake each other. */
const LEAVE_TIME = '500ms';
/** How long nodes have to say that they connect again. Those of the original do not know the question. */
const ASK_TIME = '300ms';
/** Milliseconds after which a silent connection is probed. */
const KEEP_ALIVE = 10_000;

/**
 * The master of a network (the original's `cmaster`): it knows every node and every global name, and nothing of what the
 * nodes tell each other.
 */
export function createMaster(address: string): ServiceDefinition {
  return defineService(async (skynet) => {
    const master = new Master(skynet);
    skynet.error(`master listen socket ${address}`);
    const listener = await kernelOf(skynet).listen(
      address,
      { onAcceptError: (error) => skynet.error(`accept failed: ${printable(error)}`) },
      (connection) => master.accept(connection),
    );
    skynet.own(() => master.close());
    skynet.info(() => ({ address: listener.address, ...master.info() }));
  });
}

class Master {
  readonly #skynet: Skynet;
  readonly #slaves = new Map<number, Slave>();
  readonly #names = new Map<string, number>();
  readonly #newcomers = new Set<Connection>();
  /** Ids that are being let in: two may claim one at the same moment. */
  readonly #entering = new Set<number>();

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
  }

  info(): Record<string, unknown> {
    return {
      nodes: Object.fromEntries(
        [...this.#slaves.values()].map(({ id, address, connection }) => [
          id,
          connection === undefined ? `${address} (gone)` : address,
        ]),
      ),
      names: Object.fromEntries(
        [...this.#names].map(([name, handle]) => [name, this.#skynet.address(handle)]),
      ),
    };
  }

  close(): void {
    for (const connection of this.#newcomers) connection.destroy();
    for (const { connection } of this.#slaves.values()) connection?.close();
  }

  accept(connection: Connection): void {
    const fd = kernelOf(this.#skynet).thread.nextId();
    this.#skynet.error(`connect from ${connection.remoteAddress} ${fd}`);
    this.#newcomers.add(connection);
    connection.setNoDelay(true);
    connection.setKeepAlive(KEEP_ALIVE);
    const limit = this.#skynet.timeout(HANDSHAKE_TIME, () =>
      this.#refuse({ connection, fd }, 'it has not said who it is in time'),
    );
    let slave: Slave | undefined;
    let isClosed = false;
    let isEntering = false;
    const early: (ToMaster | Unknown)[] = [];
    const enter = async (first: ToMaster | Unknown): Promise<void> => {
      slave = await this.#enter({ connection, fd }, first, () => isClosed);
      if (slave !== undefined) for (const message of early) this.#told(slave, message);
    };
    const take = (message: ToMaster | Unknown): void => {
      if (slave !== undefined) this.#told(slave, message);
      else if (isEntering) early.push(message);
      else {
        isEntering = true;
        limit.cancel();
        kernelOf(this.#skynet).enqueue(enter, message);
      }
    };
    const read = createMasterReader(take);
    connection.start({
      data: (chunk) => {
        try {
          read(chunk);
        } catch (error) {
          if (slave === undefined) this.#refuse({ connection, fd }, printable(error));
          else {
            this.#skynet.error(`slave ${slave.id}: ${printable(error)}`);
            connection.destroy();
          }
        }
      },
      end: () => connection.close(),
      drained: () => {},
      error: () => {},
      closed: () => {
        isClosed = true;
        limit.cancel();
        this.#newcomers.delete(connection);
        if (slave !== undefined) this.#left(slave);
      },
    });
  }

  #refuse({ connection, fd }: Newcomer, why: string): void {
    this.#skynet.error(`disconnect fd = ${fd}, error = ${why}`);
    connection.close();
  }

  /** The first message of a connection. Resolves to the node that it is, if it is let in. */
  async #enter(
    newcomer: Newcomer,
    message: ToMaster | Unknown,
    isClosed: () => boolean,
  ): Promise<Slave | undefined> {
    const { connection } = newcomer;
    const [letter, id, address] = message;
    if (letter !== 'H') {
      this.#refuse(newcomer, `Invalid handshake type ${printable(letter === '?' ? id : letter)}`);
      return undefined;
    }
    if (id < 1 || id > 255) {
      this.#refuse(newcomer, `Invalid slave id ${id}`);
      return undefined;
    }
    if (this.#isTaken(id)) await this.#skynet.sleep(LEAVE_TIME);
    if (isClosed()) return undefined;
    if (this.#isTaken(id)) {
      const before = this.#slaves.get(id)?.address ?? address;
      this.#refuse(newcomer, `Slave ${id} already register on ${printable(before)}`);
      return undefined;
    }
    this.#entering.add(id);
    try {
      await this.#askWhoConnectsAgain(id);
      if (isClosed()) return undefined;
      this.#newcomers.delete(connection);
      return this.#letIn(newcomer, id, address);
    } finally {
      this.#entering.delete(id);
    }
  }

  #isTaken(id: number): boolean {
    return this.#entering.has(id) || this.#slaves.get(id)?.connection !== undefined;
  }

  /** Whether a node will connect to that id when told to. */
  #connects(slave: Slave, id: number): boolean {
    return slave.connectsAgain || !slave.told.has(id);
  }

  async #askWhoConnectsAgain(id: number): Promise<void> {
    const asked = this.#live().filter((slave) => !this.#connects(slave, id));
    if (asked.length === 0) return;
    for (const { connection } of asked) connection?.write(encodeControl(['V']));
    // Most answer at once; who does not in time is of the original.
    const token = {};
    this.#asking.set(token, asked);
    await this.#skynet.sleep(ASK_TIME, token);
    this.#asking.delete(token);
  }

  readonly #asking = new Map<object, readonly Slave[]>();

  #answered(slave: Slave): void {
    slave.connectsAgain = true;
    for (const [token, asked] of this.#asking)
      if (asked.every(({ connectsAgain, connection }) => connectsAgain || connection === undefined))
        this.#skynet.wakeup(token);
  }

  #letIn({ connection, fd }: Newcomer, id: number, address: string): Slave {
    const slave: Slave = { id, address, connection, told: new Set(), connectsAgain: false };
    const connecting = this.#live().filter((other) => this.#connects(other, id));
    for (const other of connecting) {
      this.#send(other, ['C', id, address]);
      other.told.add(id);
      slave.told.add(other.id);
    }
    this.#slaves.set(id, slave);
    this.#send(slave, ['W', connecting.length]);
    this.#skynet.error(`Harbor ${id} (fd=${fd}) report ${printable(address)}`);
    return slave;
  }

  #live(): Slave[] {
    return [...this.#slaves.values()].filter(({ connection }) => connection !== undefined);
  }

  #send(slave: Slave, message: ToSlave): void {
    slave.connection?.write(encodeControl(message));
  }

  #told(slave: Slave, message: ToMaster | Unknown): void {
    switch (message[0]) {
      case 'R': {
        const [, name, handle] = message;
        // All hear of the latest who claims it, and so does who asks later: the original keeps the first for those, so that
        // its nodes do not agree.
        this.#names.set(name, handle);
        let news: Uint8Array;
        try {
          news = encodeControl(['N', name, handle]);
        } catch (error) {
          this.#skynet.error(`slave ${slave.id}: ${printable(error)}`);
          return;
        }
        for (const { connection } of this.#live()) connection?.write(news);
        break;
      }
      case 'Q': {
        const [, name] = message;
        const handle = this.#names.get(name);
        if (handle !== undefined) this.#send(slave, ['N', name, handle]);
        break;
      }
      case 'V':
        this.#answered(slave);
        break;
      default:
        this.#skynet.error(
          `Invalid slave message type ${printable(message[0] === '?' ? message[1] : message[0])}`,
        );
    }
  }

  #left(slave: Slave): void {
    slave.connection = undefined;
    // Connections end behind the service when the node stops.
    if (!kernelOf(this.#skynet).alive) return;
    this.#skynet.error(`slave ${slave.id} is down`);
    for (const other of this.#live()) this.#send(other, ['D', slave.id]);
  }
}
