// What networks do to connections: a proxy between two nodes of a cluster that stalls them and cuts them.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../calls.ts';
import { startMember } from './nodes.ts';

/** Stands before an address, and passes on what comes until it is told otherwise. */
class TcpProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isStalled = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    server.on('connection', (near: Socket) => {
      const far = connect(target, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => {});
        from.on('data', (chunk) => void to.write(chunk));
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        if (this.#isStalled) from.pause();
      }
    });
  }

  static async before(target: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      proxy.cut();
      server.close();
    });
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Nothing comes through from now on, either way. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  goOn(): void {
    this.#isStalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Ends all connections, whatever is on its way. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

test('a connection that stalls: limited calls end in time, all others when it goes on, in order', async () => {
  const [one, two] = [await startMember(), await startMember()];
  const proxy = await TcpProxy.before(two.port);
  await one.run(async (cluster, skynet) => {
    await cluster.reload({ two: proxy.address });
    expect(await cluster.call('two', '@vec', 'echo', 1)).toBe(1);
    proxy.stall();
    const waiting = cluster.call('two', '@vec', 'echo', 2);
    for (let k = 1; k <= 500; k++) cluster.send('two', '@vec', 'note', k);
    const large = cluster.call('two', '@vec', 'len', Buffer.alloc(3_000_000));
    expect(await codeOf(cluster.call({ node: 'two', timeout: '20ms' }, '@vec', 'echo', 3))).toBe(
      'ERR_TIMEOUT',
    );
    proxy.goOn();
    expect(await waiting).toBe(2);
    expect(await large).toBe(3_000_000);
    const pushed = await cluster.call<unknown[][]>('two', '@vec', 'pushed');
    expect(pushed).toEqual(Array.from({ length: 500 }, (_, i) => [i + 1]));
    await skynet.sleep(0);
  });
});

test('a connection that is cut, again and again: calls fail at once, what came came once and in order', async () => {
  const [one, two] = [await startMember(), await startMember()];
  const proxy = await TcpProxy.before(two.port);
  await one.run(async (cluster, skynet) => {
    await cluster.reload({ two: proxy.address });
    let k = 0;
    let answers = 0;
    let losses = 0;
    for (let round = 0; round < 20; round++) {
      await cluster.call('two', '@vec', 'echo', round);
      const never = codeOf(cluster.call('two', '@vec', 'never'));
      const calls = Array.from({ length: 50 }, (_, i) => {
        cluster.send('two', '@vec', 'note', ++k);
        return codeOf(cluster.call('two', '@vec', 'echo', i));
      });
      // Some are on their way, some are answered.
      await skynet.await(calls[round] as Promise<unknown>);
      proxy.cut();
      expect(await never).toBe('ERR_NODE_LOST');
      for (const [i, call] of calls.entries()) {
        const outcome = await call;
        if (outcome === 'ERR_NODE_LOST') losses++;
        else {
          expect(outcome).toEqual({ answered: i });
          answers++;
        }
      }
    }
    expect(answers + losses).toBe(20 * 50);
    expect(answers).toBeGreaterThanOrEqual(20);
    const pushed = (await cluster.call<number[][]>('two', '@vec', 'pushed')).map(([n]) => n as number);
    expect(pushed).toEqual([...new Set(pushed)].sort((a, b) => a - b));
    expect(pushed.length).toBeLessThanOrEqual(k);
  });
});
