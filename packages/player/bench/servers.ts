import { defineService, type Skynet, startNode } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';
import { startPlayers } from '@skynet/player';
import { encodePush } from '../src/wire.ts';

const OPEN = {
  host: '127.0.0.1',
  port: 0,
  maxclient: 10_000,
  maxPerAddress: 0,
  servername: 'game',
};

/** A server that measures, with users who are logged in. */
export interface BenchServer {
  readonly port: number;
  /** Login names. */
  readonly users: readonly string[];
  stop(): Promise<void>;
}

/** The words that are asked and answered. */
export const WORDS = 'abcdefghijklmnopqrstuvwxyz'.repeat(2);
/** Pushes that one request asks for. */
export const PUSHES = 100;
/** Time of a step of the room, in milliseconds. */
export const STEP = 50;

/** What a step of a room pushes: the moment, and a hundred bytes. */
export function stepBody(): readonly [moment: number, rest: string] {
  // Never a whole number, which would be fewer bytes.
  return [performance.timeOrigin + performance.now() + 0.000_3, 'x'.repeat(100)];
}

/** Players with types. */
const players = defineService((skynet) => {
  startPlayers(skynet, {
    messages: (handlers) => startMsgServer(skynet, startGateserver, handlers),
    player: 'player',
  });
});

/** The message server alone, with an agent for each user. */
const raw = defineService((skynet) => {
  const server = startMsgServer(skynet, startGateserver, {
    async loginHandler(uid, secret) {
      const username = server.username(uid, 1, server.servername);
      const agent = await skynet.newService('agent', uid);
      server.login(username, secret);
      server.forward(username, agent);
      return 1;
    },
    logoutHandler() {},
    kickHandler() {},
    requestHandler() {},
    registerHandler: () => server.addresses,
    /** `step uid…`: pushes to all of them, twenty times a second. */
    commandHandler(_command: string, ...uids: string[]) {
      const names = uids.map((uid) => server.username(uid, 1, server.servername));
      skynet.interval(`${STEP}ms`, () => {
        const body = encodePush('step', stepBody());
        for (const name of names) server.push(name, body);
      });
    },
  });
});

/** Starts one of them. @param ready is called in the node with the server and the users' ids. */
export async function startBench(
  kind: 'players' | 'raw',
  count: number,
  ready?: (skynet: Skynet, server: number, uids: readonly string[]) => unknown,
): Promise<BenchServer> {
  const node = await startNode(
    { harbor: 1, services: ['./services/?'] },
    { base: import.meta.dirname, onLog: () => {} },
  );
  const server = await node.newService(kind === 'players' ? players : raw);
  const uids = Array.from({ length: count }, (_, number) => `u${number}`);
  const encode = (part: string): string => Buffer.from(part).toString('base64');
  const [port, users] = await node.run(async (skynet) => {
    const [address = ''] = await skynet.call<string[]>(server, 'lua', 'open', OPEN);
    const names: string[] = [];
    for (const uid of uids) {
      const subid = await skynet.call<string | number>(server, 'lua', 'login', uid, Buffer.from('12345678'));
      names.push(`${encode(uid)}@${encode(OPEN.servername)}#${encode(String(subid))}`);
    }
    await ready?.(skynet, server, uids);
    return [Number(/\d+$/.exec(address)?.[0]), names] as const;
  });
  return { port, users, stop: () => node.stop() };
}
