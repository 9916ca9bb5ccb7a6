import { Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer, type PlayerClient } from '@skynet/player/client';
import { onTestFinished } from 'vitest';
import type player from '../services/player.ts';

/** The game's server on free ports. */
export async function startGame(): Promise<{ node: TestNode; login: string; game: string }> {
  const node = await startTestNode<{ password: string }>(
    { services: ['../services/?'], password: 'password' },
    { base: import.meta.dirname, after: onTestFinished },
  );
  const [loginUrl, game] = await node.run(async (skynet) => {
    const logins = await skynet.newService('login', 'tcp://127.0.0.1:0');
    const gate = await skynet.newService('gate', logins);
    const places = { servername: 'game', listen: ['tcp://127.0.0.1:0'] };
    const [address = ''] = await skynet.call<string[]>(gate, 'lua', 'open', places);
    const [url = ''] = await skynet.call<string[]>(logins, 'debug', 'INFO');
    return [url, address] as const;
  });
  return { node, login: loginUrl, game };
}

/** What a client was told. */
export type Told = readonly [name: string, value: unknown];

/** A player of the game, and what it is told. */
export async function enter(
  places: { login: string; game: string },
  user: string,
): Promise<PlayerClient<typeof player> & { readonly told: Happenings<Told> }> {
  const told = new Happenings<Told>(`events and pushes of ${user}`);
  const client = await connectPlayer<typeof player>({
    login: () => login({ dial: dialer(places.login), server: 'game', user, password: 'password' }),
    connect: (options) => connect({ ...options, dial: dialer(places.game), backoff: { first: 5 } }),
    on: {
      said: (value) => told.add(['said', value]),
      moved: (value) => told.add(['moved', value]),
      gone: (value) => told.add(['gone', value]),
      resumed: (value) => told.add(['resumed', value]),
      kicked: (value) => told.add(['kicked', value]),
    },
  });
  onTestFinished(() => client.close());
  return Object.assign(client, { told });
}

/** Waits until a client hears somebody say a text. */
export const heard = (client: { told: Happenings<Told> }, text: string): Promise<Told> =>
  client.told.find(
    ([name, value]) => name === 'said' && (value as { text: string }).text === text,
    JSON.stringify(text),
  );

/** Port of an address, `ip:port` or a URL. */
export const portOf = (address: string): number => Number(/:(\d+)$/.exec(address)?.[1]);
