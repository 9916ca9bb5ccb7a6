// The page of the demo's cluster: who is up, who is lost since when, and a player of each of two nodes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineService, isSkynetError, type ServiceDefinition, type Skynet } from '@skynet/core';
import { createCluster } from '@skynet/harbor/cluster';
import { type HttpRequest, json, serve } from '@skynet/http';
import { createSocket, type SocketApi } from '@skynet/socket';
import { buildSync } from 'esbuild';
import type { ClusterPage, NodeState, PageNode } from '../web/cluster-state.ts';

/** What the page is told of the nodes. */
export interface PageOptions {
  readonly port: number;
  /** Where each node listens for the others. */
  readonly table: Readonly<Record<string, string>>;
  /** Nodes with players, their ports, and the player that the page has there. */
  readonly players: Readonly<Record<string, { readonly port: string; readonly name: string }>>;
  /** Ends the process of a node; false if none of that name runs. */
  kill(node: string): boolean;
}

const WEB = path.resolve(import.meta.dirname, '../web');
/** Hundredths of a second between two looks at a node, and until one that says nothing counts as lost. */
const LOOK = 25;
const PATIENCE = '1s';
/** Lines of talk that a player remembers. */
const LINES = 100;
const MAX_TEXT = 200;
const MAX_BODY = 4096;

/** Serves the page; `port` answers with where. */
export function createPage({ port, table, players, kill }: PageOptions): ServiceDefinition {
  return defineService(async (skynet) => {
    const cluster = createCluster(skynet);
    await cluster.reload({ ...table, __nowaiting: true });
    const socket = createSocket(skynet);
    const nodes = new Map<string, PageNode>();
    const talkers = new Map<string, Talker>();
    for (const name of Object.keys(table)) {
      nodes.set(name, { name, state: 'starting', since: Date.now(), losses: 0 });
      skynet.fork(() => watch(name));
    }
    for (const [node, player] of Object.entries(players))
      talkers.set(node, new Talker(skynet, socket, player.name, Number(player.port)));

    /** Looks whether a node answers, again and again. */
    async function watch(name: string): Promise<void> {
      const service = name in players ? '@players' : '@room';
      for (;;) {
        let isUp = true;
        try {
          await cluster.call({ node: name, timeout: PATIENCE }, service, 'ping');
        } catch (error) {
          if (!isSkynetError(error)) throw error;
          isUp = false;
        }
        see(name, isUp);
        await skynet.sleep(LOOK);
      }
    }

    function see(name: string, isUp: boolean): void {
      const before = nodes.get(name) as PageNode;
      let state: NodeState = before.state;
      if (isUp) state = before.losses > 0 ? 'back' : 'up';
      else if (before.state !== 'starting') state = 'lost';
      if (state === before.state) return;
      nodes.set(name, {
        name,
        state,
        since: Date.now(),
        losses: before.losses + (state === 'lost' ? 1 : 0),
      });
    }

    const page = (): ClusterPage => ({
      nodes: [...nodes.values()],
      talk: Object.fromEntries(
        [...talkers].map(([node, { name, lines, isThere }]) => [node, { name, isThere, lines }]),
      ),
    });

    const headers = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'self'; img-src data:",
    };
    const file = (type: string, body: Uint8Array | string) => () => ({
      headers: { ...headers, 'content-type': type },
      body,
    });
    const read = (name: string): Buffer => readFileSync(path.join(WEB, name));
    const server = await serve(skynet, {
      port,
      bodyLimit: MAX_BODY,
      routes: {
        'GET /': file('text/html; charset=utf-8', read('cluster.html')),
        'GET /style.css': file('text/css; charset=utf-8', read('style.css')),
        'GET /cluster.js': file('text/javascript; charset=utf-8', script()),
        'GET /state': () => ({
          ...json(page()),
          headers: { ...headers, 'content-type': 'application/json' },
        }),
        'POST /say': async (request) => {
          const { node = '', text = '' } = await orderOf(request, server.port);
          const said = talkers.get(node)?.say(text.slice(0, MAX_TEXT).replace(/[^\P{C}]/gu, ' ')) ?? false;
          return json({ said });
        },
        'POST /kill': async (request) =>
          json({ killed: kill((await orderOf(request, server.port)).node ?? '') }),
      },
    });
    return { port: (): number => server.port };
  });
}

/**
 * What the page orders. Other pages of the same browser cannot: they may not send this type of content here, nor under
 * this name.
 */
async function orderOf(request: HttpRequest, port: number): Promise<Record<string, string>> {
  const isOwn =
    request.headers.get('content-type') === 'application/json' &&
    [`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.get('host') ?? '');
  const order: unknown = isOwn ? await request.body.json() : undefined;
  const words = typeof order === 'object' && order !== null ? Object.entries(order) : [];
  return Object.fromEntries(words.filter((word): word is [string, string] => typeof word[1] === 'string'));
}

/** The page's script, made from the sources. */
function script(): Uint8Array {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(WEB, 'cluster.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  return outputFiles[0]?.contents ?? new Uint8Array(0);
}

/** A player of one node, over its players' port as any other; connects again when the node comes back. */
class Talker {
  readonly name: string;
  /** What was heard, oldest first. */
  readonly lines: string[] = [];
  readonly #skynet: Skynet;
  readonly #socket: SocketApi;
  readonly #port: number;
  #id: number | undefined;

  constructor(skynet: Skynet, socket: SocketApi, name: string, port: number) {
    this.#skynet = skynet;
    this.#socket = socket;
    this.name = name;
    this.#port = port;
    skynet.fork(() => this.#run());
  }

  get isThere(): boolean {
    return this.#id !== undefined;
  }

  say(text: string): boolean {
    if (this.#id === undefined || text.trim() === '') return false;
    this.#socket.write(this.#id, `${text}\n`);
    return true;
  }

  async #run(): Promise<void> {
    for (;;) {
      try {
        const id = await this.#socket.open(`127.0.0.1:${this.#port}`);
        this.#socket.write(id, `${this.name}\n`);
        try {
          await this.#listen(id);
        } finally {
          this.#id = undefined;
          await this.#socket.close(id);
        }
      } catch (error) {
        // It is not there yet, or any more.
        if (!isSkynetError(error)) throw error;
      }
      await this.#skynet.sleep(LOOK);
    }
  }

  async #listen(id: number): Promise<void> {
    for (;;) {
      const [line] = await this.#socket.readLine(id);
      if (line === undefined) return;
      if (line === `* welcome, ${this.name}`) this.#id = id;
      this.lines.push(line);
      if (this.lines.length > LINES) this.lines.shift();
    }
  }
}
