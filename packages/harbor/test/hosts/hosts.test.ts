import { describe, expect, onTestFinished, test } from 'vitest';
import { type Host, Hosts, hostsMissing } from '../../../../test/hosts.ts';
import { natsMissing } from '../../../../test/nats.ts';
import { testProgram } from '../../../../test/programs.ts';
import { removeFolder, startServer, temporaryFolder } from '../../../../test/server-process.ts';
import { HostNode } from './host-node.ts';

const why = hostsMissing === undefined ? '' : ` (left out: ${hostsMissing})`;
const onHosts = test.skipIf(hostsMissing !== undefined);
// The nightly tests have the others.
const nightly = test.skipIf(hostsMissing !== undefined || process.env['SKYNET_HOSTS_ALL'] === undefined);
const onNats = natsMissing === undefined ? nightly : test.skip;
const PATIENCE = { timeout: 240_000 };
/** How long a call waits at most: much longer than it takes to find out that a node is lost. */
const LIMIT = '60s';

function makeHosts(count: number): readonly Host[] {
  const hosts = new Hosts(count);
  onTestFinished(() => hosts.stop());
  return hosts.all;
}

/** Starts a node on each host, with the ids 1, 2, … */
async function startOn(
  hosts: readonly Host[],
  network: 'harbor' | 'link' | 'nats',
  options: (id: number) => object,
): Promise<HostNode[]> {
  const nodes: HostNode[] = [];
  for (const [i, host] of hosts.entries()) {
    const node = new HostNode(host, network, { id: i + 1, ...options(i + 1) });
    onTestFinished(() => node.end());
    nodes.push(node);
    await node.ready();
  }
  return nodes;
}

/** Handles of the nodes' services, as node 1 sees them. */
async function handlesOf(nodes: readonly HostNode[]): Promise<number[]> {
  const [one] = nodes as [HostNode];
  const found: number[] = [];
  for (let id = 1; id <= nodes.length; id++) found.push((await one.does('query', `peer${id}`)) as number);
  return found;
}

/** A mesh loses node 3, and has it again. */
async function losesOne(nodes: readonly HostNode[], lost: Host): Promise<void> {
  const [one, two, three] = nodes as [HostNode, HostNode, HostNode];
  const [first, second, third] = await handlesOf(nodes);
  for (const id of [2, 3]) await one.does('connect', id);
  await two.does('connect', 3);
  const pending = [one, two].map((node) => node.does('call', third, LIMIT, 'never'));
  const theirs = three.does('call', first, LIMIT, 'never');
  expect(await three.does('call', second, LIMIT, 'echo', 'before')).toBe('before');
  lost.cut();
  expect(await Promise.all(pending)).toEqual(['ERR_NODE_LOST', 'ERR_NODE_LOST']);
  expect(await theirs).toBe('ERR_NODE_LOST');
  expect(await one.does('call', third, LIMIT, 'echo', 'now')).toBe('ERR_NODE_LOST');
  // The others go on, and give names.
  expect(await one.does('call', second, LIMIT, 'echo', 'on')).toBe('on');
  expect(await two.does('claim', 'given')).toBeUndefined();
  await three.logged(/this node is cut off from the mesh/);
  expect(await three.does('claim', 'refused')).toBe('ERR_MESH_ISOLATED');
  lost.heal();
  await three.logged(/this node is in the mesh again/);
  for (const node of [one, two]) await node.does('connect', 3);
  expect(await one.does('call', third, LIMIT, 'echo', 'back')).toBe('back');
  expect(await three.does('call', second, LIMIT, 'echo', 'back')).toBe('back');
  expect(await two.does('query', 'peer3')).toBe(third);
  expect(await three.does('claim', 'later')).toBeUndefined();
}

