import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SkynetError } from '@skynet/core';
import { printable } from '@skynet/core';
import { meshError } from '../mesh/errors.ts';
import { connectNats, type NatsServers, withoutSecrets } from './connection.ts';
import { Keeper } from './keeper.ts';
import { processMark } from './process-mark.ts';
import { type Lease, Store } from './store.ts';

/** How a node is part of a mesh over NATS. */
export interface NatsSettings {
  readonly id: number;
  readonly mesh: string;
  readonly servers: NatsServers;
  /** Milliseconds after which a lease runs out, unless the mesh has chosen otherwise. */
  readonly lease: number;
  readonly replicas: number;
  /** Milliseconds between two beats, and after which one who says nothing is silent. */
  readonly every: number;
  readonly silence: number;
  /** Milliseconds that a node tries to get in. */
  readonly joinTimeout: number;
}

/** What changes with the connection. */
export interface ConnectionWatcher {
  /** What was under way may be lost. */
  disconnected(): void;
  reconnected(): void;
}

/** Milliseconds between two tries at first. */
const PAUSE = 200;
/** Milliseconds for what is still to be sent when a node goes. */
const FLUSH_TIME = 500;
/** What does not become better by waiting. */
const FINAL: ReadonlySet<string> = new Set(['ERR_NATS_MISSING', 'ERR_MESH_REFUSED', 'ERR_ARGUMENT']);
/** How often the log says that NATS is looked for. */
const TELL_EVERY = 5000;

/** A node's connection with NATS, and the thread that keeps it in its mesh. */
export class NatsClient {
  readonly settings: NatsSettings;
  readonly incarnation: string;
  readonly lease: Lease;
  readonly nc: NatsConnection;
  readonly store: Store;
  readonly keeper: Keeper;
  #isConnected = true;
  #server: string;
  readonly #watchers = new Set<ConnectionWatcher>();

  private constructor(
    settings: NatsSettings,
    incarnation: string,
    nc: NatsConnection,
    store: Store,
    log: (text: string) => void,
  ) {
    this.settings = settings;
    this.incarnation = incarnation;
    this.lease = { incarnation, process: processMark() };
    this.nc = nc;
    this.store = store;
    this.#server = nc.getServer();
    const { id, mesh, servers, replicas, every, silence } = settings;
    this.keeper = new Keeper({
      servers,
      mesh,
      id,
      lease: this.lease,
      leaseTime: store.leaseTime,
      replicas,
      beatSubject: this.beatSubject(id, incarnation),
      every,
      silence,
    });
    void this.#watch(log);
  }

  /**
   * Connects as soon as a server answers.
   * @throws ERR_MESH_UNREACHABLE when none does for too long; ERR_MESH_REFUSED, ERR_ARGUMENT, ERR_NATS_MISSING.
   */
  static async connect(
    settings: NatsSettings,
    incarnation: string,
    log: (text: string) => void,
  ): Promise<NatsClient> {
    const { servers, joinTimeout } = settings;
    let isOver = false;
    let why = meshError(
      'ERR_MESH_UNREACHABLE',
      `NATS at ${servers.servers.map(withoutSecrets).join(', ')} does not answer`,
    );
    let told = performance.now();
    const failed = (reason: SkynetError): void => {
      why = reason;
      if (isOver || performance.now() - told < TELL_EVERY) return;
      told = performance.now();
      log(`looks for the mesh: ${printable(why.message)}`);
    };
    const trying = NatsClient.#tryOften(settings, incarnation, log, failed, () => isOver);
    let timer: NodeJS.Timeout | undefined;
    // Whatever a try waits for.
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isOver = true;
        // It comes too late.
        trying.then((client) => client?.close()).catch(() => {});
        reject(why);
      }, joinTimeout);
    });
    try {
      return (await Promise.race([trying, limit])) as NatsClient;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tries until it is over, and gives undefined then. */
  static async #tryOften(
    settings: NatsSettings,
    incarnation: string,
    log: (text: string) => void,
    failed: (reason: SkynetError) => void,
    isOver: () => boolean,
  ): Promise<NatsClient | undefined> {
    const { id, mesh, servers } = settings;
    while (!isOver()) {
      let nc: NatsConnection | undefined;
      try {
        nc = await connectNats(servers, `skynet ${mesh} ${id}`);
        const store = await Store.open(nc, mesh, settings);
        const client = new NatsClient(settings, incarnation, nc, store, log);
        try {
          await client.keeper.ready;
          return client;
        } catch (error) {
          client.keeper.stop();
          throw error;
        }
      } catch (error) {
        await nc?.close();
        if (FINAL.has((error as SkynetError).code)) throw error;
        failed(nc === undefined ? (error as SkynetError) : unusable(settings, error));
        await pause(PAUSE);
      }
    }
    return undefined;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The server it is connected to, or was last. */
  get server(): string {
    return this.#server;
  }

  watch(watcher: ConnectionWatcher): void {
    this.#watchers.add(watcher);
  }

  async #watch(log: (text: string) => void): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect' && this.#isConnected) {
        this.#isConnected = false;
        log(`NATS at ${withoutSecrets(this.#server)} is lost`);
        for (const watcher of this.#watchers) watcher.disconnected();
      } else if (type === 'reconnect' && !this.#isConnected) {
        this.#isConnected = true;
        this.#server = this.nc.getServer();
        log(`NATS at ${withoutSecrets(this.#server)} is connected again`);
        for (const watcher of this.#watchers) watcher.reconnected();
      }
    }
  }

  // --- subjects

  /** In front of all subjects of a node: what is below it comes to that node alone. */
  subject(id: number, incarnation: string): string {
    return `skynet.${this.settings.mesh}.node.${id}.${incarnation}`;
  }

  beatSubject(id: number, incarnation: string): string {
    return `skynet.${this.settings.mesh}.beat.${id}.${incarnation}`;
  }

  /**
   * Whether some node takes what is sent to a subject of that life of a node. It need not have the time to answer.
   * @throws when NATS does not say.
   */
  async isHeard(id: number, incarnation: string): Promise<boolean> {
    try {
      await this.nc.request(`${this.subject(id, incarnation)}.there`, undefined, { timeout: 1000 });
      return true;
    } catch (error) {
      const { isNoResponders, name } = error as { isNoResponders?(): boolean; name: string };
      if (name === 'RequestError' && isNoResponders?.call(error) === true) return false;
      if (name === 'TimeoutError' && this.#isConnected) return true;
      throw error;
    }
  }

  /** What was sent goes out first, if there is a server. */
  async close(): Promise<void> {
    this.keeper.stop();
    if (this.#isConnected) {
      const limit = new Promise((resolve) => setTimeout(resolve, FLUSH_TIME).unref());
      await Promise.race([this.nc.flush().catch(() => {}), limit]);
    }
    await this.nc.close();
  }
}

function unusable({ mesh }: NatsSettings, error: unknown): SkynetError {
  return meshError(
    'ERR_MESH_UNREACHABLE',
    `NATS does not keep the mesh ${mesh}, its servers need JetStream: ${printable((error as Error).message)}`,
    { cause: error },
  );
}
