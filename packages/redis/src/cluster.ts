import type { Skynet } from '@skynet/core';
import { Cluster } from 'ioredis';
import { type RedisDb, withCommands } from './commands.ts';
import { commonOptions } from './connect.ts';
import { redisError } from './errors.ts';
import { type ClusterNode, type ClusterOptions, readClusterOptions } from './options.ts';
import { type Library, Session } from './session.ts';

/** Commands without a key, which no node would be the right one for. */
const WITHOUT_NODE = new Set(['INFO', 'MULTI', 'EXEC', 'SLAVEOF', 'REPLICAOF', 'CONFIG', 'SHUTDOWN']);
/** How often a command may be sent on from node to node. */
const REDIRECTIONS = 16;

/**
 * Connects to a cluster (`skynet.db.redis.cluster`). Commands go to the node that has their key; a node that has moved it
 * says so, and the command is sent again.
 * @param nodes - some of its nodes; the others are asked for.
 * @throws ERR_REDIS_CONNECT, ERR_ARGUMENT.
 */
export async function cluster(
  skynet: Skynet,
  nodes: readonly ClusterNode[],
  options: ClusterOptions = {},
): Promise<RedisDb> {
  const settings = readClusterOptions(options);
  mustBeNodes(nodes);
  const library = new Cluster([...nodes], {
    redisOptions: commonOptions(settings),
    scaleReads: settings.readReplicas ? 'slave' : 'master',
    maxRedirections: REDIRECTIONS,
    clusterRetryStrategy: () => null,
    lazyConnect: true,
    slotsRefreshTimeout: settings.connectTimeout,
  });
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const session = new Session(skynet, library as unknown as Library, settings, addresses);
  await session.connect();
  return withCommands(session, (name) => {
    if (WITHOUT_NODE.has(name))
      throw redisError(
        'ERR_REDIS_DISPATCH',
        `No way to dispatch this command to Redis Cluster: ${name.toLowerCase()}`,
      );
  });
}

function mustBeNodes(nodes: readonly ClusterNode[]): void {
  const isNode = (node: unknown): boolean =>
    typeof node === 'object' &&
    node !== null &&
    typeof (node as ClusterNode).host === 'string' &&
    Number.isInteger((node as ClusterNode).port);
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode))
    throw redisError('ERR_ARGUMENT', 'the nodes of a cluster must be a list of objects with host and port');
}
