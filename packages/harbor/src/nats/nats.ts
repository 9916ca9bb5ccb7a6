import type { Duration } from '@skynet/core';
import type { Network } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import type { OnIsolated } from '../mesh/mesh-service.ts';
import { meshNetwork } from '../mesh/network.ts';
import { tcpLinks } from '../mesh/tcp-link.ts';
import { NatsDirectory } from './directory.ts';
import { NatsLinks } from './links.ts';

/** Milliseconds for a direct link, before the way over NATS is taken. */
const DIRECT_TIME = 1000;
/** Milliseconds that a lease lasts at least. */
const MIN_LEASE = 1000;

/** A node's part in a mesh that NATS keeps. */
export interface NatsOptions {
  /** Id of the node, 1 to 255: no two have the same. */
  id: number;
  /** Servers of NATS, with JetStream; one that answers is enough to begin with. Default `"nats://127.0.0.1:4222"`. */
  servers?: string | readonly string[];
  /** Name and password for them. */
  user?: string;
  password?: string;
  /** Or a token. */
  token?: string;
  /** Or a file of credentials: its path. */
  credentials?: string;
  /** Paths of files, where the servers ask for TLS. */
  tls?: { ca?: string; cert?: string; key?: string };
  /** Name of the mesh: letters, digits, `-`, `_`. Several may use the same servers. Default `"skynet"`. */
  mesh?: string;
  /** Whether nodes that reach each other talk directly; otherwise everything goes over NATS. Default true. */
  direct?: boolean;
  /** Where it listens for other nodes, `"ip:port"` or with a scheme, `"tls://ip:port"`. Default `"127.0.0.1:0"`: this machine, a free port. */
  address?: string;
  /** Where others reach it, if not at `address`. Default: where it listens. */
  advertise?: string;
  /** What all nodes of the mesh know and nobody else. Default: whoever reaches a node, or NATS, may come in. */
  key?: string;
  /** What becomes of a node whose lease has run out. Default `"keep"`. */
  onIsolated?: OnIsolated;
  /** How long a node tries to get in when it starts. Default 30 s. */
  joinTimeout?: Duration;
  /** After how long a node that is not heard of is not called any more. Default 3.5 s. */
  silence?: Duration;
  /** After how long its id, names and unique services may be somebody else's. Whoever makes the mesh chooses. Default 15 s. */
  lease?: Duration;
  /** On how many servers of a cluster the mesh is kept. Whoever makes the mesh chooses. Default 1. */
  replicas?: 1 | 3 | 5;
  /** Bytes that may be under way to this node from each other one. Default 4 MiB; over NATS 1 MiB at most. */
  credit?: number;
  /** Bytes that may wait in this node for each other one; calls beyond fail with ERR_OVERLOADED. Default 512 MiB. */
  maxWaiting?: number;
}

/**
 * A network of our own nodes that NATS keeps: `network: nats({ id: 2, servers })` in the configuration. Who is there, names and
 * unique services stand in NATS; messages go from node to node where they reach each other, over NATS where not.
 * @throws ERR_ARGUMENT for options that cannot be used.
 */
export function nats(options: NatsOptions): Network {
  const { id, mesh, direct, address, advertise, key, onIsolated, credit, maxWaiting, ...rest } = readOptions(
    'nats option',
    options,
    (read) => {
      const tls = read.group('tls');
      return {
        id: read.whole('id', 1, 255, undefined) ?? read.wrong('id', 'a whole number from 1 to 255'),
        servers: {
          servers: serversOf(read.value('servers'), (value) =>
            read.wrong('servers', 'an address such as "nats://127.0.0.1:4222", or a list of them', value),
          ),
          ...present('user', read.text('user', undefined)),
          ...present('password', read.secret('password')),
          ...present('token', read.secret('token')),
          ...present('credentials', read.text('credentials', undefined)),
          ...present(
            'tls',
            options.tls === undefined
              ? undefined
              : {
                  ...present('ca', tls.text('ca', undefined)),
                  ...present('cert', tls.text('cert', undefined)),
                  ...present('key', tls.text('key', undefined)),
                },
          ),
        },
        mesh: meshName(read.text('mesh', 'skynet'), () =>
          read.wrong('mesh', 'a name of at most 32 letters, digits, - and _'),
        ),
        direct: read.flag('direct', true),
        address: read.text('address', '127.0.0.1:0'),
        advertise: read.text('advertise', undefined),
        key: read.text('key', undefined),
        onIsolated: read.oneOf('onIsolated', ['keep', 'stop'], 'keep'),
        joinTimeout: read.duration('joinTimeout', 30_000),
        silence: read.duration('silence', 3500),
        lease: atLeast(read.duration('lease', 15_000), MIN_LEASE, () =>
          read.wrong('lease', 'a duration of 1 s at least'),
        ),
        replicas: read.oneOf('replicas', [1, 3, 5], 1),
        credit: read.whole('credit', 1 << 16, 1 << 30, 4 << 20),
        maxWaiting: read.whole('maxWaiting', 1 << 20, 0x7fff_ffff, 512 << 20),
      };
    },
  );
  const every = Math.max(50, Math.min(500, Math.floor(rest.silence / 5)));
  const { silence } = rest;
  const proof = present('key', key);
  const tcp = direct
    ? tcpLinks({
        address,
        ...present('advertise', advertise),
        ...proof,
        heartbeat: { every, silence },
        handshakeTime: DIRECT_TIME,
      })
    : undefined;
  const transport = new NatsLinks({ id, mesh, every, ...rest }, tcp, key);
  return meshNetwork({
    id,
    mesh,
    onIsolated,
    limits: { credit, maxWaiting },
    transport,
    directory: new NatsDirectory(transport),
  });
}

function present<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function atLeast(value: number, least: number, wrong: () => never): number {
  return value >= least ? value : wrong();
}

function serversOf(value: unknown, wrong: (value: unknown) => never): readonly string[] {
  const list: readonly unknown[] =
    value === undefined ? ['nats://127.0.0.1:4222'] : Array.isArray(value) ? value : [value];
  const isList = list.length > 0 && list.every((server) => typeof server === 'string' && server !== '');
  return isList ? (list as readonly string[]) : wrong(value);
}

function meshName(name: string, wrong: () => never): string {
  return /^[\w-]{1,32}$/.test(name) ? name : wrong();
}