describe('hosts', PATIENCE, () => {
  onHosts(`a mesh of three: the cable of one is pulled, and plugged in again${why}`, async () => {
    const hosts = makeHosts(3);
    const addresses = hosts.map(({ address }) => `${address}:2600`);
    const nodes = await startOn(hosts, 'link', (id) => ({
      address: addresses[id - 1],
      seeds: addresses,
      silence: '1500ms',
    }));
    await losesOne(nodes, hosts[2] as Host);
  });

  /** A server of NATS on a host. */
  async function natsOn({ address, prefix }: Host): Promise<string> {
    const folder = temporaryFolder('nats');
    const { file = '' } = testProgram('nats-server');
    const [program = '', ...rest] = [...prefix, file, '-a', address, '-p', '4222', '-js', '-sd', folder];
    const server = startServer(program, rest);
    onTestFinished(async () => {
      await server.kill();
      removeFolder(folder);
    });
    return `nats://${address}:4222`;
  }

  onNats.each([true, false])(
    `a mesh of NATS, links directly %s: the cable of one is pulled, and plugged in again${why}`,
    async (direct) => {
      const hosts = makeHosts(4);
      const servers = await natsOn(hosts[3] as Host);
      const nodes = await startOn(hosts.slice(0, 3), 'nats', (id) => ({
        ...{ servers, direct, address: `${hosts[id - 1]?.address}:2600` },
        ...{ silence: '1500ms', lease: '3s' },
      }));
      await losesOne(nodes, hosts[2] as Host);
    },
  );

  onNats(
    `a mesh of NATS: the cable of the server is pulled, nodes go on, and are in again${why}`,
    async () => {
      const hosts = makeHosts(3);
      const servers = await natsOn(hosts[2] as Host);
      const nodes = await startOn(hosts.slice(0, 2), 'nats', (id) => ({
        ...{ servers, address: `${hosts[id - 1]?.address}:2600` },
        ...{ silence: '1500ms', lease: '3s' },
      }));
      const [one, two] = nodes as [HostNode, HostNode];
      const [, second] = await handlesOf(nodes);
      await one.does('connect', 2);
      hosts[2]?.cut();
      for (const node of nodes) await node.logged(/this node is cut off from the mesh/);
      expect(await one.does('call', second, LIMIT, 'echo', 'on')).toBe('on');
      hosts[2]?.heal();
      for (const node of nodes) await node.logged(/this node is in the mesh again/);
      expect(await two.does('claim', 'later')).toBeUndefined();
      expect(await one.does('query', 'later')).toBe(await two.does('query', 'later'));
    },
  );

  nightly(
    `the original's network: what a system notices of a host that is gone ends calls${why}`,
    async () => {
      const hosts = makeHosts(3);
      for (const host of hosts) {
        // Its own limits take minutes.
        host.set('net.ipv4.tcp_keepalive_intvl', 1);
        host.set('net.ipv4.tcp_keepalive_probes', 3);
        host.set('net.ipv4.tcp_retries2', 4);
      }
      const addresses = hosts.map(({ address }) => `${address}:2526`);
      const master = `${hosts[0]?.address}:2013`;
      const nodes = await startOn(hosts, 'harbor', (id) => ({
        ...{ address: addresses[id - 1], master },
        ...(id === 1 ? { standalone: master } : {}),
      }));
      const [one, two, three] = nodes as [HostNode, HostNode, HostNode];
      const [, second, third] = await handlesOf(nodes);
      const pending = [one, two].map((node) => node.does('call', third, LIMIT, 'never'));
      expect(await one.does('call', third, LIMIT, 'echo', 'before')).toBe('before');
      hosts[2]?.cut();
      expect(await Promise.all(pending)).toEqual(['ERR_NODE_LOST', 'ERR_NODE_LOST']);
      expect(await one.does('call', second, LIMIT, 'echo', 'on')).toBe('on');
      // Its master is gone for it, and so are the others: it joins once more when the cable is back.
      await three.logged(/Master disconnect/);
      hosts[2]?.heal();
      await expect
        .poll(() => one.does('call', third, LIMIT, 'echo', 'back'), { timeout: 60_000 })
        .toBe('back');
    },
  );
});
