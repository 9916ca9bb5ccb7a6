import path from 'node:path';
import { defineService, type ServiceDefinition, startNode } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import type { BenchCase, Measure } from '../../core/bench/case.ts';
import { echo } from '../../core/bench/echo.ts';
import type { Effort } from '../../core/bench/effort.ts';
import { bytesOfEach } from '../../core/bench/memory.ts';
import { originalServer } from '../../core/bench/original.ts';
import { runLoadProgram } from '../../core/bench/spawn-load.ts';
import { gateAsk, gateEcho } from '../../gateserver/bench/gate-servers.ts';
import { startMsgServer } from '../src/index.ts';

const LOAD = path.join(import.meta.dirname, 'msg-load.ts');

/** A message server with an agent for each user, as in book §15.5, or without. `keeps` is the option `expiredNumber`. */
const msgServer = (keeps: number, hasAgents: boolean): ServiceDefinition =>
  defineService((skynet) => {
    const server = startMsgServer(
      skynet,
      startGateserver,
      {
        async loginHandler(uid, secret) {
          const username = server.username(uid, 1, 'sample');
          server.login(username, secret);
          if (hasAgents) server.forward(username, await skynet.newService('agent'));
          return 1;
        },
        logoutHandler() {},
        kickHandler() {},
        requestHandler() {},
        registerHandler: () => Number(/\d+$/.exec(server.address ?? '')?.[0]),
      },
      { expiredNumber: keeps },
    );
  });

interface MsgResult {
  readonly answers: number;
  readonly rate: number;
}

/** Answers a second, and what each costs the server in microseconds. */
async function load(
  port: number,
  users: number,
  inflight: number,
  { tiny }: Effort,
  usage?: () => number,
): Promise<readonly number[]> {
  const options = { port, users, inflight, seconds: tiny ? 0.1 : 2 };
  const { rate, serverEffort } = await runLoadProgram<MsgResult>(LOAD, options, usage);
  return [rate, serverEffort];
}

/** Requests of so many users, so many on their way of each, through gate, message server and agent. */
export function requests(users: number, inflight: number, keeps = 128): Measure {
  return async (effort) => {
    const count = effort.count(users);
    const node = await startNode(
      { harbor: 1, services: ['./services/?'] },
      { base: import.meta.dirname, onLog: () => {} },
    );
    const handle = await node.newService(msgServer(keeps, true));
    const port = await node.run(async (skynet) => {
      for (let i = 0; i < count; i++) await skynet.call(handle, 'lua', 'login', `u${i}`, '12345678');
      return await skynet.call<number>(handle, 'lua', 'open', {
        host: '127.0.0.1',
        port: 0,
        maxclient: 100_000,
        maxPerAddress: 0,
        servername: 'sample',
      });
    });
    const figures = await load(port, count, inflight, effort);
    await node.stop();
    return figures;
  };
}

/** Resident bytes of a user who is logged in and silent. */
export function userBytes(hasAgents: boolean): (users: number, effort: Effort) => Promise<number> {
  return async (users, effort) => {
    const node = await startNode(
      { harbor: 1, services: ['./services/?'] },
      { base: import.meta.dirname, onLog: () => {} },
    );
    const handle = await node.newService(msgServer(128, hasAgents));
    const count = effort.count(users);
    const bytes = await node.run(async (skynet) => {
      const logIn = async (name: string, many: number): Promise<void> => {
        for (let i = 0; i < many; i++) await skynet.call(handle, 'lua', 'login', `${name}${i}`, '12345678');
      };
      // The first ones pay for what all share.
      await logIn('first', effort.count(1000));
      const { rss } = await bytesOfEach(count, async () => {
        await logIn('u', count);
        return count;
      });
      return rss;
    });
    await node.stop();
    return bytes;
  };
}

function originalRequests(users: number, inflight: number): Measure {
  return async (effort) => {
    const { port, stop, usage } = await originalServer('benchmsgmain', { BENCH_USERS: String(users) });
    const figures = await load(port, users, inflight, effort, usage);
    stop();
    return figures;
  };
}

/** A case beside the gate's echo of the same connections. */
export function msgCase(name: string, users: number, inflight: number): BenchCase {
  return {
    lines: [
      { name, unit: 'requests/s' },
      { name: `${name}-cpu`, unit: 'us/request' },
    ],
    floors: { 'gate echo': echo(users, inflight, gateEcho), asked: echo(users, inflight, gateAsk) },
    run: requests(users, inflight),
    original: originalRequests(users, inflight),
  };
}
