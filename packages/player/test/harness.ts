import type { Handle, SkynetConfig } from '@skynet/core';
import { Happenings, startTestNode, type TestNode } from '@skynet/core/testing';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { type ConnectPlayerOptions, connectPlayer, type PlayerClient } from '@skynet/player/client';
import { onTestFinished } from 'vitest';
import type player from './fixtures/services/player.ts';

export type TestPlayer = PlayerClient<typeof player>;

/** A server of players, and where it listens. */
export interface TestServer {
  readonly node: TestNode;
  readonly gate: Handle;
  readonly loginPort: number;
  readonly gamePort: number;
  call<Result>(...message: unknown[]): Promise<Result>;
}

const portOf = (place: string): number => Number(/:(\d+)$/.exec(place)?.[1]);

/** Starts login and gate of `fixtures/services` on free ports, or on those of a server that was there before. */
export async function startServer(
  config: SkynetConfig = {},
  { linger = '60s', gate = 'gate', ports = [0, 0] as readonly [login: number, game: number] } = {},
): Promise<TestServer> {
  const node = await startTestNode(
    { services: ['./fixtures/services/?'], ...config },
    { base: import.meta.dirname, after: onTestFinished },
  );
  const [loginPort, gamePort, service] = await node.run(async (skynet) => {
    const logins = await skynet.newService('login', `tcp://127.0.0.1:${ports[0]}`);
    const urls = await skynet.call<string[]>(logins, 'debug', 'INFO');
    const handle = await skynet.newService(gate, linger, logins);
    const [address = ''] = await skynet.call<string[]>(handle, 'lua', 'open', {
      servername: 'game',
      listen: [`tcp://127.0.0.1:${ports[1]}`],
    });
    return [portOf(String(urls)), portOf(address), handle] as const;
  });
  return {
    node,
    gate: service,
    loginPort,
    gamePort,
    call: (...message) => node.run((skynet) => skynet.call(service, 'lua', ...message)),
  };
}

/** What a client was told: events and pushes, by name. */
export type Told = readonly [name: string, value: unknown];

/** A client of the tests' player, and all it is told. */
export async function enter(
  server: Pick<TestServer, 'loginPort' | 'gamePort'>,
  user: string,
  options: Partial<ConnectPlayerOptions<Record<never, never>>> & { silence?: number } = {},
): Promise<TestPlayer & { readonly told: Happenings<Told> }> {
  const told = new Happenings<Told>(`events and pushes of ${user}`);
  const names = [
    'connected',
    'lost',
    'resumed',
    'kicked',
    'missed',
    'failed',
    'said',
    'tick',
    'stats',
    'nothing',
  ];
  const client = await connectPlayer<typeof player>({
    login: (signal) =>
      login({
        dial: dialer(`127.0.0.1:${server.loginPort}`),
        server: 'game',
        user,
        password: 'password',
        signal,
      }),
    connect: (given) =>
      connect({ ...given, dial: dialer(`127.0.0.1:${server.gamePort}`), backoff: { first: 5, max: 50 } }),
    on: Object.fromEntries(names.map((name) => [name, (value: unknown) => told.add([name, value])])),
    backoff: { first: 5, max: 50 },
    ...options,
  });
  onTestFinished(() => client.close());
  return Object.assign(client, { told });
}

/** Waits until a client was told something. */
export function heard(
  client: { readonly told: Happenings<Told> },
  name: string,
  fits: (value: never) => boolean = () => true,
  from = 0,
): Promise<Told> {
  return client.told.find(
    ([said, value]) => said === name && fits(value as never),
    `${name} to be told`,
    from,
  );
}
