import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient } from '@skynet/http';
import { Agent } from 'undici';
import type { BenchCase, Measure } from '../../../core/bench/case.ts';
import { inNode } from '../../../core/bench/node.ts';

const CONNECTIONS = 16;

/** Requests a second, 16 on their way, against a server in this process, which costs both sides the same. */
function measure(
  client: (url: string, work: (ask: () => Promise<unknown>) => Promise<number>) => Promise<number>,
): Measure {
  return async (effort) => {
    const server = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const rate = await client(url, (ask) =>
      effort.rate(async (count) => {
        let left = count;
        const lane = async (): Promise<void> => {
          while (left-- > 0) await ask();
        };
        await Promise.all(Array.from({ length: CONNECTIONS }, lane));
      }, 500),
    );
    server.close();
    server.closeAllConnections();
    return [rate];
  };
}

const httpClient: BenchCase = {
  lines: [{ name: 'http-client', unit: 'requests/s' }],
  floors: {
    undici: measure(async (url, work) => {
      const agent = new Agent({ connections: CONNECTIONS });
      const { origin } = new URL(url);
      const rate = await work(async () => {
        const { body } = await agent.request({ origin, path: '/', method: 'GET' });
        return await body.text();
      });
      await agent.destroy();
      return rate;
    }),
  },
  run: measure((url, work) =>
    inNode((skynet) => {
      const http = createHttpClient(skynet, { connections: CONNECTIONS });
      return work(async () => await (await http.request(url)).body.text());
    }),
  ),
};
export default httpClient;
