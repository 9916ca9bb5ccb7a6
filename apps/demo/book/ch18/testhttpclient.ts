// Book 18.2: asks a server, and prints what it answers. `testhttpclient baidu.com /` asks another one.
import { defineService } from '@skynet/core';
import { createHttpc, type HeaderTable } from '@skynet/http';
import { portOf } from '../address.ts';

export default defineService(async (skynet, host = '', uri = '/?color=blue&text=abc') => {
  const httpc = createHttpc(skynet);
  const server = host === '' ? `127.0.0.1:${portOf(skynet, 8001)}` : host;

  async function main(): Promise<void> {
    httpc.dns(); // Asks the system's DNS servers; names are looked up without holding anybody up in any case.
    httpc.timeout = 100; // One second for connecting and the whole exchange.
    console.log(`GET ${server}`);
    const respheader: HeaderTable = {};
    const [status, body] = await httpc.request('GET', server, uri, respheader);
    console.log('[header] =====>');
    for (const [k, v] of Object.entries(respheader)) console.log(`${k} ${v}`);
    console.log('[body] =====>', status);
    process.stdout.write(body);
  }

  try {
    await main();
    console.log(true);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.log(false, error.message);
  }
  skynet.exit();
});
