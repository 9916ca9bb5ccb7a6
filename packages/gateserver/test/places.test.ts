import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type GateOptions, startGateserver } from '../src/index.ts';
import { connectClient, startTestGate, startTestNode } from './harness.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A path for a socket that is gone with the test. */
function socketPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-gate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'gate');
}

/** A port that somebody else has, and keeps while the test runs. */
async function takenPort(): Promise<number> {
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  return (other.address() as { port: number }).port;
}

const portOf = (address: string): number => Number(/:(\d+)$/.exec(address)?.[1]);

describe('a gate on several addresses', () => {
  test('is one gate: what comes anywhere comes to one handler, maxclient counts all', async () => {
    const node = await startTestNode();
    const unix = socketPath();
    const gate = await startTestGate(
      node,
      { listen: ['tcp://127.0.0.1:0', `unix://${unix}`, 'tcp://127.0.0.1:0'], maxclient: 3 },
      () => ({ open: (_source, { host, port, addresses }) => ({ host, port, addresses }) }),
    );
    const { addresses } = gate.server;
    expect(gate.port).toEqual({ host: '127.0.0.1', port: portOf(addresses[0] as string), addresses });
    expect(addresses).toHaveLength(3);
    expect(addresses[1]).toBe(unix);
    expect(gate.server.address).toBe(addresses[0]);
    const clients = [
      await connectClient(portOf(addresses[0] as string)),
      await connectClient(unix),
      await connectClient(portOf(addresses[2] as string)),
    ];
    for (const [number, client] of clients.entries()) client.send(`from ${number}`);
    for (const [number] of clients.entries())
      await gate.events.find(([name, , text]) => name === 'message' && text === `from ${number}`);
    const refused = await connectClient(unix);
    await refused.ended;
    // Closed everywhere, and free everywhere.
    await node.run((skynet) => skynet.call(gate.handle, 'lua', 'close'));
    expect(existsSync(unix)).toBe(false);
    expect(gate.server.addresses).toEqual([]);
    await node.run((skynet) =>
      skynet.call(gate.handle, 'lua', 'open', { listen: [`tcp://${addresses[0]}`, `unix://${unix}`] }),
    );
    expect(gate.server.addresses).toEqual([addresses[0], unix]);
  });

  test('listens on all of them or on none', async () => {
    const node = await startTestNode();
    const unix = socketPath();
    const listen = [`unix://${unix}`, `tcp://127.0.0.1:${await takenPort()}`];
    await expect(startTestGate(node, { listen })).rejects.toEqual(code('ERR_LISTEN'));
    expect(existsSync(unix)).toBe(false);
  });

  test.each<[GateOptions, string]>([
    [{ listen: [] }, 'listen'],
    [{ listen: [''] }, 'listen'],
    [{ listen: [7] as never }, 'listen'],
    [{ listen: 'tcp://127.0.0.1:0' as never }, 'listen'],
    [{ listen: ['tcp://127.0.0.1:0'], port: 0 }, 'listen'],
    [{ listen: ['tcp://127.0.0.1:0'], url: 'tcp://127.0.0.1:0' }, 'listen'],
    [{ listen: ['tcp://127.0.0.1:0'], address: '127.0.0.1' }, 'listen'],
    [{ port: 0, listne: ['tcp://127.0.0.1:0'] } as never, 'listne'],
  ])('what says no places, or twice, is refused: %o', async (options, key) => {
    const node = await startTestNode();
    await node.run((skynet) => {
      const gateserver = startGateserver(skynet, { connect: () => {}, message: () => {} });
      return expect(gateserver.open(options)).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        details: { key },
      });
    });
  });

  test('what open says takes the place of what the service has said', async () => {
    const node = await startTestNode();
    const unix = socketPath();
    await node.run(async (skynet) => {
      const handler = { connect: () => {}, message: () => {}, embed: true };
      const several = startGateserver(skynet, handler, {
        listen: ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
      });
      await several.open({});
      expect(several.addresses).toHaveLength(2);
      await several.close();
      await several.open({ url: `unix://${unix}` });
      expect(several.addresses).toEqual([unix]);
      await several.close();
      const one = startGateserver(skynet, handler, { address: '127.0.0.1', port: 0 });
      await one.open({ listen: [`unix://${unix}`] });
      expect(one.addresses).toEqual([unix]);
    });
  });
});
